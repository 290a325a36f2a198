//
// signal_mask.hpp
// ~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_SIGNAL_MASK_HPP
#define SIGFD_SIGNAL_MASK_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/signal_number.hpp>

#include <boost/system/error_code.hpp>

#include <signal.h>

#include <cstddef>
#include <initializer_list>
#include <iosfwd>
#include <iterator>

namespace sigfd {

/// A set of signals that can be waited for.
/**
 * A value over @c sigset_t that holds only signals which a program can block
 * and wait for. Refused, with EINVAL and a message that names the signal, are:
 *
 * @li numbers below 1 or above SIGRTMAX;
 *
 * @li the numbers between SIGSYS and SIGRTMIN, which the C library keeps for
 * its own threads (nptl(7));
 *
 * @li SIGKILL and SIGSTOP, which cannot be blocked (signal(7));
 *
 * @li SIGILL, SIGFPE and SIGSEGV: what a real fault does to a thread that has
 * them blocked is undefined (POSIX.1-2017, pthread_sigmask). SIGBUS is
 * accepted, since the kernel also sends it to report memory failures that are
 * not the fault of the running instruction (prctl(2), PR_MCE_KILL_EARLY).
 *
 * A refused signal leaves the set as it was.
 *
 * @par Thread Safety
 * @e Distinct @e objects: Safe.@n
 * @e Shared @e objects: Unsafe.
 *
 * @par Example
 * @code sigfd::signal_mask mask{SIGINT, SIGTERM};
 * mask.add(SIGRTMIN + 3);
 * for (int signal_number : mask)
 *   std::cout << signal_number << '\n'; @endcode
 */
class signal_mask
{
public:
  class const_iterator;

  /// Iterates over the signal numbers of the set in ascending order.
  using iterator = const_iterator;

  /// What iteration yields: a signal number.
  using value_type = int;

  /// Constructs an empty set.
  signal_mask() noexcept
  {
    ::sigemptyset(&set_);
  }

  /// Constructs a set of the given signals.
  /**
   * @throws boost::system::system_error EINVAL if one of them is refused.
   */
  SIGFD_DECL signal_mask(std::initializer_list<int> signal_numbers);

  /// Constructs a set from a native one.
  /**
   * @throws boost::system::system_error EINVAL if the native set holds a
   * signal that is refused. A set made by sigfillset(3) does: use all().
   */
  SIGFD_DECL explicit signal_mask(const ::sigset_t& native);

  /// The set of every signal that can be waited for.
  SIGFD_DECL static signal_mask all() noexcept;

  /// Whether add() accepts a number.
  static bool can_hold(int signal_number) noexcept
  {
    return detail::kind_of(signal_number) == detail::signal_kind::watchable;
  }

  /// Adds a signal to the set; no effect if it is there already.
  /**
   * @throws boost::system::system_error EINVAL if the signal is refused.
   */
  SIGFD_DECL void add(int signal_number);

  /// Adds a signal to the set; no effect if it is there already.
  /**
   * @param ec Set to EINVAL if the signal is refused.
   */
  SIGFD_DECL void add(
      int signal_number, boost::system::error_code& ec) noexcept;

  /// Removes a signal from the set; no effect if it is not there.
  /**
   * @throws boost::system::system_error EINVAL if the number is out of range.
   */
  SIGFD_DECL void remove(int signal_number);

  /// Removes a signal from the set; no effect if it is not there.
  /**
   * @param ec Set to EINVAL if the number is out of range.
   */
  SIGFD_DECL void remove(
      int signal_number, boost::system::error_code& ec) noexcept;

  /// Removes every signal from the set.
  void clear() noexcept
  {
    ::sigemptyset(&set_);
  }

  /// Whether a signal is in the set.
  bool contains(int signal_number) const noexcept
  {
    return can_hold(signal_number)
        && ::sigismember(&set_, signal_number) == 1;
  }

  /// Whether the set holds no signal.
  bool empty() const noexcept
  {
    return size() == 0;
  }

  /// The number of signals in the set.
  SIGFD_DECL std::size_t size() const noexcept;

  /// The lowest signal number of the set.
  const_iterator begin() const noexcept;

  /// One past the highest signal number of the set.
  const_iterator end() const noexcept;

  /// The set as the system's functions take it, such as pthread_sigmask(3).
  const ::sigset_t& native() const noexcept
  {
    return set_;
  }

  /// The signals that are in either set.
  SIGFD_DECL signal_mask operator|(const signal_mask& other) const noexcept;

  /// The signals that are in both sets.
  SIGFD_DECL signal_mask operator&(const signal_mask& other) const noexcept;

