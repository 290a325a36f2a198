//
// impl/signal_mask.ipp
// ~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_IMPL_SIGNAL_MASK_IPP
#define SIGFD_IMPL_SIGNAL_MASK_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/describe_signal.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/signal_mask.hpp>
#include <sigfd/signal_name.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>
#include <signal.h>

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <ostream>
#include <string>

namespace sigfd {
namespace detail {

// EINVAL unless a number is acceptable.
inline boost::system::error_code check_signal(bool acceptable) noexcept
{
  return acceptable ? boost::system::error_code() : system_error_code(EINVAL);
}

} // namespace detail

signal_mask::signal_mask(std::initializer_list<int> signal_numbers)
  : signal_mask()
{
  for (const int signal_number : signal_numbers)
    add(signal_number);
}

signal_mask::signal_mask(const ::sigset_t& native)
  : signal_mask()
{
  for (int n = 1; n <= detail::last_signal_number; ++n)
    if (::sigismember(&native, n) == 1)
      add(n);
}

signal_mask signal_mask::all() noexcept
{
  signal_mask mask;
  for (int n = 1; n <= detail::last_signal_number; ++n)
    if (can_hold(n))
      ::sigaddset(&mask.set_, n);
  return mask;
}

void signal_mask::add(int signal_number)
{
  boost::system::error_code ec;
  add(signal_number, ec);
  if (ec)
    detail::throw_error(
        ec, "signal_mask::add: " + detail::why_not_watchable(signal_number));
}

void signal_mask::add(int signal_number, boost::system::error_code& ec) noexcept
{
  ec = detail::check_signal(can_hold(signal_number));
  if (!ec)
    ::sigaddset(&set_, signal_number);
}

void signal_mask::remove(int signal_number)
{
  boost::system::error_code ec;
  remove(signal_number, ec);
  if (ec)
    detail::throw_error(
        ec, "signal_mask::remove: " + detail::why_not_watchable(signal_number));
}

void signal_mask::remove(
    int signal_number, boost::system::error_code& ec) noexcept
{
  ec = detail::check_signal(
      detail::kind_of(signal_number) != detail::signal_kind::out_of_range);
  if (!ec)
    ::sigdelset(&set_, signal_number);
}

std::size_t signal_mask::size() const noexcept
{
  return static_cast<std::size_t>(std::distance(begin(), end()));
}

signal_mask signal_mask::operator|(const signal_mask& other) const noexcept
{
  signal_mask result = *this;
  for (const int n : other)
    ::sigaddset(&result.set_, n);
  return result;
}

signal_mask signal_mask::operator&(const signal_mask& other) const noexcept
{
  return *this - (*this - other);
}

signal_mask signal_mask::operator-(const signal_mask& other) const noexcept
{
  signal_mask result = *this;
  for (const int n : other)
    ::sigdelset(&result.set_, n);
  return result;
}

bool signal_mask::operator==(const signal_mask& other) const noexcept
{
  for (int n = 1; n <= detail::last_signal_number; ++n)
    if (contains(n) != other.contains(n))
      return false;
  return true;
}

signal_mask::const_iterator& signal_mask::const_iterator::operator++() noexcept
{
  do
    ++number_;
  while (number_ <= detail::last_signal_number && !mask_->contains(number_));
  return *this;
}

std::ostream& operator<<(std::ostream& os, const signal_mask& mask)
{
  std::string text;
  for (const int n : mask)
    text.append(text.empty() ? "" : ", ").append(signal_name(n));
  return os << '{' + text + '}';
}

scoped_signal_block::scoped_signal_block(const signal_mask& mask) noexcept
{
  ::sigset_t old;
  if (::pthread_sigmask(SIG_BLOCK, &mask.native(), &old) != 0)
    return; // a sandbox refuses it: nothing is to be unblocked
  for (const int n : mask)
    if (::sigismember(&old, n) == 0)
      changed_.add(n);
}

} // namespace sigfd

#endif // SIGFD_IMPL_SIGNAL_MASK_IPP
