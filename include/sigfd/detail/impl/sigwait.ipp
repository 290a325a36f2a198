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
#include <sigfd/detail/signal_bits.hpp>
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

// A set as the kernel has it.
struct kernel_sigset
{
  static constexpr int bits = 8 * sizeof(unsigned long);

  explicit kernel_sigset(signal_bits set) noexcept
  {
    for_each_number(set, [&](int number) {
      words[(number - 1) / bits] |= 1ul << ((number - 1) % bits);
    });
  }

  unsigned long words[64 / bits] = {};
};

signal_info sigwait_info(signal_bits set, const ::timespec* within) noexcept
{
  const kernel_sigset numbers(set);
  ::siginfo_t info{}; // valgrind does not know that the call writes it
  const long number = ::syscall(
      SYS_rt_sigtimedwait, &numbers, &info, within, sizeof numbers);
  if (number <= 0)
    return signal_info();
  signal_info taken(info);
  restore_code(taken);
  return taken;
}

signal_info take_pending(int number) noexcept
{
  const ::timespec at_once{};
  signal_info info;
  do
  {
    errno = 0;
    info = sigwait_info(bit_of(number), &at_once);
  } while (info.number() == 0 && errno == EINTR);
  return info;
}

void block_reserved(int number) noexcept
{
  const kernel_sigset only(bit_of(number));
  ::syscall(SYS_rt_sigprocmask, SIG_BLOCK, &only, nullptr, sizeof only);
}

boost::system::error_code check_signal_wait() noexcept
{
  const ::timespec at_once{};
  sigwait_info(0, &at_once);
  const bool done = (errno == EAGAIN || errno == EINTR)
      && ::syscall(SYS_tgkill, ::getpid(), ::gettid(), 0) == 0;
  return done ? boost::system::error_code() : system_error_code(errno);
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_SIGWAIT_IPP
