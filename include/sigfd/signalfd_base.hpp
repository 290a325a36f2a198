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

/// Has the members of basic_signalfd that do not depend on its executor.
/**
 * The names are those of @c boost::asio::signal_set_base.
 *
 * @par Thread Safety
 * It has no state.
 *
 * @since 0.1.0
 *
 * @see basic_signalfd
 */
class signalfd_base
{
public:
  /// Flags for the action of a signal.
  /**
   * They are for the action that is installed for strays; SIGCHLD's also decide
   * what the kernel sends.
   *
   * @par Example
   * @code
   * using flags = sigfd::signal_fd::flags;
   * signals.add(SIGCHLD, flags::no_child_stop | flags::restart);
   * @endcode
   *
   * @see basic_signalfd::add(), sigaction(2)
   */
  enum class flags : int
  {
    /// No flags.
    none = 0,
    /// Restart system calls that the handler interrupts: SA_RESTART.
    restart = SA_RESTART,
    /// Do not send SIGCHLD when a child stops or continues: SA_NOCLDSTOP.
    no_child_stop = SA_NOCLDSTOP,
    /// Do not turn ended children into zombies: SA_NOCLDWAIT.
    no_child_wait = SA_NOCLDWAIT,
    /// Leave the flags as they are.
    dont_care = -1
  };

  /// The name that Asio's documentation has for the type of the flags.
  using flags_t = flags;

  /// Computes the flags that are in both.
  /**
   * @param a Some flags.
   * @param b Other flags.
   * @returns The flags that are in both.
   */
  friend constexpr flags operator&(flags a, flags b) noexcept
  {
    return static_cast<flags>(static_cast<int>(a) & static_cast<int>(b));
  }

  /// Computes the flags that are in either.
  /**
   * @param a Some flags.
   * @param b Other flags.
   * @returns The flags that are in either.
   */
  friend constexpr flags operator|(flags a, flags b) noexcept
  {
    return static_cast<flags>(static_cast<int>(a) | static_cast<int>(b));
  }

  /// Computes the flags that are in one but not in both.
  /**
   * @param a Some flags.
   * @param b Other flags.
   * @returns The flags that are in one but not in both.
   */
  friend constexpr flags operator^(flags a, flags b) noexcept
  {
    return static_cast<flags>(static_cast<int>(a) ^ static_cast<int>(b));
  }

  /// Computes the flags that are not set.
  /**
   * @param a Some flags.
   * @returns All bits that are not in @c a. Use it with operator&() only.
   */
  friend constexpr flags operator~(flags a) noexcept
  {
    return static_cast<flags>(~static_cast<int>(a));
  }

  /// Keeps the flags that are also in others.
  /**
   * @param a The flags to change.
   * @param b The flags to keep.
   * @returns The changed flags.
   */
  friend constexpr flags& operator&=(flags& a, flags b) noexcept
  {
    return a = a & b;
  }

  /// Adds flags.
  /**
   * @param a The flags to change.
   * @param b The flags to add.
   * @returns The changed flags.
   */
  friend constexpr flags& operator|=(flags& a, flags b) noexcept
  {
    return a = a | b;
  }

  /// Inverts flags.
  /**
   * @param a The flags to change.
   * @param b The flags to invert.
   * @returns The changed flags.
   */
  friend constexpr flags& operator^=(flags& a, flags b) noexcept
  {
    return a = a ^ b;
  }

protected:
  /// Destroys the base: only as a part of a basic_signalfd.
  ~signalfd_base() = default;
};

} // namespace sigfd

#endif // SIGFD_SIGNALFD_BASE_HPP
