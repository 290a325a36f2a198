//
// detail/impl/signal_source.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_SIGNAL_SOURCE_IPP
#define SIGFD_DETAIL_IMPL_SIGNAL_SOURCE_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/kernel_source.hpp>
#include <sigfd/detail/pipe_source.hpp>
#include <sigfd/detail/signal_source.hpp>
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

namespace sigfd::detail {

signal_source::signal_source() noexcept
  : undelivered_(undelivered())
{
}

unique_fd signal_source::open(const signal_mask& mask, sigfd::source wanted,
    boost::system::error_code& ec) noexcept
{
  mask_ = mask;
  is_pipe_ = wanted == sigfd::source::pipe;
  unique_fd fd;
  if (!is_pipe_)
    fd = kernel_.open(mask, ec);
  if (wanted == sigfd::source::automatic && is_missing(ec))
    is_pipe_ = true;
  if (is_pipe_)
    fd = pipe_.open(mask, ec);
  return fd;
}

void signal_source::update(
    const signal_mask& mask, boost::system::error_code& ec) noexcept
{
  is_pipe_ ? pipe_.update(mask, ec) : kernel_.update(mask, ec);
  if (!ec)
    mask_ = mask;
}

std::ptrdiff_t signal_source::take(
    std::span<signal_info> infos, bool may_read_ahead) noexcept
{
  return may_have_kept() ? take_kept(infos)
                         : read_source(infos, may_read_ahead);
}

bool signal_source::has_read_ahead() const noexcept
{
  return is_pipe_ && pipe_.has_read_ahead();
}

void signal_source::unread() noexcept
{
  if (is_pipe_)
    pipe_.unread(mask_);
}

bool signal_source::may_have_kept() const noexcept
{
  return undelivered_.may_have_kept();
}

void signal_source::retry_undelivered() noexcept
{
  undelivered_.retry(mask_);
}

void signal_source::close() noexcept
{
  is_pipe_ ? pipe_.close() : kernel_.close();
}

void signal_source::prepare_fork() noexcept
{
  if (is_pipe_)
    pipe_.prepare_fork(mask_);
}

void signal_source::end_fork() noexcept
{
  if (is_pipe_)
    pipe_.end_fork();
}

unique_fd signal_source::reopen_after_fork(
    boost::system::error_code& ec) noexcept
{
  return pipe_.reopen_after_fork(mask_, ec);
}

std::ptrdiff_t signal_source::take_kept(std::span<signal_info> infos) noexcept
{
  const std::size_t count = undelivered_.take_kept(mask_, infos);
  const std::ptrdiff_t read
      = count < infos.size() ? read_source(infos.subspan(count), false) : 0;
  if (count == 0)
    return read;
  return static_cast<std::ptrdiff_t>(count)
      + std::max(read, std::ptrdiff_t{0});
}

std::ptrdiff_t signal_source::read_source(
    std::span<signal_info> infos, bool may_read_ahead) noexcept
{
  const std::ptrdiff_t read = is_pipe_
      ? pipe_.take(infos, may_read_ahead)
      : kernel_.take(infos);
  return read <= 0 || !undelivered_.may_have_had_strays()
      ? read
      : replace_wakeups(infos, read);
}

std::ptrdiff_t signal_source::replace_wakeups(
    std::span<signal_info> infos, std::ptrdiff_t read) noexcept
{
  // Once more only where all were wake-up signals, which a pipe has none of.
  for (; read > 0; read = kernel_.take(infos))
  {
    auto count = static_cast<std::size_t>(read);
    if (!is_pipe_) // its thread has done so
      count = undelivered_.consume_wakeups(infos.first(count));
    if (static_cast<std::size_t>(read) < infos.size()) // none is left there
      count += undelivered_.take_strays(mask_, infos.subspan(count));
    undelivered_.retry_strays(mask_);
    if (count != 0)
      return static_cast<std::ptrdiff_t>(count);
  }
  return read;
}

bool signal_source::is_missing(const boost::system::error_code& ec) noexcept
{
  return ec.value() == ENOSYS || ec.value() == EPERM || ec.value() == EINVAL;
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_SIGNAL_SOURCE_IPP
