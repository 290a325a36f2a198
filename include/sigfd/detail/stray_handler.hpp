//
// detail/stray_handler.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_STRAY_HANDLER_HPP
#define SIGFD_DETAIL_STRAY_HANDLER_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/fork_reset.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signalfd_base.hpp>

#include <signal.h>

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
    fork_reset_value running; // handlers, at this moment
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

  using function = void (*)(int number, ::siginfo_t* info, void* context);

  // The function to install; it calls on_signal().
  constexpr explicit stray_handler(function handle) noexcept
    : handle_(handle)
  {
  }

  // Without a context, it is no signal that is handled: the program hands what
  // it took from a descriptor to whatever handler is installed, as QEMU does.
  // It means the one that it installed itself. Or that one was called so, and
  // goes on to ours, which it replaced once: it means what was below that.
  SIGFD_DECL void on_signal(
      int number, ::siginfo_t* info, void* context) noexcept;

  // Calls the handler of an action, if it has one. Without a context, was_under
  // says whether it is called as what is under ours.
  SIGFD_DECL static void call_handler(const struct ::sigaction& action,
      int number, ::siginfo_t* info, void* context, bool was_under) noexcept;

  std::array<entry, last_signal_number + 1> entries_{};

  // Of the copy of the library that has the one object: others may have the
  // same functions at other places.
  const function handle_;
  void (*const do_nothing_)(int) = &do_nothing;

private:
  // The signal for which this thread calls what is under ours, without a
  // context; 0 if none.
  static int& called_under_ours() noexcept
  {
    static constinit thread_local int number = 0;
    return number;
  }

  // Stands in for the default action of a signal that this would ignore.
  static void do_nothing(int) noexcept
  {
  }

  // blocked: what the thread will block when the handler has returned.
  SIGFD_DECL void forward(
      entry& e, const signal_info& info, ::sigset_t& blocked) noexcept;

  SIGFD_DECL void queue(int number, const signal_info& info) noexcept;

  SIGFD_DECL static void leave_to_readers(int number) noexcept;

  // What is to be done where nobody watches the signal, and somebody who had
  // replaced ours has put it back, or calls it. A default action is taken by
  // the kernel, when the handler has returned.
  SIGFD_DECL static struct ::sigaction act_without_watchers(
      entry& e, int number, ::siginfo_t* info) noexcept;

  SIGFD_DECL static bool may_be_abort(const signal_info& info) noexcept;

  std::atomic<std::uint64_t> caught_{0};
  std::atomic<std::uint64_t> lost_{0};
};

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/stray_handler.ipp)

#endif // SIGFD_DETAIL_STRAY_HANDLER_HPP
