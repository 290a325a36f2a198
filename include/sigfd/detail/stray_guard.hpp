//
// detail/stray_guard.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_STRAY_GUARD_HPP
#define SIGFD_DETAIL_STRAY_GUARD_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/give_back.hpp>
#include <sigfd/detail/process_local.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/detail/stray_mail.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/wait_for_signal.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>
#include <sigfd/signalfd_base.hpp>

#include <boost/system/error_code.hpp>

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>

namespace sigfd::detail {

// Catches watched signals in the threads that do not block them, and forwards
// them to the descriptors. Process-wide, as actions are: a handler for each
// signal that has watchers, and the previous action again when the last of them
// goes. There is one, guard.
//
// The way of a stray: the handler queues it to the process again, so that every
// reader finds it as if all threads had blocked it, and blocks its number in
// the thread for good, so that this one does not get another. A real-time
// signal that the kernel refuses goes into the mail.
class stray_guard
{
public:
  using flags = signalfd_base::flags;

  // Counts a watcher of a signal, if it is new. Flags other than dont_care go
  // into the action; EINVAL if others were given for the signal before.
  void add(int number, flags f, bool is_new,
      boost::system::error_code& ec) noexcept
  {
    const std::lock_guard lock(mutex_);
    slot& s = slots_[index_of(number)];
    const auto current = action_of(number);
    if (s.watchers.load() != 0)
    {
      give_flags(s, number, f, ec);
      if (ec)
        return;
      s.watchers.fetch_add(is_new ? 1 : 0);
      // fork(2) copies the actions a moment before the memory.
      if (current.sa_handler == s.previous.sa_handler)
        install(s, number);
      return;
    }
    ec = {};
    wait_for_handlers(s);
    s.previous = is_ours(current) ? s.lowest : current;
    if (current.sa_handler == do_nothing_)
    {
      s.previous.sa_handler = SIG_DFL;
      s.previous.sa_flags = flags_about_children(current);
    }
    if (!s.may_be_saved)
      s.lowest = s.previous;
    s.given = f;
    install(s, number);
    s.watchers.store(1);
    wait_for_handlers(s); // one may just have put the lowest action back
    if (!is_ours(action_of(number)))
      install(s, number);
  }

  // Counts a watcher of a signal less. If it was the last, puts the previous
  // action back, unless somebody replaced ours meanwhile.
  void remove(int number) noexcept
  {
    const std::lock_guard lock(mutex_);
    slot& s = slots_[index_of(number)];
    if (s.watchers.fetch_sub(1) == 1)
      put_previous_back(s, number);
  }

  // How many signals the handler caught, wake-ups not counted.
  std::uint64_t caught() const noexcept
  {
    return caught_.load();
  }

  // How many of those were lost: neither the kernel nor the mail had room.
  std::uint64_t lost() const noexcept
  {
    return lost_.load();
  }

  // Keeps the shared object that the handler is in mapped for good, so that it
  // can be called after dlclose(3). No effect on the program itself.
  void stay_mapped() noexcept
  {
    ::Dl_info object;
    if (!is_mapped_.exchange(true)
        && ::dladdr(reinterpret_cast<void*>(handle_), &object) != 0
        && ::dlopen(object.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE)
            == nullptr)
      ::dlerror(); // it was the program: that is nobody's error
  }

private:
  struct slot
  {
    std::atomic<unsigned> watchers{0}; // changed only with the lock
    process_value running;             // handlers, at this moment
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

  // The handler. Async-signal-safe: system calls and lock-free atomics only.
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
    slot& s = slots_[index_of(number)];
    s.running.add(1);
    struct ::sigaction previous{};
    if (context == nullptr)
      previous = s.previous;
    else if (s.watchers.load() == 0)
      previous = act_without_watchers(s, number);
    else
      forward(s, signal_info(*info),
          static_cast<::ucontext_t*>(context)->uc_sigmask);
    s.running.add(-1u);
    s.running.notify();
    if (!has_handler(previous))
      return;
    if ((previous.sa_flags & SA_SIGINFO) != 0)
      previous.sa_sigaction(number, info, context);
    else
      previous.sa_handler(number);
  }

  // blocked: what the thread will block when the handler has returned.
  void forward(slot& s, const signal_info& info, ::sigset_t& blocked) noexcept
  {
    if (may_be_abort(info))
      return;
    const int number = info.number();
    ::sigaddset(&blocked, number);
    if (strays.is_wakeup(info))
      strays.send_wakeup(number);
    else
      queue_or_mail(number, info);
    const std::uint64_t thread = std::uint64_t{1} << ::gettid() % 64;
    if ((s.caught_by.fetch_or(thread) & thread) != 0)
      leave_to_readers(number);
  }

