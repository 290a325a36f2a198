//
// detail/requeue.hpp
// ~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_REQUEUE_HPP
#define SIGFD_DETAIL_REQUEUE_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/signal_info.hpp>

#include <boost/system/error_code.hpp>

#include <signal.h>

#include <cstdint>

namespace sigfd::detail {

// Queues signals to the process again, with all that came with them. Everything
// here may run in a signal handler.

// A real-time signal that kill(2) sent, with the code SI_USER, cannot be queued
// again under that code: where RLIMIT_SIGPENDING is reached, the kernel accepts
// it and keeps no more than its number. It goes as SI_TKILL with this value,
// which the kernel keeps or refuses, and which no other process can send
// (rt_sigqueueinfo(2)); tkill(2) itself gives no value.
inline constexpr std::uint64_t sent_by_kill = 0x5347'4644'6b69'6c6c;

// Whether the kernel had room for no more than the number, as it seems: the
// sender may also be outside of this pid namespace.
inline bool is_bare(const signal_info& info) noexcept
{
  return info.code() == SI_USER && info.native().ssi_pid == 0;
}

// Queues a signal to the process; false if the kernel refuses it. It goes by
// the ID of the calling thread: to itself a thread may queue any code, also
// those of kill(2) and of the kernel, and a signal that is queued is directed
// at the process nevertheless (rt_sigqueueinfo(2)).
SIGFD_DECL bool requeue_raw(const signal_info& info) noexcept;

// Gives a record that came back from the kernel the code it had.
SIGFD_DECL void restore_code(signal_info& info) noexcept;

// The error with which a sandbox refuses to queue signals, if it does. The
// number 0 stands for no signal.
SIGFD_DECL boost::system::error_code check_queueing() noexcept;

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/requeue.ipp)

#endif // SIGFD_DETAIL_REQUEUE_HPP
