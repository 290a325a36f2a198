// A context of which one sees when it is used after its end.

#ifndef SIGFD_TEST_SUPPORT_MORTAL_CONTEXT_HPP
#define SIGFD_TEST_SUPPORT_MORTAL_CONTEXT_HPP

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <utility>

namespace support {

// A context in memory of its own, which nobody can touch any more when it is
// destroyed: a use after that is seen without a sanitizer, too.
class mortal_context
{
public:
  mortal_context()
    : memory_(::mmap(nullptr, size, PROT_READ | PROT_WRITE,
          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
  {
    BOOST_REQUIRE(memory_ != MAP_FAILED);
    context_ = ::new (memory_) boost::asio::io_context;
  }

  mortal_context(const mortal_context&) = delete;
  mortal_context& operator=(const mortal_context&) = delete;

  ~mortal_context()
  {
    end();
    ::munmap(memory_, size);
  }

  boost::asio::io_context& operator*() noexcept
  {
    return *context_;
  }

  boost::asio::io_context* operator->() noexcept
  {
    return context_;
  }

  void end() noexcept
  {
    if (auto* const context = std::exchange(context_, nullptr))
    {
      context->~io_context();
      ::mprotect(memory_, size, PROT_NONE);
    }
  }

private:
  static constexpr std::size_t size = 65'536;
  static_assert(sizeof(boost::asio::io_context) <= size);

  void* memory_;
  boost::asio::io_context* context_ = nullptr;
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_MORTAL_CONTEXT_HPP
