//
// detail/impl/handler_registration.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_HANDLER_REGISTRATION_IPP
#define SIGFD_DETAIL_IMPL_HANDLER_REGISTRATION_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/handler_registration.hpp>
#include <sigfd/detail/handler_table.hpp>
#include <sigfd/signal_mask.hpp>
#include <sigfd/signalfd_base.hpp>

#include <boost/system/error_code.hpp>

namespace sigfd::detail {

void handler_registration::stay_mapped() noexcept
{
  handlers.stay_mapped();
}

void handler_registration::add(
    int number, signalfd_base::flags f, boost::system::error_code& ec) noexcept
{
  handlers.add(number, f, !mask_.contains(number), ec);
  if (!ec)
    mask_.add(number);
}

void handler_registration::set(const signal_mask& mask) noexcept
{
  boost::system::error_code ec; // without flags, there is no conflict
  for (const int n : mask - mask_)
    handlers.add(n, signalfd_base::flags::dont_care, true, ec);
  for (const int n : mask_ - mask)
    handlers.remove(n);
  mask_ = mask;
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_HANDLER_REGISTRATION_IPP
