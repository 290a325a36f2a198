//
// detail/siginfo_layout.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_SIGINFO_LAYOUT_HPP
#define SIGFD_DETAIL_SIGINFO_LAYOUT_HPP

#include <sigfd/detail/config.hpp>

#include <signal.h>

#include <cstdint>

namespace sigfd::detail {

// Which members of a siginfo are valid. The codes 1 to 6 mean different things
// for different signals, so number and code decide together.
enum class siginfo_layout
{
  kill,         // pid, uid
  queue,        // pid, uid, value
  timer,        // timer id, overrun, value
  child,        // pid, uid, status, user and system time
  poll,         // band, fd
  fault,        // address
  memory_error, // address and its least significant bit
  system_call   // address, number and architecture of a system call
};

// The number of the last code that the kernel generates for a signal which has
// codes of its own; 0 for every other signal.
constexpr int last_code_of(int number) noexcept
{
  constexpr int codes[][2] = {{SIGILL, 11}, {SIGFPE, 15}, {SIGSEGV, 10},
      {SIGBUS, 5}, {SIGTRAP, 6}, {SIGCHLD, 6}, {SIGPOLL, 6}, {SIGSYS, 2}};
  for (const auto& [signal, last] : codes)
    if (signal == number)
      return last;
  return 0;
}

// The last code of SIGPOLL. F_SETSIG can put those codes on any signal that
// has none of its own (fcntl(2)).
inline constexpr int last_poll_code = 6;

// Decides as the kernel does when it fills a signalfd_siginfo.
constexpr siginfo_layout layout_of(int number, int code) noexcept
{
  if (code == SI_TIMER)
    return siginfo_layout::timer;
  if (code == SI_SIGIO)
    return siginfo_layout::poll;
  if (code < 0)
    return siginfo_layout::queue;
  if (code == SI_USER || code >= SI_KERNEL)
    return siginfo_layout::kill;
  if (code > last_code_of(number))
    return code <= last_poll_code ? siginfo_layout::poll : siginfo_layout::kill;
  switch (number)
  {
  case SIGCHLD:
    return siginfo_layout::child;
  case SIGPOLL:
    return siginfo_layout::poll;
  case SIGSYS:
    return siginfo_layout::system_call;
  case SIGBUS:
    return code == BUS_MCEERR_AR || code == BUS_MCEERR_AO
        ? siginfo_layout::memory_error
        : siginfo_layout::fault;
  default:
    return siginfo_layout::fault;
  }
}

// An address as a record keeps it, and back.
inline std::uint64_t to_bits(const void* address) noexcept
{
  return reinterpret_cast<std::uintptr_t>(address);
}

inline void* to_address(std::uint64_t bits) noexcept
{
  // No cast, because it is useless where pointers have 64 bits.
  const std::uintptr_t pointer = bits & ~std::uintptr_t{0};
  return reinterpret_cast<void*>(pointer);
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_SIGINFO_LAYOUT_HPP
