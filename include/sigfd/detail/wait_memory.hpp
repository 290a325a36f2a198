//
// detail/wait_memory.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_WAIT_MEMORY_HPP
#define SIGFD_DETAIL_WAIT_MEMORY_HPP

#include <sigfd/detail/config.hpp>

#include <cstddef>
#include <new>

namespace sigfd::detail {

// The memory that an operation lends to Asio. It is in one place at a time, so
// Asio needs one piece for it at a time; what does not fit in here is
// allocated.
struct wait_memory
{
  bool used = false;
  alignas(std::max_align_t) std::byte bytes[160];
};

// Hands it out. An operation that a handle has passed on has no memory for it
// any more, and took it along when it ended.
template <typename T>
class wait_allocator
{
public:
  using value_type = T;

  explicit wait_allocator(wait_memory* memory) noexcept
    : memory_(memory)
  {
  }

  template <typename U>
  wait_allocator(const wait_allocator<U>& other) noexcept
    : memory_(other.memory_)
  {
  }

  T* allocate(std::size_t n)
  {
    const std::size_t size = n * sizeof(T);
    if (size > sizeof memory_->bytes || memory_->used
        || alignof(T) > alignof(std::max_align_t))
      return static_cast<T*>(::operator new(size));
    memory_->used = true;
    return reinterpret_cast<T*>(memory_->bytes);
  }

  void deallocate(T* p, std::size_t n) noexcept
  {
    if (memory_ != nullptr && static_cast<void*>(p) == memory_->bytes)
      memory_->used = false;
    else if (memory_ != nullptr || n * sizeof(T) > sizeof memory_->bytes)
      ::operator delete(p);
  }

  template <typename U>
  bool operator==(const wait_allocator<U>& other) const noexcept
  {
    return memory_ == other.memory_;
  }

private:
  template <typename U>
  friend class wait_allocator;

  wait_memory* memory_; // null of a handle that was moved from
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_WAIT_MEMORY_HPP
