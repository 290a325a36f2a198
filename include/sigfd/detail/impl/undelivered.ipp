//
// detail/impl/undelivered.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_UNDELIVERED_IPP
#define SIGFD_DETAIL_IMPL_UNDELIVERED_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/requeue.hpp>
#include <sigfd/detail/stray_queue.hpp>
#include <sigfd/detail/try_requeue.hpp>
#include <sigfd/detail/undelivered.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/core/no_exceptions_support.hpp>

#include <signal.h>
#include <unistd.h>

#include <cstddef>
#include <mutex>
#include <new>
#include <span>
#include <vector>

namespace sigfd::detail {

bool try_append(
    std::vector<signal_info>& infos, const signal_info& info) noexcept
{
  bool done = true;
  BOOST_TRY
  {
    infos.push_back(info);
  }
  BOOST_CATCH(const std::bad_alloc&)
  {
    done = false;
  }
  BOOST_CATCH_END
  return done;
}

void undelivered_signals::keep(const signal_info& info) noexcept
{
  SIGFD_PREEMPTION_POINT(about_to_keep);
  {
    const std::lock_guard lock(mutex_);
    leave_to_parent();
    const bool done = try_append(kept_, info);
    kept_count_ = kept_.size();
    if (done)
      return;
  }
  while (!requeue_raw(info))
    ::usleep(1'000);
}

bool undelivered_signals::reserve() noexcept
{
  const std::lock_guard lock(mutex_);
  leave_to_parent();
  const bool done = try_append(kept_, signal_info());
  if (done)
    kept_.pop_back();
  return done;
}

std::size_t undelivered_signals::take_kept(
    const signal_mask& mask, std::span<signal_info> infos) noexcept
{
  std::size_t taken = 0;
  remove_kept_if([&](const signal_info& info) {
    if (taken == infos.size() || !mask.contains(info.number()))
      return false;
    infos[taken++] = info;
    return true;
  });
  return taken;
}

std::size_t undelivered_signals::take_strays(
    const signal_mask& mask, std::span<signal_info> infos) noexcept
{
  if (!strays_.may_have_any())
    return 0;
  const std::lock_guard lock(mutex_);
  return strays_.take(mask, infos);
}

bool undelivered_signals::consume_wakeup(signal_info& info) noexcept
{
  const bool whole = strays_.is_wakeup(info);
  if (!whole && !is_bare(info))
    return true;
  SIGFD_PREEMPTION_POINT(wakeup_read);
  return take_strays(signal_mask{info.number()}, {&info, 1}) != 0 || !whole;
}

std::size_t undelivered_signals::consume_wakeups(
    std::span<signal_info> infos) noexcept
{
  std::size_t left = 0;
  for (signal_info& info : infos)
    if (consume_wakeup(info))
      if (signal_info& goal = infos[left++]; &goal != &info)
        goal = info;
  return left;
}

void undelivered_signals::retry(const signal_mask& mask) noexcept
{
  signal_mask left = mask; // without the numbers of which one was refused
  remove_kept_if([&](const signal_info& info) {
    if (!left.contains(info.number()))
      return false;
    const bool done = try_requeue(info);
    if (!done)
      left = left - signal_mask{info.number()};
    return done;
  });
  retry_strays(mask);
}

void undelivered_signals::retry_strays(const signal_mask& mask) noexcept
{
  if (!strays_.may_have_any())
    return;
  const std::lock_guard lock(mutex_);
  strays_.retry(mask);
}

void undelivered_signals::leave_to_parent() noexcept
{
  if (is_own_.exchange(0, 1))
    ::new (&kept_) std::vector<signal_info>;
}

void requeue_or_keep(const signal_info& info) noexcept
{
  if (!try_requeue(info))
    undelivered().keep(info);
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_UNDELIVERED_IPP
