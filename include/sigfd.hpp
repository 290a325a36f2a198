//
// sigfd.hpp
// ~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_HPP
#define SIGFD_HPP

#include <sigfd/basic_signalfd.hpp>
#include <sigfd/error.hpp>
#include <sigfd/open_options.hpp>
#include <sigfd/signal_fd.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>
#include <sigfd/signal_name.hpp>
#include <sigfd/spawn.hpp>
#include <sigfd/stray_counts.hpp>
#include <sigfd/thread_audit.hpp>
#include <sigfd/version.hpp>

/**
 * @namespace sigfd
 *
 * @brief Has the names of the library.
 *
 * basic_signalfd waits for signals, and signal_fd is its usual type. What
 * arrives is a signal_info. Call block_signals() before the first thread is
 * started.
 *
 * @par Errors
 * A member function that can fail has two overloads: one throws
 * @c boost::system::system_error, one sets its last parameter. An error that is
 * written as EMFILE has that value of errno(3) and the category
 * @c boost::system::system_category(). So have Asio's errors
 * @c bad_descriptor (EBADF), @c invalid_argument (EINVAL), @c no_memory
 * (ENOMEM), @c operation_aborted (ECANCELED) and @c operation_not_supported
 * (EOPNOTSUPP); @c already_open has a category of Asio's. For sigfd's own, see
 * error_category().
 *
 * @par SIGFD_SEPARATE_COMPILATION
 * By default the headers define everything. Where the whole program is compiled
 * with -DSIGFD_SEPARATE_COMPILATION they declare only, and one source file of
 * the program has to include @c sigfd/impl/src.hpp, which has the definitions.
 * All files of a program must agree on it.
 *
 * @since 0.1.0
 */

#endif // SIGFD_HPP
