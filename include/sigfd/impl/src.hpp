//
// impl/src.hpp
// ~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_IMPL_SRC_HPP
#define SIGFD_IMPL_SRC_HPP

// To be included in exactly one source file of a program that is compiled with
// SIGFD_SEPARATE_COMPILATION.

#include <sigfd/detail/config.hpp>

static_assert(SIGFD_IS_SEPARATELY_COMPILED,
    "<sigfd/impl/src.hpp> is for programs that are compiled with "
    "-DSIGFD_SEPARATE_COMPILATION: without it, each header has everything");

#include <sigfd/basic_signalfd.hpp>
#include <sigfd/detail/impl/describe_signal.ipp>
#include <sigfd/detail/impl/handler_registration.ipp>
#include <sigfd/detail/impl/handler_table.ipp>
#include <sigfd/detail/impl/keep_mapped.ipp>
#include <sigfd/detail/impl/kernel_source.ipp>
#include <sigfd/detail/impl/pipe_source.ipp>
#include <sigfd/detail/impl/pipe_thread.ipp>
#include <sigfd/detail/impl/read_siginfo.ipp>
#include <sigfd/detail/impl/requeue.ipp>
#include <sigfd/detail/impl/signal_source.ipp>
#include <sigfd/detail/impl/signalfd_impl.ipp>
#include <sigfd/detail/impl/signalfd_service.ipp>
#include <sigfd/detail/impl/sigwait.ipp>
#include <sigfd/detail/impl/stray_handler.ipp>
#include <sigfd/detail/impl/stray_queue.ipp>
#include <sigfd/detail/impl/take_shared.ipp>
#include <sigfd/detail/impl/try_requeue.ipp>
#include <sigfd/detail/impl/undelivered.ipp>
#include <sigfd/detail/impl/wait_op.ipp>
#include <sigfd/detail/impl/watcher_table.ipp>
#include <sigfd/impl/error.ipp>
#include <sigfd/impl/signal_info.ipp>
#include <sigfd/impl/signal_mask.ipp>
#include <sigfd/impl/signal_name.ipp>
#include <sigfd/impl/spawn.ipp>
#include <sigfd/impl/stray_counts.ipp>
#include <sigfd/impl/thread_audit.ipp>

#include <boost/asio/any_io_executor.hpp>

namespace sigfd {

template class basic_signalfd<boost::asio::any_io_executor>;
template class detail::executor_op<boost::asio::any_io_executor>;
template detail::signalfd_impl_ptr detail::make_impl(
    const boost::asio::any_io_executor& executor);

} // namespace sigfd

#endif // SIGFD_IMPL_SRC_HPP