  /// The signals of one set that are not in the other.
  SIGFD_DECL signal_mask operator-(const signal_mask& other) const noexcept;

  /// Whether two sets hold the same signals.
  SIGFD_DECL bool operator==(const signal_mask& other) const noexcept;

private:
  ::sigset_t set_;
};

/// A forward iterator over the signal numbers of a signal_mask.
/**
 * Valid as long as the signal_mask exists; it follows changes made to it.
 */
class signal_mask::const_iterator
{
public:
  using iterator_category = std::input_iterator_tag; // yields values
  using iterator_concept = std::forward_iterator_tag;
  using difference_type = std::ptrdiff_t;
  using value_type = int;
  using pointer = const int*;
  using reference = int;

  /// Constructs an iterator that belongs to no set.
  const_iterator() noexcept = default;

  /// The signal number at this position.
  int operator*() const noexcept
  {
    return number_;
  }

  /// Moves to the next higher signal number.
  SIGFD_DECL const_iterator& operator++() noexcept;

  /// Moves to the next higher signal number.
  const_iterator operator++(int) noexcept
  {
    const_iterator old = *this;
    ++*this;
    return old;
  }

  /// Whether two iterators of one set are at the same position.
  friend bool operator==(
      const const_iterator& a, const const_iterator& b) noexcept
  {
    return a.number_ == b.number_;
  }

private:
  friend class signal_mask;

  const_iterator(const signal_mask* mask, int number) noexcept
    : mask_(mask),
      number_(number)
  {
  }

  const signal_mask* mask_ = nullptr;
  int number_ = 0;
};

inline signal_mask::const_iterator signal_mask::begin() const noexcept
{
  return ++const_iterator(this, 0);
}

inline signal_mask::const_iterator signal_mask::end() const noexcept
{
  return const_iterator(this, detail::last_signal_number + 1);
}

/// Prints the names of the signals, such as {SIGINT, SIGTERM, SIGRTMIN+3}.
/**
 * @c std::format prints the same where the standard library has it.
 */
SIGFD_DECL std::ostream& operator<<(std::ostream& os, const signal_mask& mask);

/// Blocks signals in the calling thread for good.
/**
 * Threads started from here on inherit the blocked signals (pthread_create(3)),
 * so a call at the top of @c main() is the simplest way to meet signal_fd's
 * precondition: that every thread blocks what is watched. What comes while the
 * program ends stays pending.
 *
 * @par Example
 * @code int main()
 * {
 *   sigfd::block_signals({SIGINT, SIGTERM}); @endcode
 */
inline void block_signals(const signal_mask& mask) noexcept
{
  ::pthread_sigmask(SIG_BLOCK, &mask.native(), nullptr);
}

/// Blocks signals in the calling thread for the time of a scope.
/**
 * The constructor adds the signals to the mask of the calling thread. The
 * destructor unblocks those, and only those, that the constructor blocked. It
 * must run in the same thread.
 *
 * Threads started inside the scope inherit the blocked signals
 * (pthread_create(3)): it is for creating threads, above all by a library that
 * is not to change the mask of its caller.
 *
 * @note Unblocking a signal that is pending delivers it (pthread_sigmask(3)):
 * a pending SIGTERM without a handler then ends the process. Around a whole
 * program, use block_signals() instead.
 *
 * @par Example
 * @code sigfd::scoped_signal_block block({SIGINT, SIGTERM});
 * std::thread worker(work); // does not get SIGINT or SIGTERM @endcode
 */
class scoped_signal_block
{
public:
  /// Blocks the signals of a mask in the calling thread.
  SIGFD_DECL explicit scoped_signal_block(const signal_mask& mask) noexcept;

  scoped_signal_block(const scoped_signal_block&) = delete;
  scoped_signal_block& operator=(const scoped_signal_block&) = delete;

  /// Unblocks what the constructor blocked.
  ~scoped_signal_block()
  {
    ::pthread_sigmask(SIG_UNBLOCK, &changed_.native(), nullptr);
  }

  /// The signals that the destructor will unblock.
  const signal_mask& changed() const noexcept
  {
    return changed_;
  }

  /// Leaves the signals blocked for good.
  void release() noexcept
  {
    changed_.clear();
  }

private:
  signal_mask changed_;
};

} // namespace sigfd

#include SIGFD_SOURCE(sigfd/impl/signal_mask.ipp)

SIGFD_FORMAT_AS_STREAMED(sigfd::signal_mask)

#endif // SIGFD_SIGNAL_MASK_HPP
