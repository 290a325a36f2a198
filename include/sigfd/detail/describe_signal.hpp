//
// detail/describe_signal.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_DESCRIBE_SIGNAL_HPP
#define SIGFD_DETAIL_DESCRIBE_SIGNAL_HPP

#include <sigfd/detail/config.hpp>

#include <string>

namespace sigfd::detail {

// The name with its number: "SIGKILL (9)".
SIGFD_DECL std::string describe_signal(int number);

// Why a number cannot be watched: "SIGKILL (9) cannot be caught".
SIGFD_DECL std::string why_not_watchable(int number);

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/describe_signal.ipp)

#endif // SIGFD_DETAIL_DESCRIBE_SIGNAL_HPP
