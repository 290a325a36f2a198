//
// detail/pipe_source.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_PIPE_SOURCE_HPP
#define SIGFD_DETAIL_PIPE_SOURCE_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/fork_reset.hpp>
#include <sigfd/detail/unique_fd.hpp>

#include <boost/system/error_code.hpp>

#include <cstdint>

namespace sigfd::detail {

// Stands in for signalfd(2): a pipe that is readable while an object has
// undelivered signals, and a user of the pipe_thread, which takes them.
class pipe_source
{
public:
  pipe_source() noexcept = default;
  pipe_source(const pipe_source&) = delete;
  pipe_source& operator=(const pipe_source&) = delete;

  ~pipe_source()
  {
    close();
  }

  // Makes the pipe and the thread; the reading end, non-blocking and closed on
  // exec. The caller owns it, and uses nothing of this but close() when it has
  // closed it.
  SIGFD_DECL unique_fd open(boost::system::error_code& ec) noexcept;

  bool is_open() const noexcept
  {
    return fd_ != -1;
  }

  // Whether it is a user of the thread: not in a child of fork(2) that has not
  // reopened it.
  bool has_thread() const noexcept
  {
    return is_open() && owner_ == this_process();
  }

  // Makes the descriptor readable, or not.
  SIGFD_DECL void set_readable(bool readable) noexcept;

  // Needs the thread no longer.
  SIGFD_DECL void close() noexcept;

  // After fork(2), in the child, where there is no thread and the pipe is the
  // parent's. The caller has closed the old reading end.
  SIGFD_DECL unique_fd reopen_after_fork(
      boost::system::error_code& ec) noexcept;

private:
  int fd_ = -1; // the reading end
  unique_fd write_end_;
  bool is_readable_ = false;
  std::uint32_t owner_ = 0; // the process that has the thread
};

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/pipe_source.ipp)

#endif // SIGFD_DETAIL_PIPE_SOURCE_HPP
