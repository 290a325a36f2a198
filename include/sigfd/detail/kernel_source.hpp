//
// detail/kernel_source.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_KERNEL_SOURCE_HPP
#define SIGFD_DETAIL_KERNEL_SOURCE_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/read_siginfo.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <span>

namespace sigfd::detail {

// The signals of a mask through signalfd(2).
class kernel_source
{
public:
  // Makes the descriptor, non-blocking and closed on exec.
  SIGFD_DECL unique_fd open(
      const signal_mask& mask, boost::system::error_code& ec) noexcept;

  // Changes the mask. What is pending of a signal that goes stays pending.
  SIGFD_DECL void update(
      const signal_mask& mask, boost::system::error_code& ec) noexcept;

  // Takes as many as there are and fit; how many, or -errno.
  std::ptrdiff_t take(std::span<signal_info> infos) noexcept
  {
    return read_siginfo(fd_, infos);
  }

  // Forgets the descriptor.
  void close() noexcept
  {
    fd_ = -1;
  }

private:
  int fd_ = -1; // not owned: whoever waits for it owns it
};

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/kernel_source.ipp)

#endif // SIGFD_DETAIL_KERNEL_SOURCE_HPP
