//
// detail/impl/try_requeue.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_TRY_REQUEUE_IPP
#define SIGFD_DETAIL_IMPL_TRY_REQUEUE_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/requeue.hpp>
#include <sigfd/detail/try_requeue.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/signal_info.hpp>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace sigfd::detail {

queue_usage read_queue_usage() noexcept
{
  char text[16384]; // supplementary groups come first
  queue_usage usage;
  const unique_fd file(::open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  const ::ssize_t size = ::read(file.get(), text, sizeof text - 1);
  text[size > 0 ? size : 0] = 0;
  if (const char* const line = std::strstr(text, "SigQ:"))
  {
    char* rest = nullptr;
    const unsigned long used = std::strtoul(line + 5, &rest, 10);
    if (*rest == '/')
      usage = {used, std::strtoul(rest + 1, nullptr, 10)};
  }
  return usage;
}

bool try_requeue(const signal_info& info) noexcept
{
  const bool is_realtime = info.number() >= SIGRTMIN;
  const auto is_stop = [](int n) {
    return n == SIGTSTP || n == SIGTTIN || n == SIGTTOU;
  };
  struct ::sigaction action{};
  ::sigset_t blocked;
  ::sigset_t pending;
  ::sigaction(info.number(), nullptr, &action);
  ::sigemptyset(&blocked); // as it is to be taken where a sandbox refuses to
  ::sigemptyset(&pending); // tell
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
  return requeue_raw(info);
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_TRY_REQUEUE_IPP
