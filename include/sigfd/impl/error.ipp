//
// impl/error.ipp
// ~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_IMPL_ERROR_IPP
#define SIGFD_IMPL_ERROR_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/describe_signal.hpp>
#include <sigfd/error.hpp>

#include <boost/system/error_code.hpp>

#include <string>

namespace sigfd {
namespace detail {

// The values are the number of the signal, and from here on the number more.
inline constexpr int first_conflict = 0x100;

// Boost protects the destructor of the base, which is enough, but has friends.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class sigfd_category final : public boost::system::error_category
{
public:
  // By its ID the category is one, also where shared libraries have one each.
  sigfd_category() noexcept
    : boost::system::error_category(0x51676664'5f657272)
  {
  }

  const char* name() const noexcept override
  {
    return "sigfd";
  }

  std::string message(int value) const override
  {
    if (value < first_conflict)
      return describe_signal(value) + " is not blocked in the calling thread";
    return describe_signal(value - first_conflict)
        + " is watched with another delivery_policy in this process";
  }

  boost::system::error_condition default_error_condition(
      int value) const noexcept override
  {
    return boost::system::errc::make_error_condition(value < first_conflict
            ? boost::system::errc::operation_not_permitted
            : boost::system::errc::device_or_resource_busy);
  }
};
#pragma GCC diagnostic pop

} // namespace detail

const boost::system::error_category& error_category() noexcept
{
  static const detail::sigfd_category category;
  return category;
}

boost::system::error_code make_not_blocked_error(int signal_number) noexcept
{
  return boost::system::error_code(signal_number, error_category());
}

boost::system::error_code make_delivery_conflict_error(
    int signal_number) noexcept
{
  return boost::system::error_code(
      detail::first_conflict + signal_number, error_category());
}

} // namespace sigfd

#endif // SIGFD_IMPL_ERROR_IPP
