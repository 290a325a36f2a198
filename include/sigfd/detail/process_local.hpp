//
// detail/process_local.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_PROCESS_LOCAL_HPP
#define SIGFD_DETAIL_PROCESS_LOCAL_HPP

#include <sched.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace sigfd::detail {

// What is static is copied by fork(2) as it is at that moment: locks held and
// counts raised by threads that the child does not have. The classes here tell
// by the process ID that a state is the parent's, and start anew.

// A small value that is 0 again in a child process. Async-signal-safe. The ID of
// the process can be given, to save the system call.
class process_value
{
public:
  // The value; of the parent's, nothing.
  std::uint32_t load(::pid_t self = ::getpid()) const noexcept
  {
    return value_in(word_.load(), self);
  }

  // Whether it may be something else than 0, without a system call: also for
  // what the parent stored.
  bool may_be_set() const noexcept
  {
    return static_cast<std::uint32_t>(word_.load()) != 0;
  }

  void store(std::uint32_t value, ::pid_t self = ::getpid()) noexcept
  {
    word_.store(word_of(self, value));
  }

  // Changes a value into another; false if it is not that any more.
  bool exchange(std::uint32_t from, std::uint32_t to,
      ::pid_t self = ::getpid()) noexcept
  {
    std::uint64_t old = word_.load();
    return value_in(old, self) == from
        && word_.compare_exchange_strong(old, word_of(self, to));
  }

  // Adds to the value, as to an unsigned number.
  void add(std::uint32_t amount, ::pid_t self = ::getpid()) noexcept
  {
    std::uint64_t old = word_.load();
    while (!word_.compare_exchange_weak(
        old, word_of(self, value_in(old, self) + amount)))
      continue;
  }

private:
  static std::uint64_t word_of(::pid_t self, std::uint32_t value) noexcept
  {
    return static_cast<std::uint64_t>(self) << 32 | value;
  }

  static std::uint32_t value_in(std::uint64_t word, ::pid_t self) noexcept
  {
    return word >> 32 == static_cast<std::uint64_t>(self)
        ? static_cast<std::uint32_t>(word)
        : 0;
  }

  std::atomic<std::uint64_t> word_{0}; // the process's ID, and the value

  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
};

// A lock that a child process finds open; for what is whole at every moment.
class process_mutex
{
public:
  void lock() noexcept
  {
    const ::pid_t self = ::getpid();
    ::pid_t owner = 0;
    while (!owner_.compare_exchange_weak(owner, self))
      if (owner == self)
      {
        ::sched_yield();
        owner = 0;
      }
  }

  void unlock() noexcept
  {
    owner_.store(0);
  }

private:
  std::atomic<::pid_t> owner_{0}; // 0 when it is open
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_PROCESS_LOCAL_HPP
