//
// detail/wait_handle.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_WAIT_HANDLE_HPP
#define SIGFD_DETAIL_WAIT_HANDLE_HPP

#include <sigfd/detail/config.hpp>

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace sigfd::detail {

class wait_op;

// What an open object knows of an operation that was started in it, and the
// memory that the operation lends to Asio.
struct started_wait
{
  // The number of cancel() and close() calls before it was started. It is
  // cancelled when the count has gone on.
  std::uint64_t generation = 0;

  // By which a cancellation slot knows it, never used again; 0 without a slot.
  std::uint64_t id = 0;
  bool cancelled = false;

  // Whether it waits for the descriptor, or has not looked again since.
  bool waits = false;

  // An operation is in one place at a time, so Asio needs one piece of memory
  // for it at a time. What does not fit in here is allocated.
  bool memory_used = false;
  alignas(std::max_align_t) std::byte memory[160];
};

// Hands out the memory of an operation. One of a handle that was moved from has
// no operation any more, and its memory went with that.
template <typename T>
class wait_allocator
{
public:
  using value_type = T;

  explicit wait_allocator(started_wait* op) noexcept
    : op_(op)
  {
  }

  template <typename U>
  wait_allocator(const wait_allocator<U>& other) noexcept
    : op_(other.op_)
  {
  }

  T* allocate(std::size_t n)
  {
    const std::size_t size = n * sizeof(T);
    if (size > sizeof op_->memory || op_->memory_used
        || alignof(T) > alignof(std::max_align_t))
      return static_cast<T*>(::operator new(size));
    op_->memory_used = true;
    return reinterpret_cast<T*>(op_->memory);
  }

  void deallocate(T* p, std::size_t n) noexcept
  {
    if (op_ != nullptr && static_cast<void*>(p) == op_->memory)
      op_->memory_used = false;
    else if (op_ != nullptr || n * sizeof(T) > sizeof op_->memory)
      ::operator delete(p);
  }

  template <typename U>
  bool operator==(const wait_allocator<U>& other) const noexcept
  {
    return op_ == other.op_;
  }

private:
  template <typename U>
  friend class wait_allocator;

  started_wait* op_;
};

// What Asio has of an operation: one pointer, that owns it. It may be moved and
// allocated for while the object's mutex is held: no code of the user's. Its
// type is always the same, so Asio's code for it exists once in a program.
class wait_handle
{
public:
  using allocator_type = wait_allocator<void>;

  explicit wait_handle(wait_op* op) noexcept
    : op_(op)
  {
  }

  wait_handle(wait_handle&& other) noexcept
    : op_(other.release())
  {
  }

  ~wait_handle()
  {
    if (op_ != nullptr)
      destroy(release());
  }

  wait_op* release() noexcept
  {
    return std::exchange(op_, nullptr);
  }

  allocator_type get_allocator() const noexcept;

  // Goes on with the operation.
  void operator()(const boost::system::error_code& ec = {});

private:
  // Only where the operation's context ends before it.
  [[gnu::cold]] static void destroy(wait_op* op) noexcept;

  wait_op* op_;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_WAIT_HANDLE_HPP
