//
// detail/impl/sigwait.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_SIGWAIT_IPP
#define SIGFD_DETAIL_IMPL_SIGWAIT_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/requeue.hpp>
#include <sigfd/detail/sigwait.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/signal_info.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace sigfd::detail {

signal_info sigwait_info(
    const ::sigset_t& set, const ::timespec* within) noexcept
{
  ::siginfo_t info;
  const long number
      = ::syscall(SYS_rt_sigtimedwait, &set, &info, within, _NSIG / 8);
  if (number <= 0)
    return signal_info();
  signal_info taken(info);
  restore_code(taken);
  return taken;
}

signal_info take_pending(int number) noexcept
{
  ::sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, number);
  const ::timespec at_once{};
  return sigwait_info(only, &at_once);
}

boost::system::error_code check_signal_wait() noexcept
{
  ::sigset_t none;
  ::sigemptyset(&none);
  const ::timespec at_once{};
  sigwait_info(none, &at_once);
  const bool done = (errno == EAGAIN || errno == EINTR)
      && ::syscall(SYS_tgkill, ::getpid(), ::gettid(), 0) == 0;
  return done ? boost::system::error_code() : system_error_code(errno);
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_SIGWAIT_IPP
