//
// detail/impl/kernel_source.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_KERNEL_SOURCE_IPP
#define SIGFD_DETAIL_IMPL_KERNEL_SOURCE_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/kernel_source.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>
#include <sys/signalfd.h>

namespace sigfd::detail {

unique_fd kernel_source::open(
    const signal_mask& mask, boost::system::error_code& ec) noexcept
{
  unique_fd fd(::signalfd(-1, &mask.native(), SFD_NONBLOCK | SFD_CLOEXEC));
  ec = fd ? boost::system::error_code() : system_error_code(errno);
  fd_ = fd.get();
  return fd;
}

void kernel_source::update(
    const signal_mask& mask, boost::system::error_code& ec) noexcept
{
  const bool done = ::signalfd(fd_, &mask.native(), 0) != -1;
  ec = done ? boost::system::error_code() : system_error_code(errno);
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_KERNEL_SOURCE_IPP
