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
#include <type_traits>

namespace sigfd {
namespace detail {

struct ints_in_braces; // for a message: {SIGINT, SIGTERM}

} // namespace detail

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
 * @e Distinct @e objects: Safe.
 * @e Shared @e objects: Unsafe.
 *
 * @par Example
 * @code
 * sigfd::signal_mask mask{SIGINT, SIGTERM};
 * mask.add(SIGRTMIN + 3);
 * for (int signal_number : mask)
 *   std::cout << signal_number << '\n';
 * @endcode
 *
 * @since 0.1.0
 *
 * @see block_signals(), sigsetops(3), signal(7)
 */
class signal_mask
{
public:
  class const_iterator;

  /// The type of the iterators: the elements cannot be changed by them.
  using iterator = const_iterator;

  /// The type of the elements: a signal number.
  using value_type = int;

  /// Constructs an empty set.
  signal_mask() noexcept
  {
    ::sigemptyset(&set_);
  }

  /// Constructs a set of the given signals.
  /**
   * @param signal_numbers The signals.
   *
   * @throws boost::system::system_error EINVAL if one of them is refused.
   */
  SIGFD_DECL signal_mask(std::initializer_list<int> signal_numbers);

  /// Constructs a set from a native one.
  /**
   * @param native The signals. A set made by sigfillset(3) has some that are
   * refused: use all().
   *
   * @throws boost::system::system_error EINVAL if it holds a signal that is
   * refused.
   */
  SIGFD_DECL explicit signal_mask(const ::sigset_t& native);

  template <typename First, typename... Rest,
      typename Wanted = detail::ints_in_braces>
    requires(!std::is_convertible_v<First, signal_mask>
        && !std::is_convertible_v<const First&, const ::sigset_t&>
        && !requires(const First& set) { set.operator signal_mask(); })
  SIGFD_MISTAKE("sigfd: a signal_mask is made of ints in braces, such as "
                "{SIGINT, SIGTERM}; of what a container has, add each")
  explicit signal_mask(const First&, const Rest&...) SIGFD_NO_CONSTRUCTOR;

  /// Makes the set of every signal that can be waited for.
  /**
   * @returns The set.
   */
  SIGFD_DECL static signal_mask all() noexcept;

  /// Determines whether add() accepts a signal.
  /**
   * @param signal_number The signal; any @c int will do.
   *
   * @returns False if the signal is refused.
   */
  static bool can_hold(int signal_number) noexcept
  {
    return detail::kind_of(signal_number) == detail::signal_kind::watchable;
  }

  /// Adds a signal to the set; no effect if it is there already.
  /**
   * @param signal_number The signal.
   *
   * @throws boost::system::system_error EINVAL if the signal is refused.
   */
  SIGFD_DECL void add(int signal_number);

  /// Adds a signal to the set; no effect if it is there already.
  /**
   * @param signal_number The signal.
   *
   * @param ec Set to EINVAL if the signal is refused; else to success.
   */
  SIGFD_DECL void add(
      int signal_number, boost::system::error_code& ec) noexcept;

  /// Removes a signal from the set; no effect if it is not there.
  /**
   * @param signal_number The signal.
   *
   * @throws boost::system::system_error EINVAL if the number is below 1 or
   * above SIGRTMAX.
   */
  SIGFD_DECL void remove(int signal_number);

  /// Removes a signal from the set; no effect if it is not there.
  /**
   * @param signal_number The signal.
   *
   * @param ec Set to EINVAL if the number is below 1 or above SIGRTMAX; else to
   * success.
   */
  SIGFD_DECL void remove(
      int signal_number, boost::system::error_code& ec) noexcept;

  /// Removes every signal from the set.
  void clear() noexcept
  {
    ::sigemptyset(&set_);
  }

  /// Determines whether a signal is in the set.
  /**
   * @param signal_number The signal; any @c int will do.
   *
   * @returns Whether it is.
   */
  bool contains(int signal_number) const noexcept
  {
    return can_hold(signal_number) && ::sigismember(&set_, signal_number) == 1;
  }

  /// Determines whether the set holds no signal.
  /**
   * @returns Whether size() is 0.
   */
  bool empty() const noexcept
  {
    return size() == 0;
  }

  /// Counts the signals in the set.
  /**
   * @returns How many there are.
   */
  SIGFD_DECL std::size_t size() const noexcept;

  /// Gets an iterator to the lowest signal number of the set.
  /**
   * @returns The iterator; end() if the set is empty.
   */
  const_iterator begin() const noexcept;

  /// Gets the iterator past the highest signal number of the set.
  /**
   * @returns The iterator.
   */
  const_iterator end() const noexcept;

  /// Gets the set as the system's functions take it.
  /**
   * @returns The set, for pthread_sigmask(3) for instance. It is valid as long
   * as the object.
   */
  const ::sigset_t& native() const noexcept
  {
    return set_;
  }

  /// Makes the set of the signals that are in either set.
  /**
   * @param other The other set.
   *
   * @returns The union.
   */
  SIGFD_DECL signal_mask operator|(const signal_mask& other) const noexcept;

