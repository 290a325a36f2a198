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
#define SIGFD_VERSION 100

/// The same version as text.
#define SIGFD_VERSION_STRING "0.1.0"

#endif // SIGFD_VERSION_HPP
