//
// detail/stray_handler.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_STRAY_HANDLER_HPP
#define SIGFD_DETAIL_STRAY_HANDLER_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/fork_reset.hpp>
#include <sigfd/detail/requeue.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/detail/stray_queue.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signalfd_base.hpp>

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace sigfd::detail {

// What runs in the threads that do not block a watched signal, and what it has
// to know: system calls and lock-free atomics only. handler_table installs it.
//
// The way of a stray: the handler queues it to the process again, so that every
// reader finds it as if all threads had blocked it, and blocks its number in
// the thread for good, so that this one does not get another. A real-time
// signal that the kernel refuses goes into the queue of strays.
class stray_handler
{
public:
  // How many signals the handler caught, wake-up signals not counted.
  std::uint64_t caught() const noexcept
  {
    return caught_.load();
  }

  // How many of those were lost: neither the kernel nor the queue had room.
  std::uint64_t lost() const noexcept
  {
    return lost_.load();
  }

protected:
  struct entry
  {
    std::atomic<unsigned> watchers{0}; // changed only with the lock
    fork_reset_value running;          // handlers, at this moment
    std::atomic<std::uint64_t> caught_by{0}; // threads, by their ID modulo 64
    signalfd_base::flags given = signalfd_base::flags::dont_care;
    struct ::sigaction previous{}; // to be put back

    // The action under the first handler of ours. Who has replaced one of ours
    // may have saved it, and put it back, or call it, at any time.
    struct ::sigaction lowest{};
    bool may_be_saved = false;
  };

  static std::size_t index_of(int number) noexcept
  {
    return static_cast<std::size_t>(number);
  }

  bool is_ours(const struct ::sigaction& action) const noexcept
  {
    return (action.sa_flags & SA_SIGINFO) != 0
        ? action.sa_sigaction == handle_
        : action.sa_handler == do_nothing_;
  }

  static bool has_handler(const struct ::sigaction& action) noexcept
  {
    return action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN;
  }

  // Whether the kernel discards a signal under an action without a handler.
  static bool ignores(const struct ::sigaction& action, int number) noexcept
  {
    return action.sa_handler == SIG_IGN || number == SIGCHLD
        || number == SIGCONT || number == SIGURG || number == SIGWINCH;
  }

  constexpr stray_handler() noexcept = default;

  std::array<entry, last_signal_number + 1> entries_{};

  // Of the copy of the library that has the one object: others may have the
  // same functions at other places.
  void (*const handle_)(int, ::siginfo_t*, void*) = &handle;
  void (*const do_nothing_)(int) = &do_nothing;

private:
  // The handler itself.
  static void handle(int number, ::siginfo_t* info, void* context) noexcept;

  // Stands in for the default action of a signal that this would ignore.
  static void do_nothing(int) noexcept
  {
  }

  // Without a context, it is no signal that is handled: the program hands what
  // it took from a descriptor to whatever handler is installed, as QEMU does.
  // It means the one that it installed itself.
  void on_signal(int number, ::siginfo_t* info, void* context) noexcept
  {
    entry& e = entries_[index_of(number)];
    e.running.add(1);
    struct ::sigaction previous{};
    if (context == nullptr)
      previous = e.previous;
    else if (e.watchers.load() == 0)
      previous = act_without_watchers(e, number);
    else
      forward(e, signal_info(*info),
          static_cast<::ucontext_t*>(context)->uc_sigmask);
    e.running.add(-1u);
    e.running.notify();
    if (!has_handler(previous))
      return;
    if ((previous.sa_flags & SA_SIGINFO) != 0)
      previous.sa_sigaction(number, info, context);
    else
      previous.sa_handler(number);
  }

  // blocked: what the thread will block when the handler has returned.
  void forward(entry& e, const signal_info& info, ::sigset_t& blocked) noexcept
  {
    if (may_be_abort(info))
      return;
    const int number = info.number();
    ::sigaddset(&blocked, number);
    if (strays.is_wakeup(info))
      strays.send_wakeup(number);
    else
      queue(number, info);
    const std::uint64_t thread = std::uint64_t{1} << ::gettid() % 64;
    if ((e.caught_by.fetch_or(thread) & thread) != 0)
      leave_to_readers(number);
  }

  void queue(int number, const signal_info& info) noexcept
  {
    caught_.fetch_add(1);
    if (requeue_raw(info))
      return;
    if (number >= SIGRTMIN && strays.put(info))
      strays.send_wakeup(number);
    else
      lost_.fetch_add(1);
  }

  // Where the mask is not honoured, under valgrind and sometimes under
  // ThreadSanitizer, a thread catches again what it has just queued, before any
  // reader can be there. As long as this handler runs, it does not.
  static void leave_to_readers(int number) noexcept
  {
    const ::timespec pause{0, 100'000};
    ::sigset_t pending;
    for (int i = 0; i < 10; ++i)
    {
      ::sigpending(&pending);
      if (::sigismember(&pending, number) != 1)
        return;
      ::nanosleep(&pause, nullptr);
    }
  }

  // What is to be done where nobody watches the signal, and somebody who had
  // replaced ours has put it back, or calls it. A default action is taken by
  // the kernel, when the handler has returned.
  static struct ::sigaction act_without_watchers(entry& e, int number) noexcept
  {
    if (!has_handler(e.lowest) && !ignores(e.lowest, number))
    {
      ::sigaction(number, &e.lowest, nullptr);
      ::syscall(SYS_tgkill, ::getpid(), ::gettid(), number);
    }
    return e.lowest;
  }

  // abort(3) unblocks SIGABRT, raises it, and then raises it with the default
  // action, for which it must stay unblocked. What raise(3) and pthread_kill(3)
  // send within the process looks the same.
  static bool may_be_abort(const signal_info& info) noexcept
  {
    return info.number() == SIGABRT && info.code() == SI_TKILL
        && info.native().ssi_pid == static_cast<std::uint32_t>(::getpid());
  }

  std::atomic<std::uint64_t> caught_{0};
  std::atomic<std::uint64_t> lost_{0};
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_STRAY_HANDLER_HPP