  /// Makes the set of the signals that are in both sets.
  /**
   * @param other The other set.
   *
   * @returns The intersection.
   */
  SIGFD_DECL signal_mask operator&(const signal_mask& other) const noexcept;

  /// Makes the set of the signals that are not in the other set.
  /**
   * @param other The other set.
   *
   * @returns The difference.
   */
  SIGFD_DECL signal_mask operator-(const signal_mask& other) const noexcept;

  /// Determines whether two sets hold the same signals.
  /**
   * @param other The other set.
   *
   * @returns Whether they do.
   */
  SIGFD_DECL bool operator==(const signal_mask& other) const noexcept;

private:
  ::sigset_t set_;
};

/// Iterates over the signal numbers of a signal_mask in ascending order.
/**
 * A forward iterator (std::forward_iterator) whose elements are values. It is
 * valid as long as the signal_mask exists, and follows changes made to it.
 *
 * @since 0.1.0
 */
class signal_mask::const_iterator
{
public:
  /// The category by the rules before C++20, which want references.
  using iterator_category = std::input_iterator_tag; // yields values
  /// The category by the rules of C++20.
  using iterator_concept = std::forward_iterator_tag;
  /// The type of a distance between two iterators.
  using difference_type = std::ptrdiff_t;
  /// The type of an element: a signal number.
  using value_type = int;
  /// The type of a pointer to an element; there is no operator that gives one.
  using pointer = const int*;
  /// The type of what operator*() returns: a value.
  using reference = int;

  /// Constructs an iterator that belongs to no set.
  const_iterator() noexcept = default;

  /// Gets the signal number at this position.
  /**
   * @returns The number. The iterator must not be end().
   */
  int operator*() const noexcept
  {
    return number_;
  }

  /// Moves to the next higher signal number.
  /**
   * @returns This iterator.
   */
  SIGFD_DECL const_iterator& operator++() noexcept;

  /// Moves to the next higher signal number.
  /**
   * @returns The iterator as it was before.
   */
  const_iterator operator++(int) noexcept
  {
    const_iterator old = *this;
    ++*this;
    return old;
  }

  /// Determines whether two iterators of one set are at the same position.
  /**
   * @param a One iterator.
   * @param b The other iterator.
   * @returns Whether they are.
   */
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
 * The width and the fill character of the stream apply to the whole text.
 *
 * @param os The stream.
 *
 * @param mask The set.
 *
 * @returns The stream.
 *
 * @par Example
 * @code
 * std::cout << sigfd::signal_mask{SIGINT, SIGTERM}; // {SIGINT, SIGTERM}
 * @endcode
 *
 * @since 0.1.0
 */
SIGFD_DECL std::ostream& operator<<(std::ostream& os, const signal_mask& mask);

/// Blocks signals in the calling thread for good.
/**
 * Threads started from here on inherit the blocked signals (pthread_create(3)),
 * so a call at the top of @c main() is the simplest way to have every thread
 * block what a signal_fd watches. What comes while the program ends stays
 * pending.
 *
 * @param mask The signals.
 *
 * @par Thread Safety
 * Safe: the mask is the calling thread's own.
 *
 * @par Example
 * @code
 * int main()
 * {
 *   sigfd::block_signals({SIGINT, SIGTERM});
 *   std::thread worker(work); // does not get SIGINT or SIGTERM
 *   worker.join();
 * }
 * @endcode
 *
 * @since 0.1.0
 *
 * @see scoped_signal_block, pthread_sigmask(3)
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
 * @par Thread Safety
 * @e Distinct @e objects: Safe.
 * @e Shared @e objects: Unsafe.
 *
 * @par Example
 * @code
 * sigfd::scoped_signal_block block({SIGINT, SIGTERM});
 * std::thread worker(work); // does not get SIGINT or SIGTERM
 * @endcode
 *
 * @since 0.1.0
 *
 * @see block_signals(), pthread_sigmask(3)
 */
class scoped_signal_block
{
public:
  /// Blocks the signals of a set in the calling thread.
  /**
   * @param mask The signals.
   */
  SIGFD_DECL explicit scoped_signal_block(const signal_mask& mask) noexcept;

  /// Cannot be copied: signals are unblocked once.
  scoped_signal_block(const scoped_signal_block&) = delete;
  /// Cannot be assigned: signals are unblocked once.
  scoped_signal_block& operator=(const scoped_signal_block&) = delete;

  /// Unblocks what the constructor blocked, in the calling thread.
  ~scoped_signal_block()
  {
    ::pthread_sigmask(SIG_UNBLOCK, &changed_.native(), nullptr);
  }

  /// Gets the signals that the destructor will unblock.
  /**
   * @returns Those that were not blocked before; none after release().
   */
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

/// Formats a signal_mask by std::format, as operator<< prints it.
/**
 * Where the standard library has std::format. The format specification is that
 * of a string.
 *
 * @par Example
 * @code
 * std::string text = std::format("{:<20}", sigfd::signal_mask{SIGINT});
 * @endcode
 *
 * @since 0.1.0
 */
SIGFD_FORMAT_AS_STREAMED(sigfd::signal_mask)

#endif // SIGFD_SIGNAL_MASK_HPP
