//
// detail/signal_source.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_SIGNAL_SOURCE_HPP
#define SIGFD_DETAIL_SIGNAL_SOURCE_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/kernel_source.hpp>
#include <sigfd/detail/pipe_source.hpp>
#include <sigfd/detail/pipe_thread.hpp>
#include <sigfd/detail/signal_bits.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/open_options.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <span>

namespace sigfd::detail {

class undelivered_signals;

// Chooses, when it is opened, what tells of signals: a descriptor from which
// they are taken, or one that says that a thread has taken some. Nothing above
// this file knows what there is to choose from.
class signal_source
{
public:
  SIGFD_DECL signal_source() noexcept;

  // Makes the descriptor; one of the kernel's watches these. The caller owns
  // it, and uses nothing of this but close() when it has closed it.
  SIGFD_DECL unique_fd open(sigfd::source wanted, boost::system::error_code& ec,
      const signal_mask& mask = {}) noexcept;

  // Whether others take the signals, and put them into the object's store.
  bool is_pipe() const noexcept
  {
    return is_pipe_;
  }

  // The error with which a sandbox refuses to have another mask set, if it
  // does.
  SIGFD_DECL boost::system::error_code check_mask() noexcept;

  // Sets what take() takes from the kernel. Where that fails, whoever takes
  // next tries again, and has the error if signals are missing.
  SIGFD_DECL void set_mask(const signal_mask& mask) noexcept;

  // Whether it has failed: nothing shows then what there is to be taken.
  bool is_outdated() const noexcept
  {
    return is_outdated_.load(std::memory_order_relaxed);
  }

  // Takes as many as there are and fit; how many, or -errno. First what is
  // kept, then what the kernel has.
  std::ptrdiff_t take(std::span<signal_info> infos) noexcept
  {
    return may_have_kept() ? take_kept_and_read(infos) : read(infos);
  }

  // Takes of these numbers what is in this process because the kernel did not
  // take it back; how many.
  SIGFD_DECL std::ptrdiff_t take_kept(
      signal_bits numbers, std::span<signal_info> infos) noexcept;

  // Takes what the kernel has, and strays for wake-up signals.
  SIGFD_DECL std::ptrdiff_t read(std::span<signal_info> infos) noexcept;

  // Says that there is, or is not, something in the object's store. A
  // descriptor of the kernel's does not tell.
  void set_readable(bool readable) noexcept
  {
    if (is_pipe_)
      pipe_.set_readable(readable);
  }

  // Whether there may be any that are kept.
  SIGFD_DECL bool may_have_kept() const noexcept;

  // Tries to have everything of the mask pending in the kernel.
  SIGFD_DECL void retry_undelivered(const signal_mask& mask) noexcept;

  // While it exists, nobody has taken what is in no store.
  std::unique_lock<pipe_thread> pause() noexcept
  {
    return pipe_.has_thread() ? std::unique_lock(the_pipe_thread())
                              : std::unique_lock<pipe_thread>();
  }

  SIGFD_DECL void close() noexcept;

  // In the child of fork(2), which has no thread, and where the descriptor is
  // the parent's too. The caller has closed the old one.
  SIGFD_DECL unique_fd reopen_after_fork(
      boost::system::error_code& ec) noexcept;

  // What was chosen.
  sigfd::source source() const noexcept
  {
    return is_pipe_ ? sigfd::source::pipe : sigfd::source::kernel;
  }

private:
  [[gnu::cold]] SIGFD_DECL std::ptrdiff_t take_kept_and_read(
      std::span<signal_info> infos) noexcept;

  [[gnu::cold]] SIGFD_DECL std::ptrdiff_t replace_wakeups(
      std::span<signal_info> infos, std::ptrdiff_t read) noexcept;

  // Sets the mask of the kernel's descriptor.
  SIGFD_DECL boost::system::error_code tell_kernel() noexcept;

  [[gnu::cold]] SIGFD_DECL std::ptrdiff_t set_mask_again() noexcept;

  // Whether an error says that there is no signalfd(2): the kernel was built
  // without, or a sandbox refuses the call.
  SIGFD_DECL static bool is_missing(
      const boost::system::error_code& ec) noexcept;

  kernel_source kernel_; // one of these two is in use
  pipe_source pipe_;
  bool is_pipe_ = false;
  signal_mask mask_; // what the kernel is to be asked for
  signal_mask kernel_mask_; // what it is
  std::atomic<bool> is_outdated_{false}; // signals may be missing for that
  undelivered_signals& undelivered_;
};

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/signal_source.ipp)

#endif // SIGFD_DETAIL_SIGNAL_SOURCE_HPP
