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
#include <sigfd/detail/read_siginfo.hpp>
#include <sigfd/detail/undelivered.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/open_options.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <variant>

namespace sigfd::detail {

// Chooses, when it is opened, what fills the descriptor. Nothing above this
// file knows what there is to choose from.
//
// All sources fill a descriptor with records laid out as signal_info and have
// the same verbs; kernel_source.hpp and pipe_source.hpp say what each does.
class signal_source
{
public:
  // Makes the descriptor. The caller owns it and keeps it until after close().
  unique_fd open(const signal_mask& mask, sigfd::source wanted,
      boost::system::error_code& ec) noexcept
  {
    mask_ = mask;
    unique_fd fd;
    if (wanted != sigfd::source::pipe)
      fd = source_.emplace<kernel_source>().open(mask, ec);
    if (wanted == sigfd::source::pipe
        || (wanted == sigfd::source::automatic && is_missing(ec)))
      fd = source_.emplace<pipe_source>().open(mask, ec);
    fd_ = fd.get();
    return fd;
  }

  void update(const signal_mask& mask, boost::system::error_code& ec) noexcept
  {
    std::visit([&](auto& source) { source.update(mask, ec); }, source_);
    if (!ec)
      mask_ = mask;
  }

  // Takes as many as there are and fit; how many, or -errno. First what is in
  // this process, because the kernel did not take it back, then what the kernel
  // has. With may_read_ahead, nobody waits for the descriptor.
  std::ptrdiff_t take(
      std::span<signal_info> infos, bool may_read_ahead) noexcept
  {
    return may_have_kept() ? take_kept(infos)
                           : read_source(infos, may_read_ahead);
  }

  // Whether there are signals that were read ahead, though the descriptor may
  // not be readable.
  bool has_read_ahead() const noexcept
  {
    const auto* const pipe = std::get_if<pipe_source>(&source_);
    return pipe != nullptr && pipe->has_read_ahead();
  }

  // Makes the descriptor readable whenever there are signals.
  void unread() noexcept
  {
    if (auto* const pipe = std::get_if<pipe_source>(&source_))
      pipe->unread(mask_);
  }

  // Whether take() may find something that was never in the descriptor.
  bool may_have_kept() const noexcept
  {
    return undelivered_.may_have_kept();
  }

  // Tries to have everything of the mask pending in the kernel.
  void retry_undelivered() noexcept
  {
    undelivered_.retry(mask_);
  }

  void close() noexcept
  {
    std::visit([](auto& source) { source.close(); }, source_);
    fd_ = -1;
  }

  // Before fork(2), and after it in the parent, or where it failed.
  void prepare_fork() noexcept
  {
    if (auto* pipe = std::get_if<pipe_source>(&source_))
      pipe->prepare_fork(mask_);
  }

  void end_fork() noexcept
  {
    if (auto* pipe = std::get_if<pipe_source>(&source_))
      pipe->end_fork();
  }

  // Whether the child of fork(2) cannot use the descriptor, and has to call
  // reopen_after_fork() when it has closed it.
  bool shares_descriptor_with_parent() const noexcept
  {
    return std::holds_alternative<pipe_source>(source_);
  }

  unique_fd reopen_after_fork(boost::system::error_code& ec) noexcept
  {
    unique_fd fd =
        std::get_if<pipe_source>(&source_)->reopen_after_fork(mask_, ec);
    fd_ = fd.get();
    return fd;
  }

  // What was chosen.
  sigfd::source source() const noexcept
  {
    return std::holds_alternative<pipe_source>(source_)
        ? sigfd::source::pipe
        : sigfd::source::kernel;
  }

  // What is watched.
  const signal_mask& mask() const noexcept
  {
    return mask_;
  }

private:
  [[gnu::cold]] std::ptrdiff_t take_kept(
      std::span<signal_info> infos) noexcept
  {
    const std::size_t count = undelivered_.take_kept(mask_, infos);
    const std::ptrdiff_t read
        = count < infos.size() ? read_source(infos.subspan(count), false) : 0;
    if (count == 0)
      return read;
    return static_cast<std::ptrdiff_t>(count) + std::max<std::ptrdiff_t>(read, 0);
  }

  // Takes what is there, and strays for wake-up signals.
  std::ptrdiff_t read_source(
      std::span<signal_info> infos, bool may_read_ahead) noexcept
  {
    auto* const pipe = std::get_if<pipe_source>(&source_);
    const std::ptrdiff_t read = pipe != nullptr
        ? pipe->take(infos, may_read_ahead)
        : read_siginfo(fd_, infos);
    return read <= 0 || !undelivered_.may_have_had_strays()
        ? read
        : replace_wakeups(infos, read);
  }

  [[gnu::cold]] std::ptrdiff_t replace_wakeups(
      std::span<signal_info> infos, std::ptrdiff_t read) noexcept
  {
    for (; read > 0; read = read_siginfo(fd_, infos))
    {
      auto count = static_cast<std::size_t>(read);
      if (source() != sigfd::source::pipe) // its thread has done so
        count = undelivered_.consume_wakeups(infos.first(count));
      if (static_cast<std::size_t>(read) < infos.size()) // none is left there
        count += undelivered_.take_strays(mask_, infos.subspan(count));
      undelivered_.retry_strays(mask_);
      if (count != 0)
        return static_cast<std::ptrdiff_t>(count);
    }
    return read;
  }

  // Whether an error says that there is no signalfd(2): the kernel was built
  // without, or a sandbox refuses the call.
  static bool is_missing(const boost::system::error_code& ec) noexcept
  {
    return ec.value() == ENOSYS || ec.value() == EPERM || ec.value() == EINVAL;
  }

  std::variant<kernel_source, pipe_source> source_;
  int fd_ = -1; // not owned
  signal_mask mask_;
  undelivered_signals& undelivered_ = undelivered();
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_SIGNAL_SOURCE_HPP
