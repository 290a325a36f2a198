//
// detail/impl/signal_source.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_SIGNAL_SOURCE_IPP
#define SIGFD_DETAIL_IMPL_SIGNAL_SOURCE_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/signal_bits.hpp>
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

unique_fd signal_source::open(sigfd::source wanted,
    boost::system::error_code& ec, const signal_mask& mask) noexcept
{
  mask_ = mask;
  kernel_mask_ = mask;
  is_pipe_ = wanted == sigfd::source::pipe;
  unique_fd fd;
  if (!is_pipe_)
    fd = kernel_.open(mask, ec);
  if (wanted == sigfd::source::automatic && is_missing(ec))
    is_pipe_ = true;
  if (is_pipe_)
    fd = pipe_.open(ec);
  return fd;
}

boost::system::error_code signal_source::check_mask() noexcept
{
  boost::system::error_code ec;
  if (!is_pipe_)
    kernel_.update(kernel_mask_, ec);
  return ec;
}

// For a descriptor that is open it fails only where a sandbox was installed
// later. The kernel wakes the readers of all descriptors of the process, which
// may be very many.
void signal_source::set_mask(const signal_mask& mask) noexcept
{
  if (mask == mask_ && !is_outdated())
    return;
  mask_ = mask;
  is_outdated_.store(!!tell_kernel(), std::memory_order_relaxed);
}

std::ptrdiff_t signal_source::take_kept(
    signal_bits numbers, std::span<signal_info> infos) noexcept
{
  return static_cast<std::ptrdiff_t>(
      undelivered_.take_kept(mask_of(numbers), infos));
}

std::ptrdiff_t signal_source::read(std::span<signal_info> infos) noexcept
{
  if (is_outdated())
    if (const std::ptrdiff_t error = set_mask_again(); error != 0)
      return error;
  const std::ptrdiff_t count = kernel_.take(infos);
  SIGFD_PREEMPTION_POINT(records_read);
  return count <= 0 || !undelivered_.may_have_had_strays()
      ? count
      : replace_wakeups(infos, count);
}

bool signal_source::may_have_kept() const noexcept
{
  return undelivered_.may_have_kept();
}

void signal_source::retry_undelivered(const signal_mask& mask) noexcept
{
  undelivered_.retry(mask);
}

void signal_source::close() noexcept
{
  is_pipe_ ? pipe_.close() : kernel_.close();
}

unique_fd signal_source::reopen_after_fork(
    boost::system::error_code& ec) noexcept
{
  mask_.clear();
  kernel_mask_.clear();
  is_outdated_.store(false, std::memory_order_relaxed);
  return is_pipe_ ? pipe_.reopen_after_fork(ec) : kernel_.open(mask_, ec);
}

std::ptrdiff_t signal_source::take_kept_and_read(
    std::span<signal_info> infos) noexcept
{
  const std::size_t count = undelivered_.take_kept(mask_, infos);
  const std::ptrdiff_t more = count < infos.size() ? read(infos.subspan(count))
                                                   : 0;
  if (count == 0)
    return more;
  return static_cast<std::ptrdiff_t>(count) + std::max(more, std::ptrdiff_t{0});
}

std::ptrdiff_t signal_source::replace_wakeups(
    std::span<signal_info> infos, std::ptrdiff_t read) noexcept
{
  // Once more only where all were wake-up signals.
  for (; read > 0; read = kernel_.take(infos))
  {
    std::size_t count = undelivered_.consume_wakeups(
        infos.first(static_cast<std::size_t>(read)));
    if (static_cast<std::size_t>(read) < infos.size()) // none is left there
      count += undelivered_.take_strays(mask_, infos.subspan(count));
    undelivered_.retry_strays(mask_);
    if (count != 0)
      return static_cast<std::ptrdiff_t>(count);
  }
  return read;
}

boost::system::error_code signal_source::tell_kernel() noexcept
{
  boost::system::error_code ec;
  if (!is_pipe_)
    kernel_.update(mask_, ec);
  if (!ec)
    kernel_mask_ = mask_;
  return ec;
}

// What the kernel has beyond the mask is taken as well; that does no harm.
std::ptrdiff_t signal_source::set_mask_again() noexcept
{
  const boost::system::error_code ec = tell_kernel();
  if (ec && !(mask_ - kernel_mask_).empty())
    return -ec.value();
  is_outdated_.store(false, std::memory_order_relaxed);
  return 0;
}

bool signal_source::is_missing(const boost::system::error_code& ec) noexcept
{
  return ec.value() == ENOSYS || ec.value() == EPERM || ec.value() == EINVAL;
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_SIGNAL_SOURCE_IPP
