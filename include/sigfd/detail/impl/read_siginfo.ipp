//
// detail/impl/read_siginfo.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_READ_SIGINFO_IPP
#define SIGFD_DETAIL_IMPL_READ_SIGINFO_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/read_siginfo.hpp>
#include <sigfd/detail/requeue.hpp>
#include <sigfd/signal_info.hpp>

#include <errno.h>
#include <unistd.h>

#include <cstddef>
#include <span>

namespace sigfd::detail {

std::ptrdiff_t read_siginfo(int fd, std::span<signal_info> infos) noexcept
{
  ::ssize_t size = -1;
  do
    size = ::read(fd, infos.data(), infos.size_bytes());
  while (size == -1 && errno == EINTR); // somebody had it block
  if (size == -1)
    return errno == EAGAIN ? 0 : -errno;
  const auto count = static_cast<std::size_t>(size) / sizeof(signal_info);
  for (signal_info& info : infos.first(count))
    restore_code(info);
  return static_cast<std::ptrdiff_t>(count);
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_READ_SIGINFO_IPP
