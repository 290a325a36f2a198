//
// detail/impl/pipe_thread.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_PIPE_THREAD_IPP
#define SIGFD_DETAIL_IMPL_PIPE_THREAD_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/pipe_thread.hpp>
#include <sigfd/detail/requeue.hpp>
#include <sigfd/detail/signal_bits.hpp>
#include <sigfd/detail/sigwait.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/undelivered.hpp>
#include <sigfd/detail/watcher_table.hpp>
#include <sigfd/signal_info.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <utility>

namespace sigfd::detail {

inline constexpr std::size_t max_stack_size = std::size_t{64} << 20;

inline int add_thread_local_storage(
    ::dl_phdr_info* object, std::size_t, void* size) noexcept
{
  for (int i = 0; i < object->dlpi_phnum; ++i)
    if (const auto& segment = object->dlpi_phdr[i]; segment.p_type == PT_TLS)
      *static_cast<std::size_t*>(size) += segment.p_memsz + segment.p_align;
  return 0;
}

// What the thread uses is a few kilobytes, and what the C library and the
// sanitizers keep on a stack is less than 256 KiB; but glibc takes the
// program's static thread-local storage from the stack as well.
//
// Asked for once: in a child of fork(2), the loader's lock may be held by a
// thread that is not there.
inline std::size_t stack_size_of_thread() noexcept
{
  static constinit std::atomic<std::size_t> known{0};
  std::size_t size = known;
  if (size == 0)
  {
    size = std::size_t{256} * 1024
        + static_cast<std::size_t>(::sysconf(_SC_THREAD_STACK_MIN));
    ::dl_iterate_phdr(&add_thread_local_storage, &size);
    known = size;
  }
  return size;
}

void pipe_thread::add_user(boost::system::error_code& ec) noexcept
{
  const std::lock_guard lock(mutex_);
  leave_to_parent();
  ec = {};
  if (users_ == 0)
    start(ec);
  if (!ec)
    ++users_;
}

void pipe_thread::remove_user() noexcept
{
  const std::lock_guard lock(mutex_);
  if (--users_ == 0)
    stop();
}

void pipe_thread::lock() noexcept
{
  mutex_.lock();
  const unsigned pause = pauses_requested_.fetch_add(1) + 1;
  SIGFD_PREEMPTION_POINT(pause_requested);
  pauses_requested_.notify_one();
  interrupt();
  for (unsigned begun; (begun = pauses_begun_.load()) != pause;)
    pauses_begun_.wait(begun);
}

void pipe_thread::unlock() noexcept
{
  pauses_ended_.fetch_add(1);
  SIGFD_PREEMPTION_POINT(pause_ended);
  pauses_ended_.notify_one();
  mutex_.unlock();
}

void pipe_thread::want(signal_bits numbers, bool is_new) noexcept
{
  if ((wanted_.exchange(numbers) != numbers || is_new)
      && !::pthread_equal(thread_, ::pthread_self()))
  {
    SIGFD_PREEMPTION_POINT(wanted_changed);
    interrupt();
  }
}

void pipe_thread::interrupt() noexcept
{
  if (is_interrupted_.exchange(true))
    return;
  SIGFD_PREEMPTION_POINT(interruption_begun);
  if (::syscall(SYS_tgkill, ::getpid(), thread_id_.load(), interruption) == 0)
    return;
  seconds_begun_.fetch_add(1);
  ::pthread_kill(thread_, second_interruption);
  seconds_sent_.fetch_add(1);
}

void pipe_thread::leave_to_parent() noexcept
{
  if (is_own_.exchange(0, 1))
    users_ = 0;
}

void pipe_thread::start(boost::system::error_code& ec) noexcept
{
  pauses_requested_ = 0;
  pauses_begun_ = 0;
  pauses_ended_ = 0;
  wanted_ = 0;
  thread_id_ = 0;
  is_interrupted_ = false;
  seconds_begun_ = 0;
  seconds_sent_ = 0;
  seconds_seen_ = 0;
  is_stopped_ = false;

  // The thread must not get a signal before it blocks them itself.
  ::sigset_t all;
  ::sigset_t old;
  ::sigfillset(&all);
  int error = ::pthread_sigmask(SIG_SETMASK, &all, &old);
  if (error != 0)
  {
    ec = system_error_code(error);
    return;
  }
  std::size_t size = stack_size_of_thread();
  error = create(size);
  while (error == EINVAL && size < max_stack_size) // the C library needs more
    error = create(size *= 2);
  ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
  if (error != 0)
  {
    ec = system_error_code(error);
    return;
  }
  thread_id_.wait(0);
  watchers().set_background_taker(this);
}

int pipe_thread::create(std::size_t stack_size) noexcept
{
  ::pthread_attr_t attributes;
  if (const int error = ::pthread_attr_init(&attributes))
    return error;
  ::pthread_attr_setstacksize(&attributes, stack_size);
  const int error = ::pthread_create(
      &thread_, &attributes, &start_routine, this);
  ::pthread_attr_destroy(&attributes);
  return error;
}

void pipe_thread::stop() noexcept
{
  watchers().set_background_taker(nullptr);
  is_stopped_ = true;
  pauses_requested_.fetch_add(1);
  pauses_requested_.notify_one();
  interrupt();
  ::pthread_join(thread_, nullptr);
}

void* pipe_thread::start_routine(void* self) noexcept
{
  static_cast<pipe_thread*>(self)->run();
  return nullptr;
}

void pipe_thread::run() noexcept
{
  ::pthread_setname_np(::pthread_self(), "sigfd-pipe");
  block_reserved(interruption);
  thread_id_ = ::gettid();
  thread_id_.notify_one();
  while (!is_stopped_.load())
  {
    if (is_pause_requested())
    {
      const unsigned pause = pauses_begun_.fetch_add(1);
      SIGFD_PREEMPTION_POINT(pause_begun);
      pauses_begun_.notify_all();
      pauses_ended_.wait(pause);
      SIGFD_PREEMPTION_POINT(pause_over);
      forward(false); // also if one pause comes after the other
    }
    else
      forward(true);
  }
}

bool pipe_thread::is_pause_requested() const noexcept
{
  return pauses_requested_.load() != pauses_begun_.load()
      && !is_stopped_.load();
}

void pipe_thread::forward(bool waits) noexcept
{
  watchers().lock();
  const signal_bits wanted = wanted_.load();
  const std::ptrdiff_t room = watchers().room(wanted, burst);
  watchers().unlock();
  if (room <= 0)
  {
    ::usleep(1'000); // until there is memory
    return;
  }
  SIGFD_PREEMPTION_POINT(wanted_read);
  signal_bits set = wanted;
  if (waits)
    set |= bit_of(interruption) | bit_of(second_interruption);
  std::array<signal_info, burst> infos;
  std::size_t count = 0;
  const ::timespec at_once{};
  wait(set, infos, count, waits ? nullptr : &at_once);
  if (count == 1 && room > 1 && speculative_read_.is_due())
  {
    while (std::cmp_less(count, room) && wait(set, infos, count, &at_once))
      continue;
    speculative_read_.note(count > 1);
  }
  if (count == 0)
    return;
  SIGFD_PREEMPTION_POINT(signals_in_hands);
  const std::lock_guard lock(watchers());
  watchers().distribute(std::span(infos).first(count));
  undelivered().retry_strays(mask_of(wanted));
}

bool pipe_thread::wait(signal_bits set, std::span<signal_info> infos,
    std::size_t& count, const ::timespec* within) noexcept
{
  signal_info& info = infos[count];
  const unsigned sent = seconds_sent_.load();
  info = sigwait_info(set, within);
  if (info.number() == interruption)
  {
    SIGFD_PREEMPTION_POINT(interruption_taken);
    is_interrupted_ = false;
    SIGFD_PREEMPTION_POINT(interruption_over);
    return false;
  }
  if (info.number() == second_interruption)
  {
    if (is_own_second(info))
      is_interrupted_ = false;
    else
      ::syscall(SYS_tgkill, ::getpid(), ::getpid(), second_interruption);
    seconds_seen_ = sent; // those that were sent meanwhile may yet come
    return false;
  }
  if (info.number() != 0)
    count += undelivered().consume_wakeup(info) ? 1u : 0u;
  else if (errno != EINTR && within == nullptr) // since forbidden
    pauses_requested_.wait(pauses_begun_.load());
  return info.number() != 0;
}

// At RLIMIT_SIGPENDING the kernel keeps no more than the number of it. What
// somebody else sends to the process was meant for a thread that does not block
// it. Directed at the process it would come here again, so the main thread has
// it, the first that would have got it.
bool pipe_thread::is_own_second(const signal_info& info) const noexcept
{
  if (info.code() == SI_TKILL)
    return info.native().ssi_pid == static_cast<std::uint32_t>(::getpid());
  return is_bare(info) && seconds_begun_.load() != seconds_seen_;
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_PIPE_THREAD_IPP
