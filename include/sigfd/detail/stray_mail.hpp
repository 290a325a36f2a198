//
// detail/stray_mail.hpp
// ~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_STRAY_MAIL_HPP
#define SIGFD_DETAIL_STRAY_MAIL_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/process_local.hpp>
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
#include <mutex>
#include <span>

namespace sigfd::detail {

// Real-time signals on their way from a handler to whoever reads a descriptor.
//
// One that was caught cannot always be queued again: with RLIMIT_SIGPENDING
// reached the kernel refuses it. So it is put in here, which needs nothing of
// the kernel, and a bell is rung: a signal of the same number that stands for
// nothing but "there is mail", and makes every descriptor readable that watches
// the number. The kernel accepts at least the number. Whoever reads a bell
// drops it. A real-time signal is never merged with another, so nothing is lost
// beside a bell; a standard one would be.
//
// No reader sleeps over mail: it is put in before the bell rings; and whoever
// takes records from the kernel, a bell perhaps among them or merged into one,
// and leaves mail behind, rings again.
class stray_mail
{
public:
  // How many signals there is room for. Of each number a thread leaves one
  // here, because from then on it blocks the number.
  static constexpr std::size_t capacity = 512;

  // Puts a signal in; false if there is no room. Async-signal-safe.
  bool put(const signal_info& info) noexcept
  {
    for (place& p : places_)
      if (p.phase.exchange(vacant, filling))
      {
        p.record = info.native();
        p.number.store(info.number());
        p.ticket = tickets_.fetch_add(1);
        count_.add(1);
        p.phase.store(filled);
        return true;
      }
    return false;
  }

  // Makes the descriptors readable that watch a number. Async-signal-safe.
  void ring(int number) noexcept
  {
    rung_[index_of(number)].store(true);
    if (send_bell(number, SI_QUEUE))
      return;
    // RLIMIT_SIGPENDING is reached. Of this one the kernel takes at least the
    // number, and has nothing to go with it.
    bare_bells_[index_of(number)].fetch_add(1);
    send_bell(number, SI_USER);
  }

  // Whether a record is a bell, which is to be dropped. One of which no more
  // than the number is left is expected only once. Async-signal-safe.
  bool answer(const signal_info& info) noexcept
  {
    const auto pid = info.native().ssi_pid;
    if (pid == bell_pid)
      return info.code() == SI_USER || info.code() == SI_QUEUE;
    return pid == 0 && info.code() == SI_USER && info.number() >= SIGRTMIN
        && expected_bare_bell(bare_bells_[index_of(info.number())]);
  }

  // Removes the bells from records that were read; how many are left.
  std::size_t drop_bells(std::span<signal_info> infos) noexcept
  {
    std::size_t kept = 0;
    for (const signal_info& info : infos)
    {
      if (answer(info))
        continue;
      if (signal_info& goal = infos[kept++]; &goal != &info)
        goal = info;
    }
    return kept;
  }

  // Whether a bell for a number may be pending.
  bool was_rung(int number) const noexcept
  {
    return rung_[index_of(number)].load();
  }

  // Expects no bell for a number any more: what was pending was taken.
  void forget_bells(int number) noexcept
  {
    rung_[index_of(number)].store(false);
    bare_bells_[index_of(number)].store(0);
  }

  // False if there is nothing, nor just coming.
  bool may_have_mail() const noexcept
  {
    return count_.may_be_set();
  }

  // Whether there is something of a number. Async-signal-safe.
  bool has(int number) const noexcept
  {
    if (count_.load() != 0)
      for (const place& p : places_)
        if (p.phase.load() == filled && p.number.load() == number)
          return true;
    return false;
  }

  // Moves signals of a mask to the front of infos, in the order in which they
  // were put in; how many.
  std::size_t take(
      const signal_mask& mask, std::span<signal_info> infos) noexcept
  {
    if (count_.load() == 0)
      return 0;
    const std::lock_guard lock(takers_);
    std::size_t taken = 0;
    while (taken < infos.size())
    {
      place* const p = oldest(mask);
      if (p == nullptr)
        break;
      infos[taken++] = signal_info(p->record);
      p->phase.store(vacant);
      count_.add(-1u);
    }
    return taken;
  }

  // Rings for what is left of a mask's signals.
  void ring_again(const signal_mask& mask) noexcept
  {
    if (may_have_mail())
      for (int n : mask)
        if (has(n))
          ring(n);
  }

private:
  enum phase : std::uint32_t
  {
    vacant,
    filling,
    filled
  };

  struct place
  {
    process_value phase;
    std::atomic<int> number{0};
    std::uint64_t ticket = 0;
    signal_info::native_type record{};
  };

  // A process ID that no process has.
  static constexpr std::uint32_t bell_pid = 0xAE998999;

  static std::size_t index_of(int number) noexcept
  {
    return static_cast<std::size_t>(number);
  }

  // Queues a bell to the process; false if the kernel refuses.
  static bool send_bell(int number, int code) noexcept
  {
    ::siginfo_t bell{};
    bell.si_signo = number;
    bell.si_code = code;
    bell.si_pid = static_cast<::pid_t>(bell_pid);
    return ::syscall(SYS_rt_sigqueueinfo, ::gettid(), number, &bell) == 0;
  }

  static bool expected_bare_bell(std::atomic<unsigned>& bells) noexcept
  {
    unsigned expected = bells.load();
    while (expected != 0)
      if (bells.compare_exchange_weak(expected, expected - 1))
        return true;
    return false;
  }

  // With the takers' lock.
  place* oldest(const signal_mask& mask) noexcept
  {
    place* first = nullptr;
    for (place& p : places_)
      if (p.phase.load() == filled && mask.contains(p.number.load())
          && (first == nullptr || p.ticket < first->ticket))
        first = &p;
    return first;
  }

  std::array<place, capacity> places_{};
  std::atomic<std::uint64_t> tickets_{0};
  process_value count_; // of the places that are filled, or just being filled
  process_mutex takers_;
  std::array<std::atomic<bool>, last_signal_number + 1> rung_{};
  std::array<std::atomic<unsigned>, last_signal_number + 1> bare_bells_{};
};

// The mail of this process. It is there before any initialisation and after
// any destruction, because a handler does not wait.
inline constinit stray_mail strays;

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_STRAY_MAIL_HPP
