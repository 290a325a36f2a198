//
// detail/read_siginfo.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_READ_SIGINFO_HPP
#define SIGFD_DETAIL_READ_SIGINFO_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/signal_info.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>
#include <unistd.h>

#include <cstddef>
#include <span>

namespace sigfd::detail {

// What every source has: a non-blocking descriptor that is filled with records.
// It is not owned: whoever waits for it owns it, and outlives close().
class siginfo_reader
{
public:
  // Takes up to infos.size() records, which must not be 0, by one read(2).
  // Never blocks; 0 without an error says that nothing is there.
  std::size_t take(
      std::span<signal_info> infos, boost::system::error_code& ec) noexcept
  {
    const ::ssize_t n = ::read(fd_, infos.data(), infos.size_bytes());
    ec = n != -1 || errno == EAGAIN ? boost::system::error_code()
                                    : system_error_code(errno);
    return n > 0 ? static_cast<std::size_t>(n) / sizeof(signal_info) : 0;
  }

protected:
  int fd_ = -1;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_READ_SIGINFO_HPP
