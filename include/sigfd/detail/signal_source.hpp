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
#include <sigfd/detail/undelivered.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/open_options.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>

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
    if (wanted != sigfd::source::pipe)
    {
      unique_fd fd = source_.emplace<kernel_source>().open(mask, ec);
      if (wanted == sigfd::source::kernel || !is_missing(ec))
        return fd;
    }
    return source_.emplace<pipe_source>().open(mask, ec);
  }

  void update(const signal_mask& mask, boost::system::error_code& ec) noexcept
  {
    std::visit([&](auto& source) { source.update(mask, ec); }, source_);
    if (!ec)
      mask_ = mask;
  }

  // Takes as many as there are and fit: first what is in this process, because
  // the kernel did not take it back, then what the kernel has.
  std::size_t take(
      std::span<signal_info> infos, boost::system::error_code& ec) noexcept
  {
    ec = {};
    std::size_t count = 0;
    if (may_have_kept())
      count = undelivered().take_kept(mask_, infos);
    if (count == infos.size())
      return count;
    const std::size_t read = read_source(infos.subspan(count), ec);
    if (count != 0)
      ec = {}; // the next call has it
    return count + read;
  }

  // Whether take() may find something though the descriptor is not readable.
  bool may_have_kept() const noexcept
  {
    return undelivered().may_have_kept();
  }

  // Tries to have everything of the mask pending in the kernel.
  void retry_undelivered() noexcept
  {
    undelivered().retry(mask_);
  }

  void close() noexcept
  {
    std::visit([](auto& source) { source.close(); }, source_);
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
    return std::get_if<pipe_source>(&source_)->reopen_after_fork(mask_, ec);
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
  // Takes what is there, and strays for wake-up signals.
  std::size_t read_source(
      std::span<signal_info> infos, boost::system::error_code& ec) noexcept
  {
    for (;;)
    {
      const std::size_t read = std::visit(
          [&](auto& source) { return source.take(infos, ec); }, source_);
      std::size_t count // the pipe's thread has consumed them already
          = source() == sigfd::source::pipe
          ? read
          : undelivered().consume_wakeups(infos.first(read));
      if (read != 0 && undelivered().may_have_strays())
      {
        if (read < infos.size()) // no wake-up signal is left there
          count += undelivered().take_strays(mask_, infos.subspan(count));
        undelivered().retry_strays(mask_);
      }
      if (read == 0 || count != 0)
        return count;
    }
  }

  // Whether an error says that there is no signalfd(2): the kernel was built
  // without, or a sandbox refuses the call.
  static bool is_missing(const boost::system::error_code& ec) noexcept
  {
    return ec.value() == ENOSYS || ec.value() == EPERM || ec.value() == EINVAL;
  }

  std::variant<kernel_source, pipe_source> source_;
  signal_mask mask_;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_SIGNAL_SOURCE_HPP
