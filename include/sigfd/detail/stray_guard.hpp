//
// detail/stray_guard.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_STRAY_GUARD_HPP
#define SIGFD_DETAIL_STRAY_GUARD_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/give_back.hpp>
#include <sigfd/detail/process_local.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/detail/stray_mail.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/wait_for_signal.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>
#include <sigfd/signalfd_base.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <vector>

namespace sigfd::detail {

// Catches watched signals in the threads that do not block them, and forwards
// them to the descriptors. Process-wide, as actions are: a handler for each
// signal that has watchers, and the previous action again when the last of them
// goes. There is one, guard.
//
// The way of a stray: the handler queues it again, a real-time one by way of
// the mail, and blocks its number in the thread for good, so that this thread
// does not get another. A standard one needs no mail: the kernel never refuses
// it, and if it merges it with a pending one, it does what it would have done
// had all threads blocked it.
class stray_guard
{
public:
  using flags = signalfd_base::flags;

  // Counts a watcher of a signal. Flags other than dont_care go into the
  // action; EINVAL if others were given for the signal before.
  void add(int number, flags f, boost::system::error_code& ec) noexcept
  {
    const std::lock_guard lock(mutex_);
    slot& s = slots_[index_of(number)];
    if (s.watchers.load() == 0)
    {
      // Not our own: somebody may have saved it, and put it back since.
      if (const auto current = action_of(number); !is_ours(current))
        s.previous = current;
      s.given = f;
      install(s, number);
      ec = {};
    }
    else
      give_flags(s, number, f, ec);
    if (!ec)
      s.watchers.fetch_add(1);
  }

  // Gives flags for a signal that the caller watches already, as add() does.
  void set_flags(int number, flags f, boost::system::error_code& ec) noexcept
  {
    const std::lock_guard lock(mutex_);
    give_flags(slots_[index_of(number)], number, f, ec);
  }

  // Counts a watcher of a signal less. If it was the last, puts the previous
  // action back, unless somebody replaced ours meanwhile.
  void remove(int number) noexcept
  {
    const std::lock_guard lock(mutex_);
    slot& s = slots_[index_of(number)];
    if (s.watchers.fetch_sub(1) == 1)
      put_previous_back(s, number);
  }

  // How many signals the handler caught, bells not counted.
  std::uint64_t caught() const noexcept
  {
    return caught_.load();
  }

  // How many of those were lost, because neither the mail nor the kernel had
  // room.
  std::uint64_t lost() const noexcept
  {
    return lost_.load();
  }

private:
  struct slot
  {
    std::atomic<unsigned> watchers{0}; // changed only with the lock
    process_value running;             // handlers, at this moment
    std::atomic<std::uint64_t> caught_by{0}; // threads, by their ID modulo 64
    signalfd_base::flags given = signalfd_base::flags::dont_care;
    struct ::sigaction previous{};
  };

  static std::size_t index_of(int number) noexcept
  {
    return static_cast<std::size_t>(number);
  }

  // The handler. Async-signal-safe: system calls and lock-free atomics only.
  static void handle(int number, ::siginfo_t* info, void* context) noexcept;

  // blocked: what the thread will block when the handler has returned.
  void forward(
      int number, const signal_info& info, ::sigset_t& blocked) noexcept
  {
    slot& s = slots_[index_of(number)];
    s.running.add(1);
    if (!may_be_abort(info))
    {
      ::sigaddset(&blocked, number);
      if (!strays.answer(info))
        queue_or_mail(number, info);
      if (s.watchers.load() != 0 && strays.has(number))
        strays.ring(number);
      const std::uint64_t thread = std::uint64_t{1} << ::gettid() % 64;
      if ((s.caught_by.fetch_or(thread) & thread) != 0)
        leave_to_readers(number);
    }
    s.running.add(-1u);
  }

  void queue_or_mail(int number, const signal_info& info) noexcept
  {
    caught_.fetch_add(1);
    const bool is_mail
        = has_siginfo_wait && number >= SIGRTMIN && strays.put(info);
    if (!is_mail && !queue_again(info))
      lost_.fetch_add(1);
  }