  void queue_or_mail(int number, const signal_info& info) noexcept
  {
    caught_.fetch_add(1);
    if (queue_again(info))
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
  static struct ::sigaction act_without_watchers(slot& s, int number) noexcept
  {
    if (!has_handler(s.lowest) && !ignores(s.lowest, number))
    {
      ::sigaction(number, &s.lowest, nullptr);
      ::syscall(SYS_tgkill, ::getpid(), ::gettid(), number);
    }
    return s.lowest;
  }

  // abort(3) unblocks SIGABRT, raises it, and then raises it with the default
  // action, for which it must stay unblocked. What raise(3) and pthread_kill(3)
  // send within the process looks the same.
  static bool may_be_abort(const signal_info& info) noexcept
  {
    return info.number() == SIGABRT && info.code() == SI_TKILL
        && info.native().ssi_pid == static_cast<std::uint32_t>(::getpid());
  }

  // With the lock, as everything below.
  void give_flags(slot& s, int number, flags f,
      boost::system::error_code& ec) noexcept
  {
    ec = {};
    if (f == flags::dont_care || f == s.given)
      return;
    if (s.given != flags::dont_care)
    {
      ec = system_error_code(EINVAL);
      return;
    }
    s.given = f;
    if (is_ours(action_of(number)))
      install(s, number);
  }

  // Every signal is blocked while the handler runs, also those of the C library
  // itself, which sigfillset(3) leaves out: an asynchronous pthread_cancel(3)
  // would end the thread with the signal in its hands.
  void install(const slot& s, int number) noexcept
  {
    const int wanted = s.given == flags::dont_care
        ? SA_RESTART | flags_about_children(s.previous)
        : static_cast<int>(s.given);
    struct ::sigaction action{};
    action.sa_sigaction = handle_;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | wanted;
    std::memset(&action.sa_mask, 0xff, sizeof action.sa_mask);
    ::sigaction(number, &action, nullptr);
  }

  static int flags_about_children(const struct ::sigaction& action) noexcept
  {
    return action.sa_flags & (SA_NOCLDSTOP | SA_NOCLDWAIT);
  }

  static struct ::sigaction action_of(int number) noexcept
  {
    struct ::sigaction action{};
    ::sigaction(number, nullptr, &action);
    return action;
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

  // Handlers that saw a watcher, or none, before this call.
  static void wait_for_handlers(const slot& s) noexcept
  {
    while (const std::uint32_t count = s.running.load())
      s.running.wait(count);
  }

  // Where the action becomes one that ignores the signal, the kernel discards
  // what is pending, also what comes just before. So a default that ignores
  // stays replaced. SIG_IGN is put back, because the program did not want the
  // signal; what was pending first is kept for the next watcher. A wake-up must
  // not stay behind: it would act, once unblocked.
  void put_previous_back(slot& s, int number) noexcept
  {
    wait_for_handlers(s);
    const bool ours = is_ours(action_of(number));
    const bool discards = ours && !has_handler(s.previous)
        && ignores(s.previous, number);
    const bool stays_replaced = discards && s.previous.sa_handler == SIG_DFL;
    s.may_be_saved = s.may_be_saved || !ours || stays_replaced;
    struct ::sigaction next = s.previous;
    if (stays_replaced)
    {
      next.sa_handler = do_nothing_;
      next.sa_flags = SA_RESTART | flags_about_children(s.previous);
    }
    const signal_mask only{number};
    const scoped_signal_block block(only);
    if (strays.may_have_woken(number) || (discards && !stays_replaced))
      park_pending(number);
    if (ours)
      ::sigaction(number, &next, nullptr);
    if (block.changed().empty()) // else it would act, at the end of the block
      parked().retry(only);
  }

  // Takes what is pending of a signal, and mail for wake-ups. Not more than was
  // queued at first: somebody may be sending all the time.
  static void park_pending(int number) noexcept
  {
    for (auto left = read_queue_usage().used + 1; left != 0; --left)
    {
      signal_info info = take_signal(number);
      if (info.number() == 0)
        return;
      if (strays.open(info))
        parked().keep(info);
    }
  }

  process_mutex mutex_;
  std::array<slot, last_signal_number + 1> slots_{};
  std::atomic<std::uint64_t> caught_{0};
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<bool> is_mapped_{false};

  // Of the copy of the library that has the one guard: others may have the same
  // functions at other places.
  void (*const handle_)(int, ::siginfo_t*, void*) = &handle;
  void (*const do_nothing_)(int) = &do_nothing;
};

// The guard of this process; as strays, it is always there.
[[gnu::visibility("default")]] inline constinit stray_guard guard;

inline void stray_guard::handle(
    int number, ::siginfo_t* info, void* context) noexcept
{
  const int saved_errno = errno;
  guard.on_signal(number, info, context);
  errno = saved_errno;
}

// The signals for which an open object has the guard.
class stray_watch
{
public:
  stray_watch() noexcept = default;
  stray_watch(const stray_watch&) = delete;
  stray_watch& operator=(const stray_watch&) = delete;

  ~stray_watch()
  {
    set(signal_mask());
  }

  // Adds a signal with flags for its action; EINVAL if they are in conflict
  // with those of another object.
  void add(int number, signalfd_base::flags f,
      boost::system::error_code& ec) noexcept
  {
    guard.add(number, f, !mask_.contains(number), ec);
    if (!ec)
      mask_.add(number);
  }

  // Has the guard for these signals and no others.
  void set(const signal_mask& mask) noexcept
  {
    boost::system::error_code ec; // without flags, there is no conflict
    for (const int n : mask - mask_)
      guard.add(n, signalfd_base::flags::dont_care, true, ec);
    for (const int n : mask_ - mask)
      guard.remove(n);
    mask_ = mask;
  }

private:
  signal_mask mask_;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_STRAY_GUARD_HPP
