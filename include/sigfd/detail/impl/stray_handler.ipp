//
// detail/impl/stray_handler.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_STRAY_HANDLER_IPP
#define SIGFD_DETAIL_IMPL_STRAY_HANDLER_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/requeue.hpp>
#include <sigfd/detail/stray_handler.hpp>
#include <sigfd/detail/stray_queue.hpp>
#include <sigfd/signal_info.hpp>

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

namespace sigfd::detail {

void stray_handler::on_signal(
    int number, ::siginfo_t* info, void* context) noexcept
{
  entry& e = entries_[index_of(number)];
  SIGFD_PREEMPTION_POINT(handler_called);
  e.running.add(1);
  SIGFD_PREEMPTION_POINT(handler_counted);
  struct ::sigaction previous{};
  if (context == nullptr)
    previous = called_under_ours() == number ? e.lowest : e.previous;
  else if (e.watchers.load() == 0)
    previous = act_without_watchers(e, number, info);
  else
    forward(
        e, signal_info(*info), static_cast<::ucontext_t*>(context)->uc_sigmask);
  e.running.add(-1u);
  e.running.notify();
  call_handler(previous, number, info, context, true);
}

// In a signal handler, variables of a thread are not touched: their memory may
// have yet to be allocated.
void stray_handler::call_handler(const struct ::sigaction& action, int number,
    ::siginfo_t* info, void* context, bool was_under) noexcept
{
  if (!has_handler(action))
    return;
  int outer = 0;
  if (context == nullptr)
    outer = std::exchange(called_under_ours(), was_under ? number : 0);
  if ((action.sa_flags & SA_SIGINFO) != 0)
    action.sa_sigaction(number, info, context);
  else
    action.sa_handler(number);
  if (context == nullptr)
    called_under_ours() = outer;
}

void stray_handler::forward(
    entry& e, const signal_info& info, ::sigset_t& blocked) noexcept
{
  SIGFD_PREEMPTION_POINT(handler_saw_watchers);
  if (may_be_abort(info))
    return;
  const int number = info.number();
  ::sigaddset(&blocked, number);
  if (strays.is_wakeup(info))
    strays.send_wakeup(number);
  else
    queue(number, info);
  const std::uint64_t thread = std::uint64_t{1} << ::gettid() % 64;
  if ((e.caught_by.fetch_or(thread) & thread) != 0)
    leave_to_readers(number);
}

void stray_handler::queue(int number, const signal_info& info) noexcept
{
  caught_.fetch_add(1);
  if (requeue_raw(info))
    return;
  SIGFD_PREEMPTION_POINT(stray_refused);
  if (number >= SIGRTMIN && strays.put(info))
    strays.send_wakeup(number);
  else
    lost_.fetch_add(1);
}

// Where the mask is not honoured, under valgrind and sometimes under
// ThreadSanitizer, a thread catches again what it has just queued, before any
// reader can be there. As long as this handler runs, it does not.
void stray_handler::leave_to_readers(int number) noexcept
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

// It is sent as it came: an object that is opened at this moment may have it.
// Of a real-time signal the kernel always takes a bare kill(2), at
// RLIMIT_SIGPENDING no more.
struct ::sigaction stray_handler::act_without_watchers(
    entry& e, int number, ::siginfo_t* info) noexcept
{
  if (!has_handler(e.lowest) && !ignores(e.lowest, number))
  {
    SIGFD_PREEMPTION_POINT(handler_saw_no_watchers);
    ::sigaction(number, &e.lowest, nullptr);
    SIGFD_PREEMPTION_POINT(lowest_action_is_back);
    if (::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), ::gettid(), number, info)
            == -1
        && ::syscall(SYS_tgkill, ::getpid(), ::gettid(), number) == -1)
      ::kill(::getpid(), number);
  }
  return e.lowest;
}

// abort(3) unblocks SIGABRT, raises it, and then raises it with the default
// action, for which it must stay unblocked. What raise(3) and pthread_kill(3)
// send within the process looks the same.
bool stray_handler::may_be_abort(const signal_info& info) noexcept
{
  return info.number() == SIGABRT && info.code() == SI_TKILL
      && info.native().ssi_pid == static_cast<std::uint32_t>(::getpid());
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_STRAY_HANDLER_IPP
