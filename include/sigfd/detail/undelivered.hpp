//
// detail/undelivered.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_UNDELIVERED_HPP
#define SIGFD_DETAIL_UNDELIVERED_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/fork_reset.hpp>
#include <sigfd/detail/stray_queue.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <new>
#include <span>
#include <vector>

namespace sigfd::detail {

// Appends a signal; false if there is no memory for it.
SIGFD_DECL bool try_append(
    std::vector<signal_info>& infos, const signal_info& info) noexcept;

// All signals of this process that were taken from the kernel, are not
// delivered yet, and belong to no object (what does is in its store): the one
// place to ask for them. Each is either
//
// - kept: it was to go back, and the kernel would not have taken it as it is.
//   What is pending of its number is younger, if nothing else went back; or
// - a stray: a handler caught it, and the kernel refused to queue it again.
//   Strays are younger than what is pending, since the queue was full.
//
// They wait for the next object that watches them, or for room in the kernel's
// queue. One for the whole process: undelivered().
class undelivered_signals
{
public:
  explicit undelivered_signals(stray_queue& queue) noexcept
    : strays_(queue)
  {
  }

  // Whether there may be any that are kept, without a lock.
  bool may_have_kept() const noexcept
  {
    return kept_count_ != 0;
  }

  // Whether there may ever have been strays; as long as not, every record that
  // is read is a signal.
  bool may_have_had_strays() const noexcept
  {
    return strays_.was_used();
  }

  // Keeps a signal. Without memory for it, insists on queueing it instead.
  SIGFD_DECL void keep(const signal_info& info) noexcept;

  // Whether there is memory to keep one more.
  SIGFD_DECL bool reserve() noexcept;

  // Moves kept signals of a mask to the front of infos, in the order in which
  // they were kept; how many.
  SIGFD_DECL std::size_t take_kept(
      const signal_mask& mask, std::span<signal_info> infos) noexcept;

  // The same for strays.
  SIGFD_DECL std::size_t take_strays(
      const signal_mask& mask, std::span<signal_info> infos) noexcept;

  // Makes of a record that was read from the kernel what it stands for: of a
  // wake-up signal, the oldest stray of its number. False if that is nothing.
  SIGFD_DECL bool consume_wakeup(signal_info& info) noexcept;

  // The same for several, of which those that are left move to the front; how
  // many.
  SIGFD_DECL std::size_t consume_wakeups(std::span<signal_info> infos) noexcept;

  // Tries again to queue the signals of a mask; where strays are left, at least
  // wakes those who wait for them.
  SIGFD_DECL void retry(const signal_mask& mask) noexcept;

  SIGFD_DECL void retry_strays(const signal_mask& mask) noexcept;

private:
  // Removes what the function says, asking for each in order.
  template <typename Function>
  void remove_kept_if(Function function) noexcept
  {
    if (!may_have_kept())
      return;
    SIGFD_PREEMPTION_POINT(kept_seen);
    const std::lock_guard lock(mutex_);
    leave_to_parent();
    std::erase_if(kept_, function);
    kept_count_ = kept_.size();
  }

  // Forgets the kept signals of the parent process, after fork(2). Another
  // thread may have been about to change them, so they stay as they are.
  SIGFD_DECL void leave_to_parent() noexcept;

  stray_queue& strays_;
  fork_reset_mutex mutex_;
  std::vector<signal_info> kept_;
  std::atomic<std::size_t> kept_count_{0}; // for a look without the lock
  fork_reset_value is_own_; // whether what is kept is not the parent's
};

// The undelivered signals of this process. Never destroyed, so that an object
// with static lifetime can still leave some; nor allocated, which could fail.
[[gnu::visibility("default")]] inline undelivered_signals&
undelivered() noexcept
{
  alignas(undelivered_signals) static unsigned char
      memory[sizeof(undelivered_signals)];
  static undelivered_signals& instance = *::new (memory)
                                             undelivered_signals(strays);
  return instance;
}

// Returns a signal that was taken and not delivered to the process.
SIGFD_DECL void requeue_or_keep(const signal_info& info) noexcept;

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/undelivered.ipp)

#endif // SIGFD_DETAIL_UNDELIVERED_HPP
