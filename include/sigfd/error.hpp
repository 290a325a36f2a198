//
// error.hpp
// ~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_ERROR_HPP
#define SIGFD_ERROR_HPP

#include <sigfd/detail/config.hpp>

#include <boost/system/error_code.hpp>

namespace sigfd {

/// The category of the errors that are sigfd's own, named "sigfd".
/**
 * There are two, each about a signal that the message names:
 *
 * @li @c mask_policy::require was asked for, and the signal is not blocked in
 * the calling thread. Equivalent to the condition
 * @c boost::system::errc::operation_not_permitted.
 *
 * @li another object of the process watches the signal with another
 * delivery_policy. Equivalent to the condition
 * @c boost::system::errc::device_or_resource_busy.
 *
 * All other errors are the system's or Asio's.
 */
SIGFD_DECL const boost::system::error_category& error_category() noexcept;

/// The error that says that a signal is not blocked in the calling thread.
SIGFD_DECL boost::system::error_code make_not_blocked_error(
    int signal_number) noexcept;

/// The error that says that another object watches a signal with another
/// delivery_policy.
SIGFD_DECL boost::system::error_code make_delivery_conflict_error(
    int signal_number) noexcept;

} // namespace sigfd

#include SIGFD_SOURCE(sigfd/impl/error.ipp)

#endif // SIGFD_ERROR_HPP
