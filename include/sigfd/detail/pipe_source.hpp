//
// detail/pipe_source.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_PIPE_SOURCE_HPP
#define SIGFD_DETAIL_PIPE_SOURCE_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/requeue.hpp>
#include <sigfd/detail/fork_reset.hpp>
#include <sigfd/detail/read_siginfo.hpp>
#include <sigfd/detail/pipe_thread.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/undelivered.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/detail/sigwait.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace sigfd::detail {

// The signals of a mask through a pipe, where there is no signalfd(2).
//
// A record in the pipe was taken from the kernel. If it is not to be delivered
// any more, it goes back to the process with everything that came with it.
class pipe_source : public siginfo_reader
{
public:
  pipe_source() noexcept = default;
  pipe_source(const pipe_source&) = delete;
  pipe_source& operator=(const pipe_source&) = delete;

  ~pipe_source()
  {
    close();
  }

  // Makes the pipe and its thread; the reading end, non-blocking and closed on
  // exec.
  unique_fd open(
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
    auto thread = std::unique_ptr<pipe_thread>(
        new (std::nothrow) pipe_thread);
    if (!thread)
    {
      ec = system_error_code(ENOMEM);
      return {};
    }
    thread->start(std::move(write_end), mask, ec);
    if (ec)
      return {};
    thread_ = std::move(thread);
    owner_ = this_process();
    fd_ = read_end.get();
    return read_end;
  }

  // Changes the mask. Records of a signal that goes are given back; the others
  // keep their order.
  void update(const signal_mask& mask, boost::system::error_code& ec) noexcept
  {
    end_fork();
    std::vector<signal_info> kept = pause_and_drain(mask);
    thread_->set_mask(mask);
    thread_->put_back(std::move(kept));
    thread_->resume();
    ec = {};
  }

  // Ends the thread and gives everything back that is in the pipe.
  void close() noexcept
  {
    if (!thread_)
      return;
    if (owner_ == this_process())
    {
      end_fork();
      pause_and_drain(signal_mask());
      thread_->stop();
    }
    else
      thread_->forget();
    thread_.reset();
    fd_ = -1;
  }

  // Before fork(2): pauses the thread, so that the child finds its
  // state whole.
  void prepare_fork(const signal_mask& mask) noexcept
  {
    end_fork();
    kept_ = pause_and_drain(mask);
    forking_ = true;
  }

  // After fork(2), in the parent: goes on. No effect without prepare_fork().
  void end_fork() noexcept
  {
    if (!std::exchange(forking_, false))
      return;
    thread_->put_back(std::exchange(kept_, {}));
    thread_->resume();
  }

  // After fork(2), in the child, where there is no thread and the records are
  // the parent's: makes a new pipe and thread. The caller has closed the old
  // reading end.
  unique_fd reopen_after_fork(
      const signal_mask& mask, boost::system::error_code& ec) noexcept
  {
    forking_ = false;
    kept_.clear();
    thread_->forget();
    thread_.reset();
    return open(mask, ec);
  }

private:
  // Pauses the thread and empties the pipe. What is of a signal in the mask is
  // returned, the rest goes back, as does all that there is no memory for.
  std::vector<signal_info> pause_and_drain(const signal_mask& mask) noexcept
  {
    std::vector<signal_info> kept;
    thread_->request_pause();
    for (;;)
    {
      std::array<signal_info, 32> infos;
      boost::system::error_code ec;
      const std::size_t count = take(infos, ec);
      for (std::size_t i = 0; i < count; ++i)
        if (pipe_thread::is_sentinel(infos[i]))
          return kept;
        else if (!mask.contains(infos[i].number())
            || !try_append(kept, infos[i]))
          requeue_or_keep(infos[i]);
      if (ec)
        return kept; // somebody closed the descriptor
      ::pollfd p{fd_, POLLIN, 0};
      if (count == 0)
        ::poll(&p, 1, -1);
    }
  }

  std::uint32_t owner_ = 0; // the process that has the thread
  bool forking_ = false;          // from prepare_fork() to end_fork()
  std::vector<signal_info> kept_; // what was in the pipe meanwhile
  std::unique_ptr<pipe_thread> thread_;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_PIPE_SOURCE_HPP
