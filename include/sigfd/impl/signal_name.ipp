//
// impl/signal_name.ipp
// ~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_IMPL_SIGNAL_NAME_IPP
#define SIGFD_IMPL_SIGNAL_NAME_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/signal_name.hpp>

#include <signal.h>

#include <array>
#include <cstddef>
#include <string_view>

namespace sigfd {
namespace detail {

// The names of the standard signals by number; empty where there is none.
inline constexpr auto standard_names = [] {
  std::array<std::string_view, first_reserved_number> names{};
  names[SIGHUP] = "SIGHUP";
  names[SIGINT] = "SIGINT";
  names[SIGQUIT] = "SIGQUIT";
  names[SIGILL] = "SIGILL";
  names[SIGTRAP] = "SIGTRAP";
  names[SIGABRT] = "SIGABRT";
  names[SIGBUS] = "SIGBUS";
  names[SIGFPE] = "SIGFPE";
  names[SIGKILL] = "SIGKILL";
  names[SIGUSR1] = "SIGUSR1";
  names[SIGSEGV] = "SIGSEGV";
  names[SIGUSR2] = "SIGUSR2";
  names[SIGPIPE] = "SIGPIPE";
  names[SIGALRM] = "SIGALRM";
  names[SIGTERM] = "SIGTERM";
  names[SIGSTKFLT] = "SIGSTKFLT";
  names[SIGCHLD] = "SIGCHLD";
  names[SIGCONT] = "SIGCONT";
  names[SIGSTOP] = "SIGSTOP";
  names[SIGTSTP] = "SIGTSTP";
  names[SIGTTIN] = "SIGTTIN";
  names[SIGTTOU] = "SIGTTOU";
  names[SIGURG] = "SIGURG";
  names[SIGXCPU] = "SIGXCPU";
  names[SIGXFSZ] = "SIGXFSZ";
  names[SIGVTALRM] = "SIGVTALRM";
  names[SIGPROF] = "SIGPROF";
  names[SIGWINCH] = "SIGWINCH";
  names[SIGIO] = "SIGIO";
  names[SIGPWR] = "SIGPWR";
  names[SIGSYS] = "SIGSYS";
  return names;
}();

// The names of the real-time signals, counted from SIGRTMIN, which is not a
// constant (signal(7)).
inline constexpr std::array<std::string_view, 33> realtime_names = {"SIGRTMIN",
    "SIGRTMIN+1", "SIGRTMIN+2", "SIGRTMIN+3", "SIGRTMIN+4", "SIGRTMIN+5",
    "SIGRTMIN+6", "SIGRTMIN+7", "SIGRTMIN+8", "SIGRTMIN+9", "SIGRTMIN+10",
    "SIGRTMIN+11", "SIGRTMIN+12", "SIGRTMIN+13", "SIGRTMIN+14", "SIGRTMIN+15",
    "SIGRTMIN+16", "SIGRTMIN+17", "SIGRTMIN+18", "SIGRTMIN+19", "SIGRTMIN+20",
    "SIGRTMIN+21", "SIGRTMIN+22", "SIGRTMIN+23", "SIGRTMIN+24", "SIGRTMIN+25",
    "SIGRTMIN+26", "SIGRTMIN+27", "SIGRTMIN+28", "SIGRTMIN+29", "SIGRTMIN+30",
    "SIGRTMIN+31", "SIGRTMIN+32"};

} // namespace detail

std::string_view signal_name(int number) noexcept
{
  switch (detail::kind_of(number))
  {
  case detail::signal_kind::out_of_range:
    return "unknown signal";
  case detail::signal_kind::reserved:
    return "reserved signal";
  default:
    break;
  }
  if (number < SIGRTMIN)
    return detail::standard_names[static_cast<std::size_t>(number)];
  const auto offset = static_cast<std::size_t>(number - SIGRTMIN);
  return offset < detail::realtime_names.size() ? detail::realtime_names[offset]
                                                : "unknown signal";
}

} // namespace sigfd

#endif // SIGFD_IMPL_SIGNAL_NAME_IPP
