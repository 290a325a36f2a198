//
// detail/stray_queue.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_STRAY_QUEUE_HPP
#define SIGFD_DETAIL_STRAY_QUEUE_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/fork_reset.hpp>
#include <sigfd/detail/requeue.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

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
  bool put(const signal_info& info) noexcept
  {
    was_used_.store(true);
    for (slot& s : slots_)
      if (s.phase.exchange(vacant, filling))
      {
        s.record = info.native();
        s.number.store(info.number());
        s.sequence = next_sequence_.fetch_add(1);
        count_.add(1);
        s.phase.store(filled);
        return true;
      }
    return false;
  }

  // Makes the descriptors readable that watch a number. Async-signal-safe.
  void send_wakeup(int number) noexcept
  {
    was_used_.store(true);
    wakeup_sent_[static_cast<std::size_t>(number)].store(true);
    ::siginfo_t wakeup{};
    wakeup.si_signo = number;
    wakeup.si_code = SI_USER;
    wakeup.si_pid = static_cast<::pid_t>(wakeup_pid);
    ::syscall(SYS_rt_sigqueueinfo, ::gettid(), number, &wakeup);
  }

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
  std::size_t take(
      const signal_mask& mask, std::span<signal_info> infos) noexcept
  {
    std::size_t taken = 0;
    while (taken < infos.size())
    {
      slot* const s = oldest(mask);
      if (s == nullptr)
        break;
      infos[taken++] = signal_info(s->record);
      vacate(*s);
    }
    return taken;
  }

  // With the takers' lock: queues what is left of a mask's signals again, or at
  // least wakes those who wait for them.
  void retry(const signal_mask& mask) noexcept
  {
    while (slot* const s = oldest(mask))
    {
      if (!requeue_raw(signal_info(s->record)))
      {
        send_wakeups(mask);
        return;
      }
      vacate(*s);
    }
  }

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
  void vacate(slot& s) noexcept
  {
    s.phase.store(vacant);
    count_.add(-1u);
  }

  slot* oldest(const signal_mask& mask) noexcept
  {
    slot* first = nullptr;
    for (slot& s : slots_)
      if (s.phase.load() == filled && mask.contains(s.number.load())
          && (first == nullptr || s.sequence < first->sequence))
        first = &s;
    return first;
  }

  void send_wakeups(const signal_mask& mask) noexcept
  {
    for (const int number : mask)
      for (const slot& s : slots_)
        if (s.phase.load() == filled && s.number.load() == number)
        {
          send_wakeup(number);
          break;
        }
  }

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

#endif // SIGFD_DETAIL_STRAY_QUEUE_HPP
