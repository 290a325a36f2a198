//
// detail/process_local.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_PROCESS_LOCAL_HPP
#define SIGFD_DETAIL_PROCESS_LOCAL_HPP

#include <sigfd/detail/config.hpp>

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <cstdint>

namespace sigfd::detail {

// What is static is copied by fork(2) as it is at that moment: locks held and
// counts raised by threads that the child does not have. The classes here tell
// by the number of forks that a state is the parent's, and start anew. The
// child of vfork(2), which shares the memory, does not count one.
inline constinit std::atomic<std::uint32_t> forks{0};

inline const int forks_are_counted
    = ::pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1); });

// A small value that is 0 again in a child process. Async-signal-safe.
class process_value
{
public:
  // The value; of the parent's, nothing.
  std::uint32_t load() const noexcept
  {
    return value_in(word_.load());
  }

  // False if the value is 0. True if it is not, or the parent's was not.
  bool may_be_set() const noexcept
  {
    return static_cast<std::uint32_t>(word_.load()) != 0;
  }

  void store(std::uint32_t value) noexcept
  {
    word_.store(own(value));
  }

  // Changes a value into another; false if it is not that any more.
  bool exchange(std::uint32_t from, std::uint32_t to) noexcept
  {
    std::uint64_t old = word_.load();
    return value_in(old) == from && word_.compare_exchange_strong(old, own(to));
  }

  // Adds to the value, as to an unsigned number.
  void add(std::uint32_t amount) noexcept
  {
    std::uint64_t old = word_.load();
    while (!word_.compare_exchange_weak(old, own(value_in(old) + amount)))
      continue;
  }

private:
  static std::uint64_t own(std::uint32_t value) noexcept
  {
    return static_cast<std::uint64_t>(forks.load()) << 32 | value;
  }

  static std::uint32_t value_in(std::uint64_t word) noexcept
  {
    return word >> 32 == forks.load() ? static_cast<std::uint32_t>(word) : 0;
  }

  std::atomic<std::uint64_t> word_{0}; // the forks, and the value

  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
};

// A lock that a child process finds open; for what is whole at every moment.
class process_mutex
{
public:
  void lock() noexcept
  {
    while (!held_.exchange(0, 1))
      ::sched_yield();
  }

  void unlock() noexcept
  {
    held_.store(0);
  }

private:
  process_value held_;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_PROCESS_LOCAL_HPP
