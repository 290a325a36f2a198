//
// detail/impl/pipe_source.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~
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
#include <sigfd/detail/read_ahead.hpp>
#include <sigfd/detail/read_siginfo.hpp>
#include <sigfd/detail/requeue.hpp>
#include <sigfd/detail/sigwait.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/undelivered.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace sigfd::detail {

struct pipe_source::both_ends
{
  pipe_thread thread; // writes
  read_ahead ahead;
};

pipe_source::pipe_source() noexcept = default;

pipe_source::~pipe_source()
{
  close();
}

unique_fd pipe_source::open(
    const signal_mask& mask, boost::system::error_code& ec) noexcept
{
  ec = check_signal_wait();
  if (!ec)
    ec = check_queueing(); // to give signals back
  if (ec)
    return {};
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) == -1)
  {
    ec = system_error_code(errno);
    return {};
  }
  unique_fd read_end(ends[0]);
  unique_fd write_end(ends[1]);
  if (::fcntl(read_end.get(), F_SETFL, O_NONBLOCK) == -1)
  {
    ec = system_error_code(errno);
    return {};
  }
  auto fresh = std::unique_ptr<both_ends>(new (std::nothrow) both_ends);
  if (!fresh)
  {
    ec = system_error_code(ENOMEM);
    return {};
  }
  fresh->thread.start(std::move(write_end), mask, ec);
  if (ec)
    return {};
  ends_ = std::move(fresh);
  owner_ = this_process();
  fd_ = read_end.get();
  return read_end;
}

void pipe_source::update(
    const signal_mask& mask, boost::system::error_code& ec) noexcept
{
  end_fork();
  std::vector<signal_info> kept = pause_and_drain(mask);
  ends_->thread.set_mask(mask);
  resume(std::move(kept));
  ec = {};
}

std::ptrdiff_t pipe_source::take(
    std::span<signal_info> infos, bool may_read_ahead) noexcept
{
  std::size_t count = ends_->ahead.take(infos);
  if (count == infos.size())
    return static_cast<std::ptrdiff_t>(count);
  infos = infos.subspan(count);
  const bool reads_ahead
      = may_read_ahead && infos.size() < read_ahead::capacity;
  const std::ptrdiff_t read = reads_ahead ? ends_->ahead.fill(fd_)
                                          : read_siginfo(fd_, infos);
  if (read < 0 && count == 0)
    return read;
  if (reads_ahead)
    count += ends_->ahead.take(infos);
  else if (read > 0)
    count += static_cast<std::size_t>(read);
  return static_cast<std::ptrdiff_t>(count);
}

bool pipe_source::has_read_ahead() const noexcept
{
  return ends_ && !ends_->ahead.empty();
}

void pipe_source::unread(const signal_mask& mask) noexcept
{
  end_fork();
  if (has_read_ahead())
    resume(pause_and_drain(mask));
}

void pipe_source::close() noexcept
{
  if (!ends_)
    return;
  if (owner_ == this_process())
  {
    end_fork();
    pause_and_drain(signal_mask());
    ends_->thread.stop();
  }
  else
    ends_->thread.forget();
  ends_.reset();
  fd_ = -1;
}

void pipe_source::prepare_fork(const signal_mask& mask) noexcept
{
  end_fork();
  kept_ = pause_and_drain(mask);
  forking_ = true;
}

void pipe_source::end_fork() noexcept
{
  if (std::exchange(forking_, false))
    resume(std::exchange(kept_, {}));
}

unique_fd pipe_source::reopen_after_fork(
    const signal_mask& mask, boost::system::error_code& ec) noexcept
{
  forking_ = false;
  kept_.clear();
  ends_->thread.forget();
  ends_.reset();
  return open(mask, ec);
}

std::vector<signal_info> pipe_source::pause_and_drain(
    const signal_mask& mask) noexcept
{
  std::vector<signal_info> kept;
  ends_->thread.request_pause();
  for (;;)
  {
    for (signal_info info; ends_->ahead.take({&info, 1}) != 0;)
      if (pipe_thread::is_sentinel(info))
        return kept;
      else if (!mask.contains(info.number()) || !try_append(kept, info))
        requeue_or_keep(info);
    const std::ptrdiff_t count = ends_->ahead.fill(fd_);
    if (count < 0)
      return kept; // somebody closed the descriptor
    ::pollfd p{fd_, POLLIN, 0};
    if (count == 0)
      ::poll(&p, 1, -1);
  }
}

void pipe_source::resume(std::vector<signal_info> infos) noexcept
{
  ends_->thread.put_back(std::move(infos));
  ends_->thread.resume();
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_PIPE_SOURCE_IPP
