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
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace sigfd::detail {

// The signals of a mask through a pipe, where there is no signalfd(2).
//
// A record in the pipe, or read ahead from it, was taken from the kernel. If it
// is not to be delivered any more, it goes back to the process with everything
// that came with it.
class pipe_source
{
public:
  SIGFD_DECL pipe_source() noexcept;
  pipe_source(const pipe_source&) = delete;
  pipe_source& operator=(const pipe_source&) = delete;

  SIGFD_DECL ~pipe_source();

  // Makes the pipe and its thread; the reading end, non-blocking and closed on
  // exec. The caller owns it and keeps it until after close().
  SIGFD_DECL unique_fd open(
      const signal_mask& mask, boost::system::error_code& ec) noexcept;

  // Changes the mask. Records of a signal that goes are given back; the others
  // keep their order.
  SIGFD_DECL void update(
      const signal_mask& mask, boost::system::error_code& ec) noexcept;

  // Takes as many as there are and fit; how many, or -errno. With
  // may_read_ahead it may read more than that, so that the descriptor is not
  // readable though there are some: then nobody may wait for it.
  SIGFD_DECL std::ptrdiff_t take(
      std::span<signal_info> infos, bool may_read_ahead) noexcept;

  // Whether there are some though the descriptor may not be readable.
  SIGFD_DECL bool has_read_ahead() const noexcept;

  // Puts back into the pipe what was read ahead.
  SIGFD_DECL void unread(const signal_mask& mask) noexcept;

  // Ends the thread and gives everything back that is here.
  SIGFD_DECL void close() noexcept;

  // Before fork(2): pauses the thread, so that the child finds its state whole.
  SIGFD_DECL void prepare_fork(const signal_mask& mask) noexcept;

  // After fork(2), in the parent: goes on. No effect without prepare_fork().
  SIGFD_DECL void end_fork() noexcept;

  // After fork(2), in the child, where there is no thread and the records are
  // the parent's: makes a new pipe and thread. The caller has closed the old
  // reading end.
  SIGFD_DECL unique_fd reopen_after_fork(
      const signal_mask& mask, boost::system::error_code& ec) noexcept;

private:
  struct both_ends;

  // Pauses the thread and takes everything that is here. What is of a signal in
  // the mask is returned, the rest goes back to the process, as does all that
  // there is no memory for.
  SIGFD_DECL std::vector<signal_info> pause_and_drain(
      const signal_mask& mask) noexcept;

  // Has the thread go on, after it put back what was taken.
  SIGFD_DECL void resume(std::vector<signal_info> infos) noexcept;

  int fd_ = -1;                   // the reading end
  std::unique_ptr<both_ends> ends_;
  std::uint32_t owner_ = 0;       // the process that has the thread
  bool forking_ = false;          // from prepare_fork() to end_fork()
  std::vector<signal_info> kept_; // what was in the pipe meanwhile
};

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/pipe_source.ipp)

#endif // SIGFD_DETAIL_PIPE_SOURCE_HPP
