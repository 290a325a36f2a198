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
#include <sigfd/detail/give_back.hpp>
#include <sigfd/detail/process_local.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

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

// Real-time signals that a handler caught and the kernel refused to queue
// again, because RLIMIT_SIGPENDING was reached.
//
// For one that is put in, a wake-up is sent: a signal of the same number, which
// makes the descriptors readable. Who reads it gets the signal in its place. At
// the limit, the kernel makes a bare record of it, or merges it with what is
// pending of the number, as it does with what kill(2) sends there. So a bare
// record is delivered in any case: rather a signal too many than one too few.
//
// No reader sleeps over mail: it is put in before the wake-up is sent; and who
// has read a record, which may have absorbed a wake-up, and leaves mail, queues
// that or sends the wake-up again.
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
  void send_wakeup(int number) noexcept
  {
    woken_[static_cast<std::size_t>(number)].store(true);
    ::siginfo_t wakeup{};
    wakeup.si_signo = number;
    wakeup.si_code = SI_USER;
    wakeup.si_pid = static_cast<::pid_t>(wakeup_pid);
    ::syscall(SYS_rt_sigqueueinfo, ::gettid(), number, &wakeup);
  }

  // Whether a record is a wake-up that arrived whole. No other process can
  // choose the pid with this code. The program before execve(2) could: so only
  // if one was sent.
  bool is_wakeup(const signal_info& info) const noexcept
  {
    return info.code() == SI_USER && info.native().ssi_pid == wakeup_pid
        && may_have_woken(info.number());
  }

  // Whether a wake-up of a number was ever sent, and so may be pending.
  bool may_have_woken(int number) const noexcept
  {
    return woken_[static_cast<std::size_t>(number)].load();
  }

  // Whether there is something, or just coming.
  bool may_have_mail() const noexcept
  {
    return count_.load() != 0;
  }

  // Moves signals of a mask to the front of infos, in the order in which they
  // were put in; how many.
  std::size_t take(
      const signal_mask& mask, std::span<signal_info> infos) noexcept
  {
    if (!may_have_mail())
      return 0;
    const std::lock_guard lock(takers_);
    std::size_t taken = 0;
    while (taken < infos.size())
    {
      place* const p = oldest(mask);
      if (p == nullptr)
        break;
      infos[taken++] = signal_info(p->record);
      vacate(*p);
    }
    return taken;
  }

  // Makes of a record that was read from the kernel what it stands for; false
  // if that is nothing.
  bool open(signal_info& info) noexcept
  {
    restore_code(info);
    const bool whole = is_wakeup(info);
    if (!whole && !is_bare(info))
      return true;
    signal_mask only;
    boost::system::error_code ignored;
    only.add(info.number(), ignored);
    return take(only, {&info, 1}) != 0 || !whole;
  }

  // The same for several, of which those that are left move to the front; how
  // many.
  std::size_t open(std::span<signal_info> infos) noexcept
  {
    std::size_t kept = 0;
    for (signal_info& info : infos)
      if (open(info))
        if (signal_info& goal = infos[kept++]; &goal != &info)
          goal = info;
    return kept;
  }

  // Queues what is left of a mask's signals again, or at least wakes those who
  // wait for them.
  void retry(const signal_mask& mask) noexcept
  {
    if (!may_have_mail())
      return;
    const std::lock_guard lock(takers_);
    while (place* const p = oldest(mask))
    {
      if (!queue_again(signal_info(p->record)))
      {
        send_wakeups(mask);
        return;
      }
      vacate(*p);
    }
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
  static constexpr std::uint32_t wakeup_pid = 0xAE998999;

  // With the takers' lock, as what follows.
  void vacate(place& p) noexcept
  {
    p.phase.store(vacant);
    count_.add(-1u);
  }

  place* oldest(const signal_mask& mask) noexcept
  {
    place* first = nullptr;
    for (place& p : places_)
      if (p.phase.load() == filled && mask.contains(p.number.load())
          && (first == nullptr || p.ticket < first->ticket))
        first = &p;
    return first;
  }

  void send_wakeups(const signal_mask& mask) noexcept
  {
    for (const int number : mask)
      for (const place& p : places_)
        if (p.phase.load() == filled && p.number.load() == number)
        {
          send_wakeup(number);
          break;
        }
  }

  std::array<place, capacity> places_{};
  std::atomic<std::uint64_t> tickets_{0};
  process_value count_; // of the places that are filled, or just being filled
  process_mutex takers_;
  std::array<std::atomic<bool>, last_signal_number + 1> woken_{};
};

// The mail of this process. It is there before any initialisation and after
// any destruction, because a handler does not wait.
[[gnu::visibility("default")]] inline constinit stray_mail strays;

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_STRAY_MAIL_HPP
