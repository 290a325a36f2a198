//
// version.hpp
// ~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_VERSION_HPP
#define SIGFD_VERSION_HPP

#include <sigfd/detail/config.hpp>

/// The version of this library, as major * 10000 + minor * 100 + patch.
/**
 * @par Example
 * @code
 * static_assert(SIGFD_VERSION >= 100, "sigfd 0.1.0 or newer is needed");
 * @endcode
 *
 * @since 0.1.0
 *
 * @see SIGFD_VERSION_STRING
 */
#define SIGFD_VERSION 100

/// The version of this library as text, such as "0.1.0".
/**
 * @since 0.1.0
 *
 * @see SIGFD_VERSION
 */
#define SIGFD_VERSION_STRING "0.1.0"

#endif // SIGFD_VERSION_HPP
