//
// impl/spawn.ipp
// ~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_IMPL_SPAWN_IPP
#define SIGFD_IMPL_SPAWN_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/spawn.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

namespace sigfd {

void reset_signals() noexcept
{
  // An action of zeros is the default in the kernel's layout too, whatever the
  // order of its members: SIG_DFL, no flags, an empty mask. As large as any.
  constexpr unsigned long zeros[32] = {};
  constexpr unsigned long set_size = (detail::last_signal_number + 7) / 8;
  const int saved_errno = errno;
  for (int n = 1; n <= detail::last_signal_number; ++n)
    if (detail::kind_of(n) != detail::signal_kind::uncatchable)
      ::syscall(SYS_rt_sigaction, n, zeros, nullptr, set_size);
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, zeros, nullptr, set_size);
  errno = saved_errno;
}

spawn_attributes::spawn_attributes()
{
  boost::system::error_code ec;
  initialize(ec);
  detail::throw_error(ec, "spawn_attributes");
}

spawn_attributes::spawn_attributes(boost::system::error_code& ec) noexcept
{
  initialize(ec);
}

void spawn_attributes::add_flags(short flags)
{
  boost::system::error_code ec;
  add_flags(flags, ec);
  detail::throw_error(ec, "spawn_attributes::add_flags");
}

void spawn_attributes::add_flags(
    short flags, boost::system::error_code& ec) noexcept
{
  short old = 0;
  int error = ::posix_spawnattr_getflags(&native_, &old);
  if (error == 0)
    error = ::posix_spawnattr_setflags(
        &native_, static_cast<short>(old | flags));
  ec = detail::system_error_code(error);
}

void spawn_attributes::initialize(boost::system::error_code& ec) noexcept
{
  ec = detail::system_error_code(::posix_spawnattr_init(&native_));
  if (ec)
    return;
  initialized_ = true;
  ::sigset_t set;
  ::sigemptyset(&set);
  int error = ::posix_spawnattr_setsigmask(&native_, &set);
  std::memset(&set, 0xff, sizeof set); // with those of the C library
  if (error == 0)
    error = ::posix_spawnattr_setsigdefault(&native_, &set);
  if (error == 0)
    error = ::posix_spawnattr_setflags(
        &native_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  ec = detail::system_error_code(error);
}

} // namespace sigfd

#endif // SIGFD_IMPL_SPAWN_IPP
