//
// detail/signal_source.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_SIGNAL_SOURCE_HPP
#define SIGFD_DETAIL_SIGNAL_SOURCE_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/kernel_source.hpp>
#include <sigfd/detail/pipe_source.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/open_options.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <span>

namespace sigfd::detail {

class undelivered_signals;

// Chooses, when it is opened, what fills the descriptor. Nothing above this
// file knows what there is to choose from.
//
// All sources fill a descriptor with records laid out as signal_info and have
// the same verbs; kernel_source.hpp and pipe_source.hpp say what each does.
class signal_source
{
public:
  SIGFD_DECL signal_source() noexcept;

  // Makes the descriptor. The caller owns it and keeps it until after close().
  SIGFD_DECL unique_fd open(const signal_mask& mask, sigfd::source wanted,
      boost::system::error_code& ec) noexcept;

  SIGFD_DECL void update(
      const signal_mask& mask, boost::system::error_code& ec) noexcept;

  // Takes as many as there are and fit; how many, or -errno. First what is in
  // this process, because the kernel did not take it back, then what the kernel
  // has. With may_read_ahead, nobody waits for the descriptor.
  SIGFD_DECL std::ptrdiff_t take(
      std::span<signal_info> infos, bool may_read_ahead) noexcept;

  // Whether there are signals that were read ahead, though the descriptor may
  // not be readable.
  SIGFD_DECL bool has_read_ahead() const noexcept;

  // Makes the descriptor readable whenever there are signals.
  SIGFD_DECL void unread() noexcept;

  // Whether take() may find something that was never in the descriptor.
  SIGFD_DECL bool may_have_kept() const noexcept;

  // Tries to have everything of the mask pending in the kernel.
  SIGFD_DECL void retry_undelivered() noexcept;

  SIGFD_DECL void close() noexcept;

  // Before fork(2), and after it in the parent, or where it failed.
  SIGFD_DECL void prepare_fork() noexcept;

  SIGFD_DECL void end_fork() noexcept;

  // Whether the child of fork(2) cannot use the descriptor, and has to call
  // reopen_after_fork() when it has closed it.
  bool shares_descriptor_with_parent() const noexcept
  {
    return is_pipe_;
  }

  SIGFD_DECL unique_fd reopen_after_fork(
      boost::system::error_code& ec) noexcept;

  // What was chosen.
  sigfd::source source() const noexcept
  {
    return is_pipe_ ? sigfd::source::pipe : sigfd::source::kernel;
  }

  // What is watched.
  const signal_mask& mask() const noexcept
  {
    return mask_;
  }

private:
  [[gnu::cold]] SIGFD_DECL std::ptrdiff_t take_kept(
      std::span<signal_info> infos) noexcept;

  // Takes what is there, and strays for wake-up signals.
  SIGFD_DECL std::ptrdiff_t read_source(
      std::span<signal_info> infos, bool may_read_ahead) noexcept;

  [[gnu::cold]] SIGFD_DECL std::ptrdiff_t replace_wakeups(
      std::span<signal_info> infos, std::ptrdiff_t read) noexcept;

  // Whether an error says that there is no signalfd(2): the kernel was built
  // without, or a sandbox refuses the call.
  SIGFD_DECL static bool is_missing(
      const boost::system::error_code& ec) noexcept;

  kernel_source kernel_; // one of these two is in use
  pipe_source pipe_;
  bool is_pipe_ = false;
  signal_mask mask_;
  undelivered_signals& undelivered_;
};

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/signal_source.ipp)

#endif // SIGFD_DETAIL_SIGNAL_SOURCE_HPP
