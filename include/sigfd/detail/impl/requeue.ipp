//
// detail/impl/requeue.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_REQUEUE_IPP
#define SIGFD_DETAIL_IMPL_REQUEUE_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/requeue.hpp>
#include <sigfd/detail/siginfo_layout.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/signal_info.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sigfd::detail {

bool requeue_raw(const signal_info& info) noexcept
{
  ::siginfo_t raw = info.to_siginfo();
  if (info.number() >= SIGRTMIN && info.code() == SI_USER && !is_bare(info))
  {
    raw.si_code = SI_TKILL;
    raw.si_value.sival_ptr = to_address(sent_by_kill);
  }
  return ::syscall(SYS_rt_sigqueueinfo, ::gettid(), info.number(), &raw) == 0;
}

void restore_code(signal_info& info) noexcept
{
  if (info.code() != SI_TKILL
      || to_address(info.native().ssi_ptr) != to_address(sent_by_kill))
    return;
  signal_info::native_type record = info.native();
  record.ssi_code = SI_USER;
  record.ssi_int = 0;
  record.ssi_ptr = 0;
  info = signal_info(record);
}

boost::system::error_code check_queueing() noexcept
{
  ::siginfo_t none{};
  errno = 0;
  ::syscall(SYS_rt_sigqueueinfo, ::gettid(), 0, &none);
  return system_error_code(errno);
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_REQUEUE_IPP
