//
// detail/sigwait.hpp
// ~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_SIGWAIT_HPP
#define SIGFD_DETAIL_SIGWAIT_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/signal_bits.hpp>
#include <sigfd/signal_info.hpp>

#include <boost/system/error_code.hpp>

#include <time.h>

namespace sigfd::detail {

// Takes one of a set of signals that the thread blocks, once there is one, or
// within a time; an object with the number 0 if there was none, or the wait was
// interrupted. By the system call itself: glibc's sigwaitinfo changes the code
// SI_TKILL.
SIGFD_DECL signal_info sigwait_info(
    signal_bits set, const ::timespec* within = nullptr) noexcept;

// Takes a signal that the thread blocks if it is pending for the process, or
// for this thread; an object with the number 0 if it is not.
SIGFD_DECL signal_info take_pending(int number) noexcept;

// Blocks a signal in this thread, also one of those that the C library keeps
// for its own threads: its pthread_sigmask leaves these alone.
SIGFD_DECL void block_reserved(int number) noexcept;

// The error with which a sandbox refuses to wait for signals, or to wake who
// waits, if it does.
SIGFD_DECL boost::system::error_code check_signal_wait() noexcept;

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/sigwait.ipp)

#endif // SIGFD_DETAIL_SIGWAIT_HPP
