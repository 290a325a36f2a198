//
// detail/impl/stray_queue.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_STRAY_QUEUE_IPP
#define SIGFD_DETAIL_IMPL_STRAY_QUEUE_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/requeue.hpp>
#include <sigfd/detail/stray_queue.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <span>

namespace sigfd::detail {

bool stray_queue::put(const signal_info& info) noexcept
{
  was_used_.store(true);
  for (slot& s : slots_)
    if (s.phase.exchange(vacant, filling))
    {
      SIGFD_PREEMPTION_POINT(slot_reserved);
      s.record = info.native();
      s.number.store(info.number());
      s.sequence = next_sequence_.fetch_add(1);
      count_.add(1);
      SIGFD_PREEMPTION_POINT(stray_counted);
      s.phase.store(filled);
      SIGFD_PREEMPTION_POINT(stray_put);
      return true;
    }
  return false;
}

void stray_queue::send_wakeup(int number) noexcept
{
  was_used_.store(true);
  wakeup_sent_[static_cast<std::size_t>(number)].store(true);
  ::siginfo_t wakeup{};
  wakeup.si_signo = number;
  wakeup.si_code = SI_USER;
  wakeup.si_pid = static_cast<::pid_t>(wakeup_pid);
  ::syscall(SYS_rt_sigqueueinfo, ::gettid(), number, &wakeup);
}

std::size_t stray_queue::take(
    const signal_mask& mask, std::span<signal_info> infos) noexcept
{
  std::size_t taken = 0;
  while (taken < infos.size())
  {
    slot* const s = oldest(mask);
    if (s == nullptr)
      break;
    infos[taken++] = signal_info(s->record);
    SIGFD_PREEMPTION_POINT(stray_taken);
    vacate(*s);
  }
  return taken;
}

void stray_queue::retry(const signal_mask& mask) noexcept
{
  while (slot* const s = oldest(mask))
  {
    if (!requeue_raw(signal_info(s->record)))
    {
      send_wakeups(mask);
      return;
    }
    SIGFD_PREEMPTION_POINT(stray_requeued);
    vacate(*s);
  }
}

void stray_queue::vacate(slot& s) noexcept
{
  s.phase.store(vacant);
  SIGFD_PREEMPTION_POINT(slot_vacated);
  count_.add(-1u);
}

stray_queue::slot* stray_queue::oldest(const signal_mask& mask) noexcept
{
  slot* first = nullptr;
  for (slot& s : slots_)
    if (s.phase.load() == filled && mask.contains(s.number.load())
        && (first == nullptr || s.sequence < first->sequence))
      first = &s;
  return first;
}

void stray_queue::send_wakeups(const signal_mask& mask) noexcept
{
  for (const int number : mask)
    for (const slot& s : slots_)
      if (s.phase.load() == filled && s.number.load() == number)
      {
        send_wakeup(number);
        break;
      }
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_STRAY_QUEUE_IPP
