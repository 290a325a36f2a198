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
#include <sigfd/detail/siginfo_layout.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/core/no_exceptions_support.hpp>
#include <boost/system/error_code.hpp>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <new>
#include <span>
#include <vector>

namespace sigfd::detail {

// A real-time signal that kill(2) sent, with the code SI_USER, cannot be queued
// again under that code: where RLIMIT_SIGPENDING is reached, the kernel accepts
// it and keeps no more than its number. It goes as SI_TKILL with this value,
// which the kernel keeps or refuses, and which no other process can send
// (rt_sigqueueinfo(2)); tkill(2) itself gives no value.
inline constexpr std::uint64_t sent_by_kill = 0x5347'4644'6b69'6c6c;

// Whether the kernel had room for no more than the number, as it seems: the
// sender may also be outside of this pid namespace.
inline bool is_bare(const signal_info& info) noexcept
{
  return info.code() == SI_USER && info.native().ssi_pid == 0;
}

// Queues a signal to the process again; false if the kernel refuses it. It goes
// by the ID of the calling thread: to itself a thread may queue any code, also
// those of kill(2) and of the kernel, and a signal that is queued is directed
// at the process nevertheless (rt_sigqueueinfo(2)). Async-signal-safe.
inline bool queue_again(const signal_info& info) noexcept
{
  ::siginfo_t raw = info.to_siginfo();
  if (info.number() >= SIGRTMIN && info.code() == SI_USER && !is_bare(info))
  {
    raw.si_code = SI_TKILL;
    raw.si_value.sival_ptr = to_address(sent_by_kill);
  }
  return ::syscall(SYS_rt_sigqueueinfo, ::gettid(), info.number(), &raw) == 0;
}

// The error with which a sandbox refuses to queue signals, if it does. The
// number 0 stands for no signal.
inline boost::system::error_code check_queueing() noexcept
{
  ::siginfo_t none{};
  errno = 0;
  ::syscall(SYS_rt_sigqueueinfo, ::gettid(), 0, &none);
  return system_error_code(errno);
}

// Gives a record that came back from the kernel the code it had.
inline void restore_code(signal_info& info) noexcept
{
  if (info.code() != SI_TKILL
      || to_address(info.native().ssi_ptr) != to_address(sent_by_kill))
    return;
  signal_info::native_type record = info.native();
  record.ssi_code = SI_USER;
  record.ssi_int = 0;
  record.ssi_ptr = 0;
  info = signal_info(record);
}

// How many signals the processes of the user have queued with their siginfo,
// and how many they may: the line SigQ of proc(5).
struct queue_usage
{
  unsigned long used = 1'000'000; // as long as one does not know better
  unsigned long most = used + 1;
};

inline queue_usage read_queue_usage() noexcept
{
  char text[16384]; // supplementary groups come first
  queue_usage usage;
  const unique_fd file(::open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  const ::ssize_t size = ::read(file.get(), text, sizeof text - 1);
  text[size > 0 ? size : 0] = 0;
  if (const char* const line = std::strstr(text, "SigQ:"))
    std::sscanf(line, "SigQ: %lu/%lu", &usage.used, &usage.most);
  return usage;
}

// Queues a signal to the process again; false if it would act in this thread,
// or not be kept as it is. The kernel merges a standard signal with a pending
// one, drops stop signals for SIGCONT and the other way round, and keeps the
// number alone of what it cannot refuse at RLIMIT_SIGPENDING.
inline bool requeue(const signal_info& info) noexcept
{
  const bool is_realtime = info.number() >= SIGRTMIN;
  const auto is_stop = [](int n) {
    return n == SIGTSTP || n == SIGTTIN || n == SIGTTOU;
  };
  struct ::sigaction action{};
  ::sigset_t blocked;
  ::sigset_t pending;
  ::sigaction(info.number(), nullptr, &action);
  ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  ::sigpending(&pending);
  if (::sigismember(&blocked, info.number()) != 1
      && (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN))
    return false;
  for (int n = 1; n < SIGRTMIN && !is_realtime; ++n)
    if (::sigismember(&pending, n) == 1
        && (n == info.number() || (n == SIGCONT && is_stop(info.number()))
            || (is_stop(n) && info.number() == SIGCONT)))
      return false;
  if (!is_realtime || is_bare(info))
    if (const queue_usage usage = read_queue_usage(); usage.used >= usage.most)
      return false;
  return queue_again(info);
}

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

// Signals that were taken from the kernel, not delivered, and not accepted as
// they are when they were to go back. They wait in this process for the next
// object that watches them. One for the whole process: parked().
class parked_signals
{
public:
  // Keeps a signal. Without memory for it, insists on queueing it instead.
  void keep(const signal_info& info) noexcept
  {
    {
      const std::lock_guard lock(mutex_);
      leave_to_parent();
      const bool kept = try_append(infos_, info);
      count_ = infos_.size();
      if (kept)
        return;
    }
    while (!queue_again(info))
      ::usleep(1'000);
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
    if (count_ == 0)
      return;
    const std::lock_guard lock(mutex_);
    leave_to_parent();
    std::erase_if(infos_, function);
    count_ = infos_.size();
  }

  // Forgets the signals of the parent process, after fork(2). Another thread
  // may have been about to change them, so they stay as they are.
  void leave_to_parent() noexcept
  {
    if (is_own_.exchange(0, 1))
      ::new (&infos_) std::vector<signal_info>;
  }

  process_mutex mutex_;
  std::vector<signal_info> infos_;
  std::atomic<std::size_t> count_{0}; // for a look without the lock
  process_value is_own_; // whether what is kept is not the parent's
};

// The parked signals of this process. Never destroyed, so that an object with
// static lifetime can still give back.
[[gnu::visibility("default")]] inline parked_signals& parked() noexcept
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
