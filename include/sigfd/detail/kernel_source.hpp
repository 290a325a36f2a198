//
// detail/kernel_source.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_KERNEL_SOURCE_HPP
#define SIGFD_DETAIL_KERNEL_SOURCE_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>
#include <sys/signalfd.h>

namespace sigfd::detail {

// The signals of a mask through signalfd(2).
class kernel_source
{
public:
  // Makes the descriptor, non-blocking and closed on exec.
  unique_fd open(
      const signal_mask& mask, boost::system::error_code& ec) noexcept
  {
    unique_fd fd(
        ::signalfd(-1, &mask.native(), SFD_NONBLOCK | SFD_CLOEXEC));
    ec = fd ? boost::system::error_code() : system_error_code(errno);
    fd_ = fd.get();
    return fd;
  }

  // Changes the mask. What is pending of a signal that goes stays pending.
  void update(const signal_mask& mask, boost::system::error_code& ec) noexcept
  {
    const bool done = ::signalfd(fd_, &mask.native(), 0) != -1;
    ec = done ? boost::system::error_code() : system_error_code(errno);
  }

  // Forgets the descriptor.
  void close() noexcept
  {
    fd_ = -1;
  }

private:
  int fd_ = -1; // not owned: whoever waits for it owns it, and outlives close()
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_KERNEL_SOURCE_HPP