  // Where the mask is not honoured, under valgrind and sometimes under
  // ThreadSanitizer, a thread catches again what it has just queued, before any
  // reader can be there. As long as this handler runs, it does not.
  static void leave_to_readers(int number) noexcept
  {
    const ::timespec pause{0, 100'000};
    ::sigset_t pending;
    for (int i = 0; i < 10; ++i)
    {
      ::sigpending(&pending);
      if (::sigismember(&pending, number) != 1)
        return;
      ::nanosleep(&pause, nullptr);
    }
  }

  // Without a context, it is no signal that is handled: the program hands what
  // it took from a descriptor to whatever handler is installed, as QEMU does.
  // It means the one that it installed itself.
  void call_previous(int number, ::siginfo_t* info) noexcept
  {
    const struct ::sigaction& action = slots_[index_of(number)].previous;
    if ((action.sa_flags & SA_SIGINFO) != 0)
      action.sa_sigaction(number, info, nullptr);
    else if (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN)
      action.sa_handler(number);
  }

  // abort(3) unblocks SIGABRT, raises it, and then raises it with the default
  // action, for which it must stay unblocked. What raise(3) and pthread_kill(3)
  // send within the process looks the same.
  static bool may_be_abort(const signal_info& info) noexcept
  {
    return info.number() == SIGABRT && info.code() == SI_TKILL
        && info.native().ssi_pid == static_cast<std::uint32_t>(::getpid());
  }

  // With the lock, as everything below.
  static void give_flags(slot& s, int number, flags f,
      boost::system::error_code& ec) noexcept
  {
    ec = {};
    if (f == flags::dont_care || f == s.given)
      return;
    if (s.given != flags::dont_care)
    {
      ec = system_error_code(EINVAL);
      return;
    }
    s.given = f;
    if (is_ours(action_of(number)))
      install(s, number);
  }

  // Every signal is blocked while the handler runs, also those of the C library
  // itself, which sigfillset(3) leaves out: an asynchronous pthread_cancel(3)
  // would end the thread with the signal in its hands.
  static void install(const slot& s, int number) noexcept
  {
    constexpr int about_children = SA_NOCLDSTOP | SA_NOCLDWAIT;
    const int wanted = s.given == flags::dont_care
        ? SA_RESTART | (s.previous.sa_flags & about_children)
        : static_cast<int>(s.given);
    struct ::sigaction action{};
    action.sa_sigaction = &handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | wanted;
    std::memset(&action.sa_mask, 0xff, sizeof action.sa_mask);
    ::sigaction(number, &action, nullptr);
  }

  static struct ::sigaction action_of(int number) noexcept
  {
    struct ::sigaction action{};
    ::sigaction(number, nullptr, &action);
    return action;
  }

  static bool is_ours(const struct ::sigaction& action) noexcept
  {
    return (action.sa_flags & SA_SIGINFO) != 0
        && action.sa_sigaction == &handle;
  }

  // Whether the kernel discards a signal under an action.
  static bool ignores(const struct ::sigaction& action, int number) noexcept
  {
    const bool by_default = number == SIGCHLD || number == SIGCONT
        || number == SIGURG || number == SIGWINCH;
    return (action.sa_flags & SA_SIGINFO) == 0
        && (action.sa_handler == SIG_IGN
            || (action.sa_handler == SIG_DFL && by_default));
  }

  // Without what is pending: the kernel discards it where the previous action
  // ignores the signal, and a bell must not outlast the guard. It would act,
  // once unblocked.
  static void put_previous_back(slot& s, int number) noexcept
  {
    while (s.running.load() != 0) // it saw a watcher, and may be about to ring
      ::sched_yield();
    const bool ours = is_ours(action_of(number));
    const bool rung = strays.was_rung(number);
    ::sigset_t only;
    ::sigset_t old;
    ::sigemptyset(&only);
    ::sigaddset(&only, number);
    ::pthread_sigmask(SIG_BLOCK, &only, &old);
    std::vector<signal_info> pending;
    if (rung || (ours && ignores(s.previous, number)))
      pending = take_pending(number);
    strays.forget_bells(number);
    if (ours)
      ::sigaction(number, &s.previous, nullptr);
    for (const signal_info& info : pending)
      give_back(info);
    ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
  }

  // Takes what is pending of a signal, and drops the bells. Not more than can
  // be pending at once: somebody may be sending all the time.
  static std::vector<signal_info> take_pending(int number) noexcept
  {
    std::vector<signal_info> taken;
    ::rlimit most{};
    ::getrlimit(RLIMIT_SIGPENDING, &most);
    for (::rlim_t i = 0; i <= most.rlim_cur; ++i)
    {
      const signal_info info = take_signal(number);
      if (info.number() == 0)
        break;
      if (!strays.answer(info) && !try_append(taken, info))
      {
        give_back(info);
        break;
      }
    }
    return taken;
  }

  process_mutex mutex_;
  std::array<slot, last_signal_number + 1> slots_{};
  std::atomic<std::uint64_t> caught_{0};
  std::atomic<std::uint64_t> lost_{0};
};

// The guard of this process; as strays, it is always there.
inline constinit stray_guard guard;

inline void stray_guard::handle(
    int number, ::siginfo_t* info, void* context) noexcept
{
  const int saved_errno = errno;
  if (context != nullptr)
    guard.forward(number, signal_info(*info),
        static_cast<::ucontext_t*>(context)->uc_sigmask);
  else
    guard.call_previous(number, info);
  errno = saved_errno;
}

// The signals for which an open object has the guard.
class stray_watch
{
public:
  stray_watch() noexcept = default;
  stray_watch(const stray_watch&) = delete;
  stray_watch& operator=(const stray_watch&) = delete;

  ~stray_watch()
  {
    set(signal_mask());
  }

  // Adds a signal with flags for its action; EINVAL if they are in conflict
  // with those of another object.
  void add(int number, signalfd_base::flags f,
      boost::system::error_code& ec) noexcept
  {
    if (mask_.contains(number))
      guard.set_flags(number, f, ec);
    else
      guard.add(number, f, ec);
    if (!ec)
      mask_.add(number);
  }

  // Has the guard for these signals and no others.
  void set(const signal_mask& mask) noexcept
  {
    boost::system::error_code ec; // without flags, there is no conflict
    for (int n : mask)
      if (!mask_.contains(n))
        guard.add(n, signalfd_base::flags::dont_care, ec);
    for (int n : mask_)
      if (!mask.contains(n))
        guard.remove(n);
    mask_ = mask;
  }

  // The signals.
  const signal_mask& mask() const noexcept
  {
    return mask_;
  }

private:
  signal_mask mask_;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_STRAY_GUARD_HPP
