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

/// Gets the category of the errors that are sigfd's own, named "sigfd".
/**
 * Each of its error codes is about one signal, which the message names:
 *
 * @li the calling thread does not block the signal, as
 * @c mask_policy::require demands: make_not_blocked_error();
 *
 * @li another object watches the signal with the other delivery_policy:
 * make_delivery_conflict_error().
 *
 * All other errors are the system's or Asio's.
 *
 * @returns The category. It compares equal in all shared objects of a process.
 *
 * @par Thread Safety
 * Safe.
 *
 * @par Example
 * @code
 * boost::system::error_code ec;
 * signals.open({SIGWINCH}, {.mask = sigfd::mask_policy::require}, ec);
 * if (ec.category() == sigfd::error_category())
 *   std::cerr << ec.message() << '\n';
 *     // SIGWINCH (28) is not blocked in the calling thread
 * @endcode
 *
 * @since 0.1.0
 */
SIGFD_DECL const boost::system::error_category& error_category() noexcept;

/// Makes the error that says that the calling thread does not block a signal.
/**
 * @param signal_number The signal.
 *
 * @returns An error of error_category(). It is equivalent to the condition
 * @c boost::system::errc::operation_not_permitted.
 *
 * @par Thread Safety
 * Safe.
 *
 * @par Example
 * @code
 * if (ec == sigfd::make_not_blocked_error(SIGTERM))
 *   sigfd::block_signals({SIGTERM});
 * @endcode
 *
 * @since 0.1.0
 *
 * @see mask_policy
 */
SIGFD_DECL boost::system::error_code make_not_blocked_error(
    int signal_number) noexcept;

/// Makes the error that says that objects disagree on a delivery_policy.
/**
 * Another object of the process watches the signal with the other policy.
 *
 * @param signal_number The signal.
 *
 * @returns An error of error_category(). It is equivalent to the condition
 * @c boost::system::errc::device_or_resource_busy.
 *
 * @par Thread Safety
 * Safe.
 *
 * @since 0.1.0
 *
 * @see delivery_policy
 */
SIGFD_DECL boost::system::error_code make_delivery_conflict_error(
    int signal_number) noexcept;

} // namespace sigfd

#include SIGFD_SOURCE(sigfd/impl/error.ipp)

#endif // SIGFD_ERROR_HPP
