//
// detail/signal_number.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_SIGNAL_NUMBER_HPP
#define SIGFD_DETAIL_SIGNAL_NUMBER_HPP

#include <sigfd/detail/config.hpp>

#include <signal.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace sigfd::detail {

// Signal numbers run from 1 to here: SIGRTMAX, which is 64 on the architectures
// that have the usual numbers (signal(7)).
inline constexpr int last_signal_number = _NSIG - 1;

// From here to SIGRTMIN, numbers belong to the C library (signal(7)).
inline constexpr int first_reserved_number = 32;

// What a number is, as far as waiting for it goes.
enum class signal_kind
{
  watchable,
  out_of_range,
  reserved,     // the C library uses it for its own threads (nptl(7))
  uncatchable,  // SIGKILL and SIGSTOP cannot be blocked (signal(7))
  synchronous   // blocking a real fault is undefined (POSIX, pthread_sigmask)
};

// Classifies a number.
inline signal_kind kind_of(int number) noexcept
{
  if (number < 1 || number > last_signal_number)
    return signal_kind::out_of_range;
  if (number >= first_reserved_number && number < SIGRTMIN)
    return signal_kind::reserved;
  if (number == SIGKILL || number == SIGSTOP)
    return signal_kind::uncatchable;
  if (number == SIGILL || number == SIGFPE || number == SIGSEGV)
    return signal_kind::synchronous;
  return signal_kind::watchable;
}

// The names of the standard signals by number; empty where there is none.
inline constexpr auto standard_names = []
{
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
inline constexpr std::array<std::string_view, 33> realtime_names = {
    "SIGRTMIN", "SIGRTMIN+1", "SIGRTMIN+2", "SIGRTMIN+3", "SIGRTMIN+4",
    "SIGRTMIN+5", "SIGRTMIN+6", "SIGRTMIN+7", "SIGRTMIN+8", "SIGRTMIN+9",
    "SIGRTMIN+10", "SIGRTMIN+11", "SIGRTMIN+12", "SIGRTMIN+13", "SIGRTMIN+14",
    "SIGRTMIN+15", "SIGRTMIN+16", "SIGRTMIN+17", "SIGRTMIN+18", "SIGRTMIN+19",
    "SIGRTMIN+20", "SIGRTMIN+21", "SIGRTMIN+22", "SIGRTMIN+23", "SIGRTMIN+24",
    "SIGRTMIN+25", "SIGRTMIN+26", "SIGRTMIN+27", "SIGRTMIN+28", "SIGRTMIN+29",
    "SIGRTMIN+30", "SIGRTMIN+31", "SIGRTMIN+32"};

// The name of a signal, such as "SIGTERM" or "SIGRTMIN+3"; "reserved signal"
// or "unknown signal" for a number that has none.
inline std::string_view signal_name(int number) noexcept
{
  switch (kind_of(number))
  {
  case signal_kind::out_of_range:
    return "unknown signal";
  case signal_kind::reserved:
    return "reserved signal";
  default:
    break;
  }
  if (number < SIGRTMIN)
    return standard_names[static_cast<std::size_t>(number)];
  const auto offset = static_cast<std::size_t>(number - SIGRTMIN);
  return offset < realtime_names.size() ? realtime_names[offset]
                                        : "unknown signal";
}

// The name with its number: "SIGKILL (9)".
inline std::string describe_signal(int number)
{
  return std::string(signal_name(number)) + " (" + std::to_string(number) + ")";
}

// Why a number cannot be watched: "SIGKILL (9) cannot be caught".
inline std::string why_not_watchable(int number)
{
  constexpr std::string_view reasons[] = {"", " is out of range",
      " belongs to the C library", " cannot be caught",
      " is a synchronous fault"};
  const auto kind = static_cast<std::size_t>(kind_of(number));
  return describe_signal(number) + std::string(reasons[kind]);
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_SIGNAL_NUMBER_HPP
