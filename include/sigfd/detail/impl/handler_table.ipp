//
// detail/impl/handler_table.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_HANDLER_TABLE_IPP
#define SIGFD_DETAIL_IMPL_HANDLER_TABLE_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/handler_table.hpp>
#include <sigfd/detail/keep_mapped.hpp>
#include <sigfd/detail/sigwait.hpp>
#include <sigfd/detail/stray_handler.hpp>
#include <sigfd/detail/stray_queue.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/try_requeue.hpp>
#include <sigfd/detail/undelivered.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>
#include <signal.h>

#include <cstdint>
#include <cstring>
#include <mutex>

namespace sigfd::detail {

void handler_table::add(
    int number, flags f, bool is_new, boost::system::error_code& ec) noexcept
{
  const std::lock_guard lock(mutex_);
  entry& e = entries_[index_of(number)];
  const auto current = action_of(number);
  if (e.watchers.load() != 0)
  {
    give_flags(e, number, f, ec);
    if (ec)
      return;
    e.watchers.fetch_add(is_new ? 1 : 0);
    // fork(2) copies the actions a moment before the memory.
    if (current.sa_handler == e.previous.sa_handler)
      install(e, number);
    return;
  }
  ec = {};
  wait_for_handlers(e);
  const bool was_ignored = e.previous.sa_handler == SIG_IGN;
  SIGFD_PREEMPTION_POINT(no_handler_runs);
  e.previous = is_ours(current) ? e.lowest : current;
  if (current.sa_handler == do_nothing_)
  {
    e.previous.sa_handler = was_ignored ? SIG_IGN : SIG_DFL;
    e.previous.sa_flags = flags_about_children(current);
  }
  if (!e.may_be_saved)
    e.lowest = e.previous;
  e.given = f;
  install(e, number);
  SIGFD_PREEMPTION_POINT(handler_installed);
  e.watchers.store(1);
  SIGFD_PREEMPTION_POINT(first_watcher_counted);
  wait_for_handlers(e); // one may just have put the lowest action back
  if (!is_ours(action_of(number)))
    install(e, number);
}

void handler_table::remove(int number) noexcept
{
  const std::lock_guard lock(mutex_);
  entry& e = entries_[index_of(number)];
  if (e.watchers.fetch_sub(1) == 1)
  {
    SIGFD_PREEMPTION_POINT(last_watcher_gone);
    put_previous_back(e, number);
  }
}

handler_table::program_action handler_table::program_action_of(
    int number) noexcept
{
  const std::lock_guard lock(mutex_);
  const entry& e = entries_[index_of(number)];
  const auto current = action_of(number);
  if (!is_ours(current))
    return {current, false};
  return {e.watchers.load() != 0 ? e.previous : e.lowest, true};
}

// Without the lock: the handler may do everything.
void handler_table::call(const signal_info& info) noexcept
{
  const int number = info.number();
  const program_action own = program_action_of(number);
  ::siginfo_t record = info.to_siginfo();
  call_handler(own.action, number, &record, nullptr, own.is_under_ours);
}

void handler_table::stay_mapped() noexcept
{
  if (!is_mapped_.exchange(true))
    keep_mapped(reinterpret_cast<void*>(handle_));
}

void handler_table::give_flags(
    entry& e, int number, flags f, boost::system::error_code& ec) noexcept
{
  ec = {};
  if (f == flags::dont_care || f == e.given)
    return;
  if (e.given != flags::dont_care)
  {
    ec = system_error_code(EINVAL);
    return;
  }
  e.given = f;
  if (is_ours(action_of(number)))
    install(e, number);
}

// Every signal is blocked while the handler runs, also those of the C library
// itself, which sigfillset(3) leaves out: an asynchronous pthread_cancel(3)
// would end the thread with the signal in its hands.
void handler_table::install(const entry& e, int number) noexcept
{
  const int wanted = e.given == flags::dont_care
      ? SA_RESTART | flags_about_children(e.previous)
      : static_cast<int>(e.given);
  struct ::sigaction action{};
  action.sa_sigaction = handle_;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | wanted;
  std::memset(&action.sa_mask, 0xff, sizeof action.sa_mask);
  ::sigaction(number, &action, nullptr);
}

int handler_table::flags_about_children(
    const struct ::sigaction& action) noexcept
{
  return action.sa_flags & (SA_NOCLDSTOP | SA_NOCLDWAIT);
}

struct ::sigaction handler_table::action_of(int number) noexcept
{
  struct ::sigaction action{};
  ::sigaction(number, nullptr, &action);
  return action;
}

void handler_table::wait_for_handlers(const entry& e) noexcept
{
  while (const std::uint32_t count = e.running.load())
    e.running.wait(count);
}

// Where the action becomes one that ignores the signal, the kernel discards
// what is pending, also what comes just before. So a default that ignores
// stays replaced. SIG_IGN is put back, because the program did not want the
// signal; what was pending first is kept for the next watcher, or, where there
// is no memory for that, stays pending under an action that ignores it as well.
// A wake-up signal must not stay behind: it would act, once unblocked.
void handler_table::put_previous_back(entry& e, int number) noexcept
{
  wait_for_handlers(e);
  const bool ours = is_ours(action_of(number));
  const bool discards = ours && !has_handler(e.previous)
      && ignores(e.previous, number);
  bool stays_replaced = discards && e.previous.sa_handler == SIG_DFL;
  const signal_mask only{number};
  const scoped_signal_block block(only);
  if (strays.may_have_wakeup(number) || (discards && !stays_replaced))
    stays_replaced = (!keep_pending(number) && discards) || stays_replaced;
  e.may_be_saved = e.may_be_saved || !ours || stays_replaced;
  struct ::sigaction next = e.previous;
  if (stays_replaced)
  {
    next.sa_handler = do_nothing_;
    next.sa_flags = SA_RESTART | flags_about_children(e.previous);
  }
  SIGFD_PREEMPTION_POINT(pending_is_kept);
  if (ours)
    ::sigaction(number, &next, nullptr);
  SIGFD_PREEMPTION_POINT(previous_action_is_back);
  if (block.changed().empty()) // else it would act, at the end of the block
    undelivered().retry(only);
}

bool handler_table::keep_pending(int number) noexcept
{
  for (auto left = read_queue_usage().used + 1; left != 0; --left)
  {
    if (!undelivered().reserve())
      return false;
    signal_info info = take_pending(number);
    if (info.number() == 0)
      break;
    if (undelivered().consume_wakeup(info))
      undelivered().keep(info);
  }
  return true;
}

void handler_table::handle(
    int number, ::siginfo_t* info, void* context) noexcept
{
  const int saved_errno = errno;
  handlers.on_signal(number, info, context);
  errno = saved_errno;
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_HANDLER_TABLE_IPP
