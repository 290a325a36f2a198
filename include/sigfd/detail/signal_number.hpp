//
// detail/signal_number.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_SIGNAL_NUMBER_HPP
#define SIGFD_DETAIL_SIGNAL_NUMBER_HPP

#include <sigfd/detail/config.hpp>

#include <signal.h>

namespace sigfd::detail {

// Signal numbers run from 1 to here: SIGRTMAX, which is 64 on the architectures
// that have the usual numbers (signal(7)).
inline constexpr int last_signal_number = _NSIG - 1;

// From here to SIGRTMIN, numbers belong to the C library (signal(7)).
inline constexpr int first_reserved_number = 32;

// What a number is, as far as waiting for it goes.
enum class signal_kind
{
  watchable,
  out_of_range,
  reserved, // the C library uses it for its own threads (nptl(7))
  uncatchable, // SIGKILL and SIGSTOP cannot be blocked (signal(7))
  synchronous // blocking a real fault is undefined (POSIX, pthread_sigmask)
};

// Classifies a number.
inline signal_kind kind_of(int number) noexcept
{
  if (number < 1 || number > last_signal_number)
    return signal_kind::out_of_range;
  if (number >= first_reserved_number && number < SIGRTMIN)
    return signal_kind::reserved;
  if (number == SIGKILL || number == SIGSTOP)
    return signal_kind::uncatchable;
  if (number == SIGILL || number == SIGFPE || number == SIGSEGV)
    return signal_kind::synchronous;
  return signal_kind::watchable;
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_SIGNAL_NUMBER_HPP
