//
// detail/pipe_thread.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_PIPE_THREAD_HPP
#define SIGFD_DETAIL_PIPE_THREAD_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/undelivered.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/detail/sigwait.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <new>
#include <utility>
#include <vector>

namespace sigfd::detail {

// A thread that waits for signals and writes their records into a pipe.
//
// It does nothing else, so it never runs code of the user's. Writing blocks: a
// full pipe holds the thread, and what it does not take stays in the kernel's
// queue, where nothing is dropped.
//
// The thread can be brought to rest. It then has nothing in its hands: whatever
// it took was written into the pipe, in front of a mark. Only at rest are the
// mask and the backlog changed; that is all there is to synchronise.
class pipe_thread
{
public:
  pipe_thread() noexcept = default;
  pipe_thread(const pipe_thread&) = delete;
  pipe_thread& operator=(const pipe_thread&) = delete;

  // Starts the thread, at work.
  void start(unique_fd write_end, const signal_mask& mask,
      boost::system::error_code& ec) noexcept
  {
    write_end_ = std::move(write_end);
    set_mask(mask);

    // The thread must not get a signal before it blocks them itself.
    ::sigset_t all;
    ::sigset_t old;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &old);
    std::size_t size = stack_size();
    int error = create(size);
    while (error == EINVAL && size < max_stack_size) // the C library needs more
      error = create(size *= 2);
    ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
    ec = error == 0 ? boost::system::error_code() : system_error_code(error);
    if (error != 0)
      write_end_.reset();
  }

  // Tells the thread to rest. The caller reads the pipe until it finds a mark,
  // and has then taken everything that the thread ever took.
  void request_pause() noexcept
  {
    pauses_requested_.fetch_add(1, std::memory_order_release);
    pauses_requested_.notify_one();
    ::pthread_kill(thread_, pause_signal);
  }

  // Whether a record is the mark, which stands for no signal.
  static bool is_sentinel(const signal_info& info) noexcept
  {
    return info.number() == 0;
  }

  // At rest: changes what is waited for.
  void set_mask(const signal_mask& mask) noexcept
  {
    mask_ = mask;
    waited_ = mask.native();
    ::sigaddset(&waited_, pause_signal);
  }

  // At rest: puts records into the empty pipe again, before anything new. What
  // does not fit now, the thread writes when it is at work.
  void put_back(std::vector<signal_info> infos) noexcept
  {
    std::size_t written = 0;
    while (written < infos.size() && has_room())
      write(infos[written++]);
    infos.erase(infos.begin(),
        infos.begin() + static_cast<std::ptrdiff_t>(written));
    backlog_ = std::move(infos);
  }

  // At rest: lets the thread work again.
  void resume() noexcept
  {
    pauses_ended_.fetch_add(1, std::memory_order_release);
    pauses_ended_.notify_one();
  }

  // At rest: ends the thread, and waits for its end.
  void stop() noexcept
  {
    stopped_ = true;
    resume();
    ::pthread_join(thread_, nullptr);
  }

  // In a child of fork(2), where the thread's state is left as it is.
  void forget() noexcept
  {
    ::new (&backlog_) std::vector<signal_info>;
  }

private:
  // The thread is woken by a signal directed at it alone, of a number that
  // nobody can watch, so it is never mistaken for one of those waited for. A
  // private signal is taken before any of the process: once it was sent, the
  // thread takes no other.
  static constexpr int pause_signal = SIGFPE;

  // What the thread uses is a few hundred bytes, and what the C library and the
  // sanitizers keep on a stack is less than 256 KiB; but glibc takes the
  // program's static thread-local storage from the stack as well.
  static constexpr std::size_t max_stack_size = std::size_t{64} << 20;

  static std::size_t stack_size() noexcept
  {
    std::size_t size = std::size_t{256} * 1024
        + static_cast<std::size_t>(::sysconf(_SC_THREAD_STACK_MIN));
    ::dl_iterate_phdr(&add_thread_local_storage, &size);
    return size;
  }

  static int add_thread_local_storage(
      ::dl_phdr_info* object, std::size_t, void* size) noexcept
  {
    for (int i = 0; i < object->dlpi_phnum; ++i)
      if (const auto& segment = object->dlpi_phdr[i]; segment.p_type == PT_TLS)
        *static_cast<std::size_t*>(size) += segment.p_memsz + segment.p_align;
    return 0;
  }

  int create(std::size_t stack_size) noexcept
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

  // The thread.
  void run() noexcept
  {
    ::pthread_setname_np(::pthread_self(), "sigfd-pipe");
    unsigned pauses = 0; // how many have ended
    bool woken = false; // whether the wake-up of this rest was taken
    for (;;)
    {
      if (pauses_requested_.load(std::memory_order_acquire) != pauses)
      {
        if (!std::exchange(woken, false))
          take_pause_signal();
        write(signal_info()); // the mark
        pauses_ended_.wait(pauses, std::memory_order_acquire);
        ++pauses;
        if (stopped_)
          return;
        for (const signal_info& info : std::exchange(backlog_, {}))
          write(info);
        continue;
      }
      signal_info info = sigwait_info(waited_);
      if (info.number() == 0)
      {
        if (errno != EINTR) // the program has forbidden it since
          pauses_requested_.wait(pauses, std::memory_order_acquire);
      }
      else if (info.number() != pause_signal)
      {
        if (undelivered().consume_wakeup(info))
          write(info);
        undelivered().retry_strays(mask_);
      }
      else if (pauses_requested_.load(std::memory_order_acquire) != pauses)
        woken = true;
      else
        pass_on();
    }
  }

  // Takes the wake-up of a rest that was noticed without it. It was sent, or is
  // just being sent, and must be gone before the next: two would become one.
  static void take_pause_signal() noexcept
  {
    ::sigset_t only;
    ::sigemptyset(&only);
    ::sigaddset(&only, pause_signal);
    int number;
    ::sigwait(&only, &number);
  }

  // A signal of the wake-up's number that did not come with a rest was meant
  // for a thread that does not block it. Directed at the process it would come
  // here again, so the main thread has it, the first that would have got it.
  static void pass_on() noexcept
  {
    ::syscall(SYS_tgkill, ::getpid(), ::getpid(), pause_signal);
  }

  // Whether a record can be written without blocking.
  bool has_room() const noexcept
  {
    ::pollfd p{write_end_.get(), POLLOUT, 0};
    return ::poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0;
  }

  // Writes a record, blocking. A record is far below PIPE_BUF, so it is written
  // whole (pipe(7)), and the reader never closes first.
  void write(const signal_info& info) noexcept
  {
    while (::write(write_end_.get(), &info, sizeof info) == -1
        && errno == EINTR)
      continue;
  }

  ::pthread_t thread_{};
  unique_fd write_end_;
  signal_mask mask_;
  ::sigset_t waited_{}; // the mask, and the wake-up
  std::vector<signal_info> backlog_;
  std::atomic<unsigned> pauses_requested_{0};
  std::atomic<unsigned> pauses_ended_{0};
  bool stopped_ = false;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_PIPE_THREAD_HPP
