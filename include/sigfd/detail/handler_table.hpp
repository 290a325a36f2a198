//
// detail/handler_table.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_HANDLER_TABLE_HPP
#define SIGFD_DETAIL_HANDLER_TABLE_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/fork_reset.hpp>
#include <sigfd/detail/stray_handler.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signalfd_base.hpp>

#include <boost/system/error_code.hpp>

#include <signal.h>

#include <atomic>

namespace sigfd::detail {

// Installs the handler of strays. Process-wide, as actions are: for each signal
// that has watchers, and the previous action again when the last of them goes.
class handler_table : public stray_handler
{
public:
  using flags = signalfd_base::flags;

  constexpr handler_table() noexcept
    : stray_handler(&handle)
  {
  }

  // Counts a watcher of a signal, if it is new. Flags other than dont_care go
  // into the action; EINVAL if others were given for the signal before.
  SIGFD_DECL void add(
      int number, flags f, bool is_new, boost::system::error_code& ec) noexcept;

  // Counts a watcher of a signal less. If it was the last, puts the previous
  // action back, unless somebody replaced ours meanwhile.
  SIGFD_DECL void remove(int number) noexcept;

  // What the program has installed for a signal.
  struct program_action
  {
    struct ::sigaction action;
    bool is_under_ours; // or in its place, which the kernel calls

    bool has_handler() const noexcept
    {
      return stray_handler::has_handler(action);
    }
  };

  SIGFD_DECL program_action program_action_of(int number) noexcept;

  // Calls the handler that the program has installed for a signal, under ours
  // or in its place: as ordinary code, with the record and no context.
  SIGFD_DECL void call(const signal_info& info) noexcept;

  // Keeps the shared object that the handler is in mapped for good, so that it
  // can be called after dlclose(3). No effect on the program itself.
  SIGFD_DECL void stay_mapped() noexcept;

private:
  // The handler itself.
  SIGFD_DECL static void handle(
      int number, ::siginfo_t* info, void* context) noexcept;

  // With the lock, as everything below.
  SIGFD_DECL void give_flags(
      entry& e, int number, flags f, boost::system::error_code& ec) noexcept;

  SIGFD_DECL void install(const entry& e, int number) noexcept;

  SIGFD_DECL static int flags_about_children(
      const struct ::sigaction& action) noexcept;

  SIGFD_DECL static struct ::sigaction action_of(int number) noexcept;

  // Handlers that saw a watcher, or none, before this call.
  SIGFD_DECL static void wait_for_handlers(const entry& e) noexcept;

  SIGFD_DECL void put_previous_back(entry& e, int number) noexcept;

  // Takes what is pending of a signal, and strays for wake-up signals. Not more
  // than was queued at first: somebody may be sending all the time. False if
  // there was no memory for all.
  SIGFD_DECL static bool keep_pending(int number) noexcept;

  fork_reset_mutex mutex_;
  std::atomic<bool> is_mapped_{false};
};

// The one of this process; as strays, it is always there.
[[gnu::visibility("default")]] inline constinit handler_table handlers;

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/handler_table.ipp)

#endif // SIGFD_DETAIL_HANDLER_TABLE_HPP
