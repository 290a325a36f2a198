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
#include <sigfd/detail/process_local.hpp>
#include <sigfd/detail/stray_mail.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/core/no_exceptions_support.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <new>
#include <span>
#include <vector>

namespace sigfd::detail {

// Whether one more signal with its siginfo can be queued: the line SigQ of
// proc(5) has how many there are and may be, for all processes of the user.
inline bool has_queue_room() noexcept
{
  char text[4096];
  const unique_fd file(::open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  const ::ssize_t size = ::read(file.get(), text, sizeof text - 1);
  if (size <= 0)
    return true; // as far as one can know
  text[size] = 0;
  unsigned long used = 0;
  unsigned long most = 0;
  const char* const line = std::strstr(text, "SigQ:");
  return line == nullptr
      || std::sscanf(line, "SigQ: %lu/%lu", &used, &most) != 2 || used < most;
}

// Whether the kernel would accept a signal and yet not keep it as it is. It
// merges a standard signal with a pending one, and where RLIMIT_SIGPENDING is
// reached it keeps no more than the number, except of real-time signals that
// kill(2) did not send: those it refuses.
inline bool would_be_merged(const signal_info& info) noexcept
{
  if (info.number() >= SIGRTMIN && info.code() != SI_USER)
    return false;
  ::sigset_t pending;
  ::sigpending(&pending);
  return (info.number() < SIGRTMIN
             && ::sigismember(&pending, info.number()) == 1)
      || !has_queue_room();
}

// Queues a signal to the process again; false if the system refuses it. It goes
// by the ID of the calling thread: to itself a thread may queue any code, also
// those of kill(2) and of the kernel, and a signal that is queued is directed
// at the process nevertheless (rt_sigqueueinfo(2)).
inline bool queue_again(const signal_info& info) noexcept
{
  if constexpr (!has_siginfo_wait)
    return ::kill(::getpid(), info.number()) == 0;
  ::siginfo_t raw = info.to_siginfo();
  return ::syscall(SYS_rt_sigqueueinfo, ::gettid(), info.number(), &raw) == 0;
}

// Queues a signal to the process again, as it came; false if the system does
// not take it as it is.
inline bool requeue(const signal_info& info) noexcept
{
  return !would_be_merged(info) && queue_again(info);
}

// Signals that were taken from the kernel, not delivered, and not accepted as
// they are when they were to go back. They wait in this process for the next
// object that watches them. One for the whole process: parked().
class parked_signals
{
public:
  // Keeps a signal. Without memory for it, insists on queueing it instead.
  void keep(const signal_info& info) noexcept
  {
    BOOST_TRY
    {
      const std::lock_guard lock(mutex_);
      leave_to_parent();
      infos_.push_back(info);
      count_ = infos_.size();
    }
    BOOST_CATCH (const std::bad_alloc&)
    {
      while (!queue_again(info))
        ::usleep(1'000);
    }
    BOOST_CATCH_END
  }

  // Whether there may be any, without a lock.
  bool may_have_any() const noexcept
  {
    return count_ != 0;
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
    if (is_own_.exchange(0, 1))
      infos_.clear();
  }

  process_mutex mutex_;
  std::vector<signal_info> infos_;
  std::atomic<std::size_t> count_{0}; // for a look without the lock
  process_value is_own_; // whether what is kept is not the parent's
};

// The parked signals of this process. Never destroyed, so that an object with
// static lifetime can still give back.
inline parked_signals& parked() noexcept
{
  static parked_signals& instance = *new parked_signals;
  return instance;
}

// Returns a signal that was taken and not delivered to the process. A bell is
// rung again, if there is still mail.
inline void give_back(const signal_info& info) noexcept
{
  if (strays.answer(info))
  {
    if (strays.has(info.number()))
      strays.ring(info.number());
  }
  else if (!requeue(info))
    parked().keep(info);
}

// Appends a signal; false if there is no memory for it.
inline bool try_append(
    std::vector<signal_info>& infos, const signal_info& info) noexcept
{
  BOOST_TRY
  {
    infos.push_back(info);
  }
  BOOST_CATCH (const std::bad_alloc&)
  {
    return false;
  }
  BOOST_CATCH_END
  return true;
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_GIVE_BACK_HPP
