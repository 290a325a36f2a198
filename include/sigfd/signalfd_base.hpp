//
// signalfd_base.hpp
// ~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_SIGNALFD_BASE_HPP
#define SIGFD_SIGNALFD_BASE_HPP

#include <sigfd/detail/config.hpp>

#include <signal.h>

namespace sigfd {

/// The members of basic_signalfd that do not depend on its executor.
/**
 * The enumerators and operators are those of Asio's @c signal_set_base.
 */
class signalfd_base
{
public:
  /// Flags for the action of a signal (sigaction(2)).
  enum class flags : int
  {
    /// No flags.
    none = 0,
    /// Restart interrupted system calls: SA_RESTART.
    restart = SA_RESTART,
    /// Do not send SIGCHLD when a child stops or continues: SA_NOCLDSTOP.
    no_child_stop = SA_NOCLDSTOP,
    /// Do not turn ended children into zombies: SA_NOCLDWAIT.
    no_child_wait = SA_NOCLDWAIT,
    /// Leave the flags as they are.
    dont_care = -1
  };

  /// Asio's second name for the flags.
  using flags_t = flags;

  /// The flags that are in both.
  friend constexpr flags operator&(flags a, flags b) noexcept
  {
    return static_cast<flags>(static_cast<int>(a) & static_cast<int>(b));
  }

  /// The flags that are in either.
  friend constexpr flags operator|(flags a, flags b) noexcept
  {
    return static_cast<flags>(static_cast<int>(a) | static_cast<int>(b));
  }

  /// The flags that are in one but not in both.
  friend constexpr flags operator^(flags a, flags b) noexcept
  {
    return static_cast<flags>(static_cast<int>(a) ^ static_cast<int>(b));
  }

  /// The flags that are not in it.
  friend constexpr flags operator~(flags a) noexcept
  {
    return static_cast<flags>(~static_cast<int>(a));
  }

  /// Keeps the flags that are also in b.
  friend constexpr flags& operator&=(flags& a, flags b) noexcept
  {
    return a = a & b;
  }

  /// Adds the flags of b.
  friend constexpr flags& operator|=(flags& a, flags b) noexcept
  {
    return a = a | b;
  }

  /// Inverts the flags of b.
  friend constexpr flags& operator^=(flags& a, flags b) noexcept
  {
    return a = a ^ b;
  }

protected:
  // Only a base.
  ~signalfd_base() = default;
};

} // namespace sigfd

#endif // SIGFD_SIGNALFD_BASE_HPP
