//
// signal_fd.hpp
// ~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_SIGNAL_FD_HPP
#define SIGFD_SIGNAL_FD_HPP

#include <sigfd/basic_signalfd.hpp>
#include <sigfd/detail/config.hpp>

namespace sigfd {

/// Waits for signals, with the executor type that Asio's types default to.
/**
 * The name is not @c signalfd: a using-declaration of that at file scope would
 * clash with the function of signalfd(2).
 *
 * @par Example
 * @code
 * boost::asio::io_context context;
 * sigfd::signal_fd signals(context, SIGINT, SIGTERM);
 * std::cout << signals.wait() << '\n';
 * @endcode
 *
 * @since 0.1.0
 *
 * @see basic_signalfd
 */
using signal_fd = basic_signalfd<>;

} // namespace sigfd

#endif // SIGFD_SIGNAL_FD_HPP
