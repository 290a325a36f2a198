//
// detail/stray_queue.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_STRAY_QUEUE_HPP
#define SIGFD_DETAIL_STRAY_QUEUE_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/fork_reset.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <signal.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sigfd::detail {

// Real-time signals that a handler caught and the kernel refused to queue
// again, because RLIMIT_SIGPENDING was reached. A handler puts them in, without
// a lock; undelivered_signals takes them out, under its lock.
//
// For one that is put in, a wake-up signal is sent: one of the same number,
// which makes the descriptors readable. Who reads it gets the stray in its
// place. At the limit, the kernel makes a bare record of it, or merges it with
// what is pending of the number, as it does with what kill(2) sends there. So a
// bare record is delivered in any case: rather a signal too many than one too
// few.
//
// No reader sleeps over a stray: it is put in before the wake-up signal is
// sent; and who has read a record, which may have absorbed one, and leaves
// strays, queues them or sends a wake-up signal again.
class stray_queue
{
public:
  // How many signals there is room for. Of each number a thread leaves one
  // here, because from then on it blocks the number.
  static constexpr std::size_t capacity = 512;

  // Puts a signal in; false if there is no room. Async-signal-safe.
  SIGFD_DECL bool put(const signal_info& info) noexcept;

  // Makes the descriptors readable that watch a number. Async-signal-safe.
  SIGFD_DECL void send_wakeup(int number) noexcept;

  // Whether a record is a wake-up signal that arrived whole. No other process
  // can choose the pid with this code. The program before execve(2) could: so
  // only if one was sent. Async-signal-safe.
  bool is_wakeup(const signal_info& info) const noexcept
  {
    return info.code() == SI_USER && info.native().ssi_pid == wakeup_pid
        && may_have_wakeup(info.number());
  }

  // Whether a wake-up signal of a number was ever sent, and may be pending.
  bool may_have_wakeup(int number) const noexcept
  {
    return wakeup_sent_[static_cast<std::size_t>(number)].load();
  }

  // Whether anything was ever put in, or a wake-up signal sent.
  bool was_used() const noexcept
  {
    return was_used_.load();
  }

  // Whether there is something, or just coming.
  bool may_have_any() const noexcept
  {
    return count_.load() != 0;
  }

  // With the takers' lock: moves signals of a mask to the front of infos, in
  // the order in which they were put in; how many.
  SIGFD_DECL std::size_t take(
      const signal_mask& mask, std::span<signal_info> infos) noexcept;

  // With the takers' lock: queues what is left of a mask's signals again, or at
  // least wakes those who wait for them.
  SIGFD_DECL void retry(const signal_mask& mask) noexcept;

private:
  enum phase : std::uint32_t
  {
    vacant,
    filling,
    filled
  };

  struct slot
  {
    fork_reset_value phase;
    std::atomic<int> number{0};
    std::uint64_t sequence = 0;
    signal_info::native_type record{};
  };

  // A process ID that no process has.
  static constexpr std::uint32_t wakeup_pid = 0xAE998999;

  // With the takers' lock, as what follows.
  SIGFD_DECL void vacate(slot& s) noexcept;

  SIGFD_DECL slot* oldest(const signal_mask& mask) noexcept;

  SIGFD_DECL void send_wakeups(const signal_mask& mask) noexcept;

  std::array<slot, capacity> slots_{};
  std::atomic<std::uint64_t> next_sequence_{0};
  fork_reset_value count_; // of slots that are filled, or just being filled
  std::atomic<bool> was_used_{false};
  std::array<std::atomic<bool>, last_signal_number + 1> wakeup_sent_{};
};

// The strays of this process. They are there before any initialisation and
// after any destruction, because a handler does not wait.
[[gnu::visibility("default")]] inline constinit stray_queue strays;

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/stray_queue.ipp)

#endif // SIGFD_DETAIL_STRAY_QUEUE_HPP
