//
// signal_name.hpp
// ~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_SIGNAL_NAME_HPP
#define SIGFD_SIGNAL_NAME_HPP

#include <sigfd/detail/config.hpp>

#include <string_view>

namespace sigfd {

/// Gets the name of a signal, such as "SIGTERM" or "SIGRTMIN+3".
/**
 * @param number The number of the signal; any @c int will do.
 *
 * @returns The name as in signal(7), real-time signals counted from SIGRTMIN;
 * "reserved signal" for a number that the C library uses itself (nptl(7));
 * "unknown signal" for one that is out of range. The text is static and ends
 * with a null character.
 *
 * @par Thread Safety
 * Safe, and async-signal-safe (signal-safety(7)).
 *
 * @par Example
 * @code
 * std::cout << sigfd::signal_name(15) << '\n'; // SIGTERM
 * @endcode
 *
 * @since 0.1.0
 *
 * @see signal_info::name(), strsignal(3)
 */
SIGFD_DECL std::string_view signal_name(int number) noexcept;

} // namespace sigfd

#include SIGFD_SOURCE(sigfd/impl/signal_name.ipp)

#endif // SIGFD_SIGNAL_NAME_HPP
