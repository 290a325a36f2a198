// What libFuzzer calls, and replay.cpp where there is no libFuzzer; and how a
// fuzz target says that something is wrong.

#ifndef SIGFD_TEST_FUZZ_TARGET_HPP
#define SIGFD_TEST_FUZZ_TARGET_HPP

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>

// Tries one input; does not return if something is wrong.
extern "C" int LLVMFuzzerTestOneInput(
    const std::uint8_t* data, std::size_t size);

// Called once, before any thread is started.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);

namespace fuzz {

// Ends the process with a message, unless condition holds. libFuzzer then keeps
// the input.
template <typename... Parts>
void check(bool condition, const Parts&... message)
{
  if (condition)
    return;
  ((std::cerr << "wrong: ") << ... << message) << std::endl;
  std::abort();
}

// The bytes of an input, one after the other; then zeros.
class bytes
{
public:
  bytes(const std::uint8_t* data, std::size_t size)
    : next_(data),
      end_(data + size)
  {
  }

  bool empty() const
  {
    return next_ == end_;
  }

  unsigned next()
  {
    return empty() ? 0u : *next_++;
  }

  // The last byte, which is also one of the others.
  unsigned last() const
  {
    return empty() ? 0u : end_[-1];
  }

  // A number below a limit.
  std::size_t below(std::size_t limit)
  {
    return next() % limit;
  }

private:
  const std::uint8_t* next_;
  const std::uint8_t* end_;
};

} // namespace fuzz

#endif // SIGFD_TEST_FUZZ_TARGET_HPP
