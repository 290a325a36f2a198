//
// detail/give_back.hpp
// ~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_GIVE_BACK_HPP
#define SIGFD_DETAIL_GIVE_BACK_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <new>
#include <span>
#include <vector>

namespace sigfd::detail {

// Queues a signal to the process again, as it came; false if the system has no
// room for it (RLIMIT_SIGPENDING). It goes by the ID of the calling thread: to
// itself a thread may queue any code, also those of kill(2) and of the kernel,
// and a signal that is queued is directed at the process nevertheless
// (rt_sigqueueinfo(2)).
inline bool requeue(const signal_info& info) noexcept
{
  if constexpr (!has_siginfo_wait)
    return ::kill(::getpid(), info.number()) == 0;
  ::siginfo_t raw = info.to_siginfo();
  return ::syscall(SYS_rt_sigqueueinfo, ::gettid(), info.number(), &raw) == 0;
}

// Signals that were taken from the kernel, not delivered, and refused when they
// were to go back. They wait in this process for the next object that watches
// them. One for the whole process: parked().
class parked_signals
{
public:
  // Keeps a signal. Without memory for it, insists on queueing it instead.
  void keep(const signal_info& info) noexcept
  {
    try
    {
      const std::lock_guard lock(mutex_);
      leave_to_parent();
      infos_.push_back(info);
      count_ = infos_.size();
    }
    catch (const std::bad_alloc&)
    {
      while (!requeue(info))
        ::usleep(1'000);
    }
  }

  // Moves signals of a mask to the front of infos, in the order in which they
  // were kept; how many.
  std::size_t take(
      const signal_mask& mask, std::span<signal_info> infos) noexcept
  {
    if (count_ == 0)
      return 0;
    const std::lock_guard lock(mutex_);
    leave_to_parent();
    std::size_t taken = 0;
    remove_if([&](const signal_info& info) {
      if (taken == infos.size() || !mask.contains(info.number()))
        return false;
      infos[taken++] = info;
      return true;
    });
    return taken;
  }

  // Tries again to queue the signals of a mask.
  void retry(const signal_mask& mask) noexcept
  {
    if (count_ == 0)
      return;
    const std::lock_guard lock(mutex_);
    leave_to_parent();
    bool room = true;
    remove_if([&](const signal_info& info) {
      return room && mask.contains(info.number()) && (room = requeue(info));
    });
  }

private:
  // Removes what the function says, asking for each in order.
  template <typename Function>
  void remove_if(Function function) noexcept
  {
    infos_.erase(
        std::remove_if(infos_.begin(), infos_.end(), function), infos_.end());
    count_ = infos_.size();
  }

  // Forgets the signals of the parent process, after fork(2).
  void leave_to_parent() noexcept
  {
    if (const ::pid_t self = ::getpid(); owner_ != self)
    {
      owner_ = self;
      infos_.clear();
    }
  }

  std::mutex mutex_;
  std::vector<signal_info> infos_;
  std::atomic<std::size_t> count_{0}; // for a look without the lock
  ::pid_t owner_ = ::getpid();
};

// The parked signals of this process. Never destroyed, so that an object with
// static lifetime can still give back.
inline parked_signals& parked() noexcept
{
  static parked_signals& instance = *new parked_signals;
  return instance;
}

// Returns a signal that was taken and not delivered to the process.
inline void give_back(const signal_info& info) noexcept
{
  if (!requeue(info))
    parked().keep(info);
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_GIVE_BACK_HPP
