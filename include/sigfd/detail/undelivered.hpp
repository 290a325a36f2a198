//
// detail/undelivered.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_UNDELIVERED_HPP
#define SIGFD_DETAIL_UNDELIVERED_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/fork_reset.hpp>
#include <sigfd/detail/requeue.hpp>
#include <sigfd/detail/stray_queue.hpp>
#include <sigfd/detail/try_requeue.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/core/no_exceptions_support.hpp>

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <new>
#include <span>
#include <vector>

namespace sigfd::detail {

// Appends a signal; false if there is no memory for it.
inline bool try_append(
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

// All signals of this process that were taken from the kernel and are not
// delivered yet: the one place to ask for them. Each is either
//
// - kept: it was to go back, and the kernel would not have taken it as it is.
//   Kept signals are older than what is pending of their number; or
// - a stray: a handler caught it, and the kernel refused to queue it again.
//   Strays are younger than what is pending, since the queue was full.
//
// They wait for the next object that watches them, or for room in the kernel's
// queue. One for the whole process: undelivered().
class undelivered_signals
{
public:
  explicit undelivered_signals(stray_queue& queue) noexcept
    : strays_(queue)
  {
  }

  // Whether there may be any that are kept, without a lock.
  bool may_have_kept() const noexcept
  {
    return kept_count_ != 0;
  }

  // Whether there may ever have been strays; as long as not, every record that
  // is read is a signal.
  bool may_have_had_strays() const noexcept
  {
    return strays_.was_used();
  }

  // Keeps a signal. Without memory for it, insists on queueing it instead.
  void keep(const signal_info& info) noexcept
  {
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

  // Moves kept signals of a mask to the front of infos, in the order in which
  // they were kept; how many.
  std::size_t take_kept(
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

  // The same for strays.
  std::size_t take_strays(
      const signal_mask& mask, std::span<signal_info> infos) noexcept
  {
    if (!strays_.may_have_any())
      return 0;
    const std::lock_guard lock(mutex_);
    return strays_.take(mask, infos);
  }

  // Makes of a record that was read from the kernel what it stands for: of a
  // wake-up signal, the oldest stray of its number. False if that is nothing.
  bool consume_wakeup(signal_info& info) noexcept
  {
    const bool whole = strays_.is_wakeup(info);
    if (!whole && !is_bare(info))
      return true;
    return take_strays(signal_mask{info.number()}, {&info, 1}) != 0 || !whole;
  }

  // The same for several, of which those that are left move to the front; how
  // many.
  std::size_t consume_wakeups(std::span<signal_info> infos) noexcept
  {
    std::size_t left = 0;
    for (signal_info& info : infos)
      if (consume_wakeup(info))
        if (signal_info& goal = infos[left++]; &goal != &info)
          goal = info;
    return left;
  }

  // Tries again to queue the signals of a mask; where strays are left, at least
  // wakes those who wait for them. What is kept is older than what is pending,
  // and must not go behind it.
  void retry(const signal_mask& mask) noexcept
  {
    ::sigset_t pending;
    ::sigpending(&pending);
    bool room = true;
    remove_kept_if([&](const signal_info& info) {
      return room && mask.contains(info.number())
          && ::sigismember(&pending, info.number()) != 1
          && (room = try_requeue(info));
    });
    retry_strays(mask);
  }

  void retry_strays(const signal_mask& mask) noexcept
  {
    if (!strays_.may_have_any())
      return;
    const std::lock_guard lock(mutex_);
    strays_.retry(mask);
  }

private:
  // Removes what the function says, asking for each in order.
  template <typename Function>
  void remove_kept_if(Function function) noexcept
  {
    if (!may_have_kept())
      return;
    const std::lock_guard lock(mutex_);
    leave_to_parent();
    std::erase_if(kept_, function);
    kept_count_ = kept_.size();
  }

  // Forgets the kept signals of the parent process, after fork(2). Another
  // thread may have been about to change them, so they stay as they are.
  void leave_to_parent() noexcept
  {
    if (is_own_.exchange(0, 1))
      ::new (&kept_) std::vector<signal_info>;
  }

  stray_queue& strays_;
  fork_reset_mutex mutex_;
  std::vector<signal_info> kept_;
  std::atomic<std::size_t> kept_count_{0}; // for a look without the lock
  fork_reset_value is_own_; // whether what is kept is not the parent's
};

// The undelivered signals of this process. Never destroyed, so that an object
// with static lifetime can still leave some.
[[gnu::visibility("default")]] inline undelivered_signals&
undelivered() noexcept
{
  static undelivered_signals& instance = *new undelivered_signals(strays);
  return instance;
}

// Returns a signal that was taken and not delivered to the process.
inline void requeue_or_keep(const signal_info& info) noexcept
{
  if (!try_requeue(info))
    undelivered().keep(info);
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_UNDELIVERED_HPP
