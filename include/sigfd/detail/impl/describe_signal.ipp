//
// detail/impl/describe_signal.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_DESCRIBE_SIGNAL_IPP
#define SIGFD_DETAIL_IMPL_DESCRIBE_SIGNAL_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/describe_signal.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/signal_name.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace sigfd::detail {

std::string describe_signal(int number)
{
  return std::string(signal_name(number)) + " (" + std::to_string(number) + ")";
}

std::string why_not_watchable(int number)
{
  constexpr std::string_view reasons[] = {"", " is out of range",
      " belongs to the C library", " cannot be caught",
      " is a synchronous fault"};
  const auto kind = static_cast<std::size_t>(kind_of(number));
  return describe_signal(number) + std::string(reasons[kind]);
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_DESCRIBE_SIGNAL_IPP
