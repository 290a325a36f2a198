//
// detail/impl/pipe_thread.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_PIPE_THREAD_IPP
#define SIGFD_DETAIL_IMPL_PIPE_THREAD_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/pipe_thread.hpp>
#include <sigfd/detail/read_ahead.hpp>
#include <sigfd/detail/sigwait.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/undelivered.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <new>
#include <span>
#include <utility>
#include <vector>

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

void pipe_thread::start(unique_fd write_end, const signal_mask& mask,
    boost::system::error_code& ec) noexcept
{
  write_end_ = std::move(write_end);
  set_mask(mask);

  // The thread must not get a signal before it blocks them itself.
  ::sigset_t all;
  ::sigset_t old;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &old);
  std::size_t size = stack_size_of_thread();
  int error = create(size);
  while (error == EINVAL && size < max_stack_size) // the C library needs more
    error = create(size *= 2);
  ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
  ec = error == 0 ? boost::system::error_code() : system_error_code(error);
  if (error != 0)
    write_end_.reset();
}

void pipe_thread::request_pause() noexcept
{
  pauses_requested_.fetch_add(1, std::memory_order_release);
  pauses_requested_.notify_one();
  ::pthread_kill(thread_, pause_signal);
}

void pipe_thread::set_mask(const signal_mask& mask) noexcept
{
  mask_ = mask;
  waited_ = mask.native();
  ::sigaddset(&waited_, pause_signal);
}

void pipe_thread::put_back(std::vector<signal_info> infos) noexcept
{
  std::size_t written = 0;
  while (written < infos.size() && has_room())
    write({&infos[written++], 1});
  infos.erase(infos.begin(),
      infos.begin() + static_cast<std::ptrdiff_t>(written));
  backlog_ = std::move(infos);
}

void pipe_thread::resume() noexcept
{
  pauses_ended_.fetch_add(1, std::memory_order_release);
  pauses_ended_.notify_one();
}

void pipe_thread::stop() noexcept
{
  stopped_ = true;
  resume();
  ::pthread_join(thread_, nullptr);
}

void pipe_thread::forget() noexcept
{
  ::new (&backlog_) std::vector<signal_info>;
}

int pipe_thread::create(std::size_t stack_size) noexcept
{
  ::pthread_attr_t attributes;
  if (const int error = ::pthread_attr_init(&attributes))
    return error;
  ::pthread_attr_setstacksize(&attributes, stack_size);
  const int error = ::pthread_create(&thread_, &attributes,
      [](void* self) -> void* {
        static_cast<pipe_thread*>(self)->run();
        return nullptr;
      },
      this);
  ::pthread_attr_destroy(&attributes);
  return error;
}

void pipe_thread::run() noexcept
{
  ::pthread_setname_np(::pthread_self(), "sigfd-pipe");
  for (;;)
    if (is_pause_requested())
    {
      if (!std::exchange(interrupted_, false))
        take_pause_signal();
      const signal_info sentinel;
      write({&sentinel, 1});
      pauses_ended_.wait(pauses_, std::memory_order_acquire);
      ++pauses_;
      if (stopped_)
        return;
      write(std::exchange(backlog_, {}));
    }
    else
      forward();
}

bool pipe_thread::is_pause_requested() const noexcept
{
  return pauses_requested_.load(std::memory_order_acquire) != pauses_;
}

void pipe_thread::forward() noexcept
{
  std::array<signal_info, read_ahead::capacity> infos;
  std::size_t count = 0;
  wait(infos, count, nullptr);
  if (count == 1 && speculative_read_.is_due())
  {
    const ::timespec at_once{};
    while (count < infos.size() && wait(infos, count, &at_once))
      continue;
    speculative_read_.note(count > 1);
  }
  write(std::span(infos).first(count));
  undelivered().retry_strays(mask_);
}

bool pipe_thread::wait(std::span<signal_info> infos, std::size_t& count,
    const ::timespec* within) noexcept
{
  signal_info& info = infos[count];
  info = sigwait_info(waited_, within);
  if (info.number() == pause_signal && is_pause_requested())
    interrupted_ = true;
  else if (info.number() == pause_signal)
    pass_on();
  else if (info.number() != 0)
    count += undelivered().consume_wakeup(info) ? 1u : 0u;
  else if (errno != EINTR && within == nullptr) // since forbidden
    pauses_requested_.wait(pauses_, std::memory_order_acquire);
  return info.number() != 0 && info.number() != pause_signal;
}

// Takes the signal of a pause that was noticed without it. It was sent, or is
// just being sent, and must be gone before the next: two would become one.
void pipe_thread::take_pause_signal() noexcept
{
  ::sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, pause_signal);
  int number;
  ::sigwait(&only, &number);
}

// A signal of that number that did not come with a pause was meant for a
// thread that does not block it. Directed at the process it would come
// here again, so the main thread has it, the first that would have got it.
void pipe_thread::pass_on() noexcept
{
  ::syscall(SYS_tgkill, ::getpid(), ::getpid(), pause_signal);
}

bool pipe_thread::has_room() const noexcept
{
  ::pollfd p{write_end_.get(), POLLOUT, 0};
  return ::poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0;
}

void pipe_thread::write(std::span<const signal_info> infos) noexcept
{
  while (!infos.empty())
  {
    const auto some
        = infos.first(std::min(infos.size(), read_ahead::capacity));
    if (::write(write_end_.get(), some.data(), some.size_bytes()) != -1
        || errno != EINTR)
      infos = infos.subspan(some.size());
  }
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_PIPE_THREAD_IPP
