//
// error.hpp
// ~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_ERROR_HPP
#define SIGFD_ERROR_HPP

#include <sigfd/detail/config.hpp>

#include <boost/system/error_code.hpp>

namespace sigfd {

/// The category of the one error that is sigfd's own, named "sigfd".
/**
 * The error says that @c mask_policy::require was asked for and a signal is
 * not blocked in the calling thread. The value is the number of the first such
 * signal, and the message names it. The error is equivalent to the condition
 * @c boost::system::errc::operation_not_permitted.
 *
 * All other errors are the system's or Asio's.
 */
SIGFD_DECL const boost::system::error_category& error_category() noexcept;

/// The error that says that a signal is not blocked in the calling thread.
SIGFD_DECL boost::system::error_code make_not_blocked_error(
    int signal_number) noexcept;

} // namespace sigfd

#include SIGFD_SOURCE(sigfd/impl/error.ipp)

#endif // SIGFD_ERROR_HPP
