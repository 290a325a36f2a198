//
// signal_mask.hpp
// ~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_SIGNAL_MASK_HPP
#define SIGFD_SIGNAL_MASK_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/describe_signal.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/signal_name.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>
#include <signal.h>

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <ostream>
#include <sstream>
#include <string>

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
  signal_mask(std::initializer_list<int> signal_numbers)
    : signal_mask()
  {
    for (int signal_number : signal_numbers)
      add(signal_number);
  }

  /// Constructs a set from a native one.
  /**
   * @throws boost::system::system_error EINVAL if the native set holds a
   * signal that is refused. A set made by sigfillset(3) does: use all().
   */
  explicit signal_mask(const ::sigset_t& native)
    : signal_mask()
  {
    for (int n = 1; n <= detail::last_signal_number; ++n)
      if (::sigismember(&native, n) == 1)
        add(n);
  }

  /// The set of every signal that can be waited for.
  static signal_mask all() noexcept
  {
    signal_mask mask;
    for (int n = 1; n <= detail::last_signal_number; ++n)
      if (can_hold(n))
        ::sigaddset(&mask.set_, n);
    return mask;
  }

  /// Whether add() accepts a number.
  static bool can_hold(int signal_number) noexcept
  {
    return detail::kind_of(signal_number) == detail::signal_kind::watchable;
  }

  /// Adds a signal to the set; no effect if it is there already.
  /**
   * @throws boost::system::system_error EINVAL if the signal is refused.
   */
  void add(int signal_number)
  {
    boost::system::error_code ec;
    add(signal_number, ec);
    if (ec)
      detail::throw_error(
          ec, "signal_mask::add: " + detail::why_not_watchable(signal_number));
  }

  /// Adds a signal to the set; no effect if it is there already.
  /**
   * @param ec Set to EINVAL if the signal is refused.
   */
  void add(int signal_number, boost::system::error_code& ec) noexcept
  {
    ec = check(can_hold(signal_number));
    if (!ec)
      ::sigaddset(&set_, signal_number);
  }

  /// Removes a signal from the set; no effect if it is not there.
  /**
   * @throws boost::system::system_error EINVAL if the number is out of range.
   */
  void remove(int signal_number)
  {
    boost::system::error_code ec;
    remove(signal_number, ec);
    if (ec)
      detail::throw_error(ec,
          "signal_mask::remove: " + detail::why_not_watchable(signal_number));
  }

  /// Removes a signal from the set; no effect if it is not there.
  /**
   * @param ec Set to EINVAL if the number is out of range.
   */
  void remove(int signal_number, boost::system::error_code& ec) noexcept
  {
    ec = check(
        detail::kind_of(signal_number) != detail::signal_kind::out_of_range);
    if (!ec)
      ::sigdelset(&set_, signal_number);
  }

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
  std::size_t size() const noexcept;

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
  friend signal_mask operator|(signal_mask a, const signal_mask& b) noexcept;

  /// The signals that are in both sets.
  friend signal_mask operator&(signal_mask a, const signal_mask& b) noexcept;

  /// The signals of one set that are not in the other.
  friend signal_mask operator-(signal_mask a, const signal_mask& b) noexcept;

  /// Whether two sets hold the same signals.
  friend bool operator==(const signal_mask& a, const signal_mask& b) noexcept
  {
    for (int n = 1; n <= detail::last_signal_number; ++n)
      if (a.contains(n) != b.contains(n))
        return false;
    return true;
  }

private:
  // EINVAL unless it is acceptable.
  static boost::system::error_code check(bool acceptable) noexcept
  {
    return acceptable ? boost::system::error_code()
                      : detail::system_error_code(EINVAL);
  }

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
  const_iterator& operator++() noexcept
  {
    do
      ++number_;
    while (number_ <= detail::last_signal_number && !mask_->contains(number_));
    return *this;
  }

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

inline signal_mask operator|(signal_mask a, const signal_mask& b) noexcept
{
  for (const int n : b)
    ::sigaddset(&a.set_, n);
  return a;
}

inline signal_mask operator&(signal_mask a, const signal_mask& b) noexcept
{
  return a - (a - b);
}

inline signal_mask operator-(signal_mask a, const signal_mask& b) noexcept
{
  for (const int n : b)
    ::sigdelset(&a.set_, n);
  return a;
}

inline std::size_t signal_mask::size() const noexcept
{
  return static_cast<std::size_t>(std::distance(begin(), end()));
}

/// Prints the names of the signals, such as {SIGINT, SIGTERM, SIGRTMIN+3}.
/**
 * @c std::format prints the same where the standard library has it.
 */
inline std::ostream& operator<<(std::ostream& os, const signal_mask& mask)
{
  std::string text;
  for (const int n : mask)
    text.append(text.empty() ? "" : ", ").append(signal_name(n));
  return os << '{' + text + '}';
}

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
  explicit scoped_signal_block(const signal_mask& mask) noexcept
  {
    ::sigset_t old;
    ::pthread_sigmask(SIG_BLOCK, &mask.native(), &old);
    for (int n : mask)
      if (::sigismember(&old, n) == 0)
        changed_.add(n);
  }

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

SIGFD_FORMAT_AS_STREAMED(sigfd::signal_mask)

#endif // SIGFD_SIGNAL_MASK_HPP
