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

#include <sigfd/detail/config.hpp>
#include <sigfd/basic_signalfd.hpp>

namespace sigfd {

/// Waits for signals, with the default executor.
/**
 * Not named @c signalfd: a using-declaration of that name at file scope would
 * clash with the function of signalfd(2).
 */
using signal_fd = basic_signalfd<>;

} // namespace sigfd

#endif // SIGFD_SIGNAL_FD_HPP
