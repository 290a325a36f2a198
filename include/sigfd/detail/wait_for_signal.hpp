//
// detail/wait_for_signal.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_WAIT_FOR_SIGNAL_HPP
#define SIGFD_DETAIL_WAIT_FOR_SIGNAL_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/siginfo_layout.hpp>
#include <sigfd/signal_info.hpp>

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace sigfd::detail {

// Takes one of a set of signals that the thread blocks, once there is one, or
// within a time; an object with the number 0 if there was none, or the wait was
// interrupted. Where no more than sigwait(3) is to be had, the time is ignored.
inline signal_info wait_for_signal(
    const ::sigset_t& set, const ::timespec* within = nullptr) noexcept
{
  if constexpr (has_siginfo_wait)
  {
    // The system call itself: glibc's sigwaitinfo changes the code SI_TKILL.
    ::siginfo_t info;
    const long number = ::syscall(
        SYS_rt_sigtimedwait, &set, &info, within, _NSIG / 8);
    return number > 0 ? signal_info(info) : signal_info();
  }
  else
  {
    ::siginfo_t info{};
    if (::sigwait(&set, &info.si_signo) != 0)
      return signal_info();
    info.si_code = unknown_code;
    return signal_info(info);
  }
}

// Takes a signal that the thread blocks if it is pending for the process, or
// for this thread; an object with the number 0 if it is not.
inline signal_info take_signal(int number) noexcept
{
  ::sigset_t set;
  ::sigpending(&set);
  if (::sigismember(&set, number) != 1)
    return signal_info();
  ::sigemptyset(&set);
  ::sigaddset(&set, number);
  const ::timespec at_once{}; // another thread may take it meanwhile
  return wait_for_signal(set, &at_once);
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_WAIT_FOR_SIGNAL_HPP
