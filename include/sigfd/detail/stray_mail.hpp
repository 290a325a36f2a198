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

// Signals on their way from a handler to whoever reads a descriptor.
//
// A signal that was caught cannot always be queued again: with
// RLIMIT_SIGPENDING reached the kernel refuses it, and beside a pending one it
// drops it. So it is put in here, which needs nothing of the kernel, and a bell
// is rung: a signal of the same number that stands for nothing but "there is
// mail", and makes every descriptor readable that watches the number. The
// kernel always accepts a bell. Whoever reads one drops it.
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
    const ::pid_t self = ::getpid();
    for (place& p : places_)
      if (p.phase.exchange(vacant, filling, self))
      {
        p.record = info.native();
        p.number.store(info.number());
        p.ticket = tickets_.fetch_add(1);
        count_.add(1, self);
        p.phase.store(filled, self);
        return true;
      }
    return false;
  }

  // Makes the descriptors readable that watch a number. Async-signal-safe.
  void ring(int number) noexcept
  {
    rung_[index_of(number)].store(true);
    if (number < SIGRTMIN)
      send_bell(number, SI_USER); // the limit does not hold for these
    else if (!send_bell(number, SI_QUEUE))
    {
      // Of such a one the kernel takes at least the number.
      bare_bells_[index_of(number)].fetch_add(1);
      bare_rung_.fetch_add(1);
      send_bell(number, SI_USER);
    }
  }

  // Whether a record is a bell.
  static bool is_bell(const signal_info& info) noexcept
  {
    return info.native().ssi_pid == bell_pid
        && (info.code() == SI_USER || info.code() == SI_QUEUE);
  }

  // Whether a bell was rung for a number since this was last asked.
  bool was_rung(int number) noexcept
  {
    return rung_[index_of(number)].exchange(false);
  }

  // Whether there may be something in; costs one load.
  bool may_have_mail() const noexcept
  {
    return count_.may_be_set();
  }

  // Whether there is something of a number. Async-signal-safe.
  bool has(int number) const noexcept
  {
    const ::pid_t self = ::getpid();
    if (count_.load(self) != 0)
      for (const place& p : places_)
        if (p.phase.load(self) == filled && p.number.load() == number)
          return true;
    return false;
  }

  // Moves signals of a mask to the front of infos, in the order in which they
  // were put in; how many.
  std::size_t take(
      const signal_mask& mask, std::span<signal_info> infos) noexcept
  {
    if (!may_have_mail())
      return 0;
    const ::pid_t self = ::getpid();
    if (count_.load(self) == 0)
      return 0;
    const std::lock_guard lock(takers_);
    std::size_t taken = 0;
    while (taken < infos.size())
    {
      place* const p = oldest(mask, self);
      if (p == nullptr)
        break;
      infos[taken++] = signal_info(p->record);
      p->phase.store(vacant, self);
      count_.add(-1u, self);
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

  // Removes the bells from records that were read; how many are left.
  std::size_t drop_bells(std::span<signal_info> infos) noexcept
  {
    std::size_t kept = 0;
    for (const signal_info& info : infos)
    {
      if (is_bell(info) || was_bare_bell(info))
        continue;
      if (signal_info& goal = infos[kept++]; &goal != &info)
        goal = info;
    }
    return kept;
  }

  // How many bells were rung of which the kernel kept no more than the number.
  unsigned bare_bells_rung() const noexcept
  {
    return bare_rung_.load();
  }

  // Forgets such bells of a mask's signals: a read that began when so many were
  // rung found nothing, so they were merged with what others had read.
  void forget_bare_bells(const signal_mask& mask, unsigned rung) noexcept
  {
    if (rung != 0 && rung == bare_rung_.load())
      for (int n : mask)
        bare_bells_[index_of(n)].store(0);
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

  // No process has it.
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

  // Whether it is a number without anything, and was expected to come.
  bool was_bare_bell(const signal_info& info) noexcept
  {
    if (info.code() != SI_USER || info.native().ssi_pid != 0
        || info.number() < SIGRTMIN)
      return false;
    std::atomic<unsigned>& bells = bare_bells_[index_of(info.number())];
    unsigned expected = bells.load();
    while (expected != 0)
      if (bells.compare_exchange_weak(expected, expected - 1))
        return true;
    return false;
  }

  // With the takers' lock.
  place* oldest(const signal_mask& mask, ::pid_t self) noexcept
  {
    place* first = nullptr;
    for (place& p : places_)
      if (p.phase.load(self) == filled && mask.contains(p.number.load())
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
  std::atomic<unsigned> bare_rung_{0};
};

// The mail of this process. It is there before any initialisation and after
// any destruction, because a handler does not wait.
inline constinit stray_mail strays;

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_STRAY_MAIL_HPP
