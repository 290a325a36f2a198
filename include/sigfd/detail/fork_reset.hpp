//
// detail/fork_reset.hpp
// ~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_FORK_RESET_HPP
#define SIGFD_DETAIL_FORK_RESET_HPP

#include <sigfd/detail/config.hpp>

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

namespace sigfd::detail {

// The number of this process: another one in a child, never 0. What is static
// is copied by fork(2) as it is at that moment, locks held and counts raised by
// threads that the child does not have; so what belongs to a process carries
// its number.
//
// It stands in a page that the kernel wipes at the very moment of a fork
// (madvise(2), MADV_WIPEONFORK): also for _Fork(3) and clone(2), and before the
// child can handle a signal. A process ID would not do: in a pid namespace of
// its own a child can have its parent's. A child of vfork(2) shares the memory.
// With default visibility, as all that is process-wide: so copies of the
// library in several object files are one wherever the linker can do that.
// Async-signal-safe after the first call.
[[gnu::visibility("default")]] inline std::uint32_t this_process() noexcept
{
  static constinit std::atomic<std::uint32_t> substitute{0};
  static constinit std::atomic<std::uint32_t> last{0}; // of this line of forks
  static std::atomic<std::uint32_t>& current = []() -> auto& {
    const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* const page = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED && ::madvise(page, size, MADV_WIPEONFORK) == 0)
      return *::new (page) std::atomic<std::uint32_t>(0);
    // Linux before 4.14: the child has to do it.
    ::pthread_atfork(nullptr, nullptr, [] { substitute.store(0); });
    return substitute;
  }();
  std::uint32_t number = current.load();
  if (number == 0)
  {
    SIGFD_PREEMPTION_POINT(process_has_no_number);
    if (const std::uint32_t fresh = last.fetch_add(1) + 1;
        current.compare_exchange_strong(number, fresh))
      return fresh;
  }
  return number;
}

// A small value that is 0 again in a child process. Async-signal-safe.
class fork_reset_value
{
public:
  // The value; of the parent's, nothing.
  std::uint32_t load() const noexcept
  {
    return value_in(word_.load());
  }

  void store(std::uint32_t value) noexcept
  {
    word_.store(own(value));
  }

  // Changes a value into another; false if it is not that any more.
  bool exchange(std::uint32_t from, std::uint32_t to) noexcept
  {
    std::uint64_t old = word_.load();
    SIGFD_PREEMPTION_POINT(value_to_exchange_read);
    return value_in(old) == from && word_.compare_exchange_strong(old, own(to));
  }

  // Adds to the value, as to an unsigned number.
  void add(std::uint32_t amount) noexcept
  {
    std::uint64_t old = word_.load();
    SIGFD_PREEMPTION_POINT(value_to_add_to_read);
    while (!word_.compare_exchange_weak(old, own(value_in(old) + amount)))
      continue;
  }

  // Sleeps as long as the value is this one; notify() has to follow a change.
  void wait(std::uint32_t value) const noexcept
  {
    word_.wait(own(value));
  }

  // Wakes all that wait: an atomic operation, and futex(2) if there are any.
  void notify() noexcept
  {
    word_.notify_all();
  }

private:
  static std::uint64_t own(std::uint32_t value) noexcept
  {
    return static_cast<std::uint64_t>(this_process()) << 32 | value;
  }

  static std::uint32_t value_in(std::uint64_t word) noexcept
  {
    return word >> 32 == this_process() ? static_cast<std::uint32_t>(word) : 0;
  }

  std::atomic<std::uint64_t> word_{0}; // the process, and the value

  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
};

// A lock that a child process finds open; for what is whole at every moment.
// Who waits for it sleeps, so that a thread of lower priority can unlock it.
class fork_reset_mutex
{
public:
  void lock() noexcept
  {
    while (!held_.exchange(0, 1))
      held_.wait(1);
  }

  void unlock() noexcept
  {
    held_.store(0);
    SIGFD_PREEMPTION_POINT(mutex_released);
    held_.notify();
  }

private:
  fork_reset_value held_;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_FORK_RESET_HPP
