//
// detail/describe_signal.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_DESCRIBE_SIGNAL_HPP
#define SIGFD_DETAIL_DESCRIBE_SIGNAL_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/signal_name.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace sigfd::detail {

// The name with its number: "SIGKILL (9)".
inline std::string describe_signal(int number)
{
  return std::string(signal_name(number)) + " (" + std::to_string(number) + ")";
}

// Why a number cannot be watched: "SIGKILL (9) cannot be caught".
inline std::string why_not_watchable(int number)
{
  constexpr std::string_view reasons[] = {"", " is out of range",
      " belongs to the C library", " cannot be caught",
      " is a synchronous fault"};
  const auto kind = static_cast<std::size_t>(kind_of(number));
  return describe_signal(number) + std::string(reasons[kind]);
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_DESCRIBE_SIGNAL_HPP
