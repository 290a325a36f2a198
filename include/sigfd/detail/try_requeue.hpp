//
// detail/try_requeue.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_TRY_REQUEUE_HPP
#define SIGFD_DETAIL_TRY_REQUEUE_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/signal_info.hpp>

namespace sigfd::detail {

// How many signals the processes of the user have queued with their siginfo,
// and how many they may: the line SigQ of proc(5).
struct queue_usage
{
  unsigned long used = 1'000'000; // as long as one does not know better
  unsigned long most = used + 1;
};

SIGFD_DECL queue_usage read_queue_usage() noexcept;

// Queues a signal to the process again; false if it would act in this thread,
// or not be kept as it is. The kernel merges a standard signal with a pending
// one, drops stop signals for SIGCONT and the other way round, and keeps the
// number alone of what it cannot refuse at RLIMIT_SIGPENDING.
SIGFD_DECL bool try_requeue(const signal_info& info) noexcept;

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/try_requeue.ipp)

#endif // SIGFD_DETAIL_TRY_REQUEUE_HPP
