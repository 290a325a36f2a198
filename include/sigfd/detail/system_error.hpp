//
// detail/system_error.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_SYSTEM_ERROR_HPP
#define SIGFD_DETAIL_SYSTEM_ERROR_HPP

#include <sigfd/detail/config.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>
#include <boost/throw_exception.hpp>

namespace sigfd::detail {

// An errno value as an error_code. The category is the system's, as Asio's own
// errors have it, so that both ec == boost::asio::error::invalid_argument and
// ec == boost::system::errc::invalid_argument hold for EINVAL.
inline boost::system::error_code system_error_code(int value) noexcept
{
  return boost::system::error_code(value, boost::system::system_category());
}

// The errno value in a result that is a count, or an error, negative. A long
// and not a std::ptrdiff_t, which is an int where g++ would call the cast
// useless.
inline int errno_of(long result) noexcept
{
  return static_cast<int>(-result);
}

// Throws boost::system::system_error with the operation's name in its message,
// if ec is an error. If it is not, no string is made.
template <typename String>
void throw_error(const boost::system::error_code& ec, const String& operation)
{
  if (ec)
    boost::throw_exception(boost::system::system_error(ec, operation));
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_SYSTEM_ERROR_HPP
