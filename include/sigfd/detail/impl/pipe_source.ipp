//
// detail/impl/pipe_source.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_PIPE_SOURCE_IPP
#define SIGFD_DETAIL_IMPL_PIPE_SOURCE_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/fork_reset.hpp>
#include <sigfd/detail/pipe_source.hpp>
#include <sigfd/detail/pipe_thread.hpp>
#include <sigfd/detail/requeue.hpp>
#include <sigfd/detail/sigwait.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/unique_fd.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace sigfd::detail {

unique_fd pipe_source::open(boost::system::error_code& ec) noexcept
{
  ec = check_signal_wait();
  if (!ec)
    ec = check_queueing(); // to give signals back
  if (ec)
    return {};
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == -1)
  {
    ec = system_error_code(errno);
    return {};
  }
  unique_fd read_end(ends[0]);
  unique_fd write_end(ends[1]);
  pipe_thread::stay_mapped();
  the_pipe_thread().add_user(ec);
  if (ec)
    return {};
  owner_ = this_process();
  fd_ = read_end.get();
  write_end_ = std::move(write_end);
  is_readable_ = false;
  return read_end;
}

// One byte at most is ever in the pipe. The kernel may have no memory for it:
// then nobody would be woken.
void pipe_source::set_readable(bool readable) noexcept
{
  if (std::exchange(is_readable_, readable) == readable)
    return;
  char byte = 0;
  if (readable)
    while (::write(write_end_.get(), &byte, 1) == -1
        && (errno == EINTR || errno == ENOMEM))
      ::usleep(errno == ENOMEM ? 1'000 : 0);
  else
    while (::read(fd_, &byte, 1) == -1 && errno == EINTR)
      continue;
}

void pipe_source::close() noexcept
{
  const bool had_thread = has_thread();
  fd_ = -1;
  if (had_thread)
    the_pipe_thread().remove_user();
  write_end_.reset();
}

unique_fd pipe_source::reopen_after_fork(boost::system::error_code& ec) noexcept
{
  fd_ = -1;
  write_end_.reset();
  return open(ec);
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_PIPE_SOURCE_IPP
