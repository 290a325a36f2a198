//
// signal_info.hpp
// ~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_SIGNAL_INFO_HPP
#define SIGFD_SIGNAL_INFO_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/siginfo_layout.hpp>
#include <sigfd/signal_name.hpp>

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/types.h>

#include <chrono>
#include <compare>
#include <cstdint>
#include <cstring>
#include <iosfwd>
#include <optional>
#include <string_view>
#include <type_traits>

namespace sigfd {

/// What made a signal, told from its number and code.
/**
 * @par Example
 * @code
 * if (info.cause() == sigfd::signal_cause::kernel)
 *   std::cout << "a terminal, alarm(2) or a limit\n";
 * @endcode
 *
 * @since 0.1.0
 *
 * @see signal_info::cause(), sigaction(2)
 */
enum class signal_cause
{
  /// None of the others; the code is the sender's own.
  unknown,
  /// kill(2): SI_USER.
  kill,
  /// tgkill(2), as by pthread_kill(3), raise(3), abort(3): SI_TKILL.
  thread_kill,
  /// sigqueue(3): SI_QUEUE.
  queue,
  /// A POSIX timer expired (timer_create(2)): SI_TIMER.
  timer,
  /// A message arrived on an empty message queue (mq_notify(3)): SI_MESGQ.
  message_queue,
  /// An operation of aio(7) or getaddrinfo_a(3) ended: SI_ASYNCIO, SI_ASYNCNL.
  async_io,
  /// A child process changed state: SIGCHLD with a CLD_ code.
  child,
  /// A descriptor became ready (fcntl(2), F_SETSIG): POLL_ codes, SI_SIGIO.
  io,
  /// A hardware fault or memory error.
  fault,
  /// A system call was trapped (seccomp(2)): SIGSYS with a SYS_ code.
  system_call,
  /// The kernel, with no more to say: SI_KERNEL.
  /**
   * A terminal's SIGINT, SIGHUP or SIGWINCH, alarm(2), a resource limit.
   */
  kernel
};

/// Who sent a signal.
/**
 * @par Example
 * @code
 * if (auto sender = info.sender(); sender && sender->attested)
 *   std::cout << "from user " << sender->uid << '\n';
 * @endcode
 *
 * @since 0.1.0
 *
 * @see signal_info::sender()
 */
struct signal_sender
{
  /// The process ID of the sender, as seen from the receiver's pid namespace.
  ::pid_t pid;

  /// The real user ID of the sender.
  ::uid_t uid;

  /// Whether the kernel wrote the pid and uid, and not the sender.
  /**
   * False for codes below 0 other than SI_TKILL: rt_sigqueueinfo(2) takes those
   * from the sender as they are, pid and uid with them. Do not decide anything
   * by a pid or uid that is not attested.
   *
   * A process can queue itself any code. What was pending when execve(2)
   * started the program may so be forged by whoever did that, and is attested
   * nevertheless.
   */
  bool attested;
};

/// How a child process changed state.
/**
 * The values are the CLD_ codes of sigaction(2).
 *
 * @par Example
 * @code
 * if (auto child = info.child())
 *   if (child->reason == sigfd::child_reason::killed)
 *     std::cout << "by " << sigfd::signal_name(child->status) << '\n';
 * @endcode
 *
 * @since 0.1.0
 *
 * @see child_status
 */
enum class child_reason
{
  /// It called _exit(2); the status is the exit status.
  exited = CLD_EXITED,
  /// A signal ended it; the status is the signal's number.
  killed = CLD_KILLED,
  /// A signal ended it, and a core was dumped; the status is the number.
  dumped = CLD_DUMPED,
  /// A traced child trapped; the status is the signal's number.
  trapped = CLD_TRAPPED,
  /// A signal stopped it; the status is the signal's number.
  stopped = CLD_STOPPED,
  /// SIGCONT continued it; the status is SIGCONT.
  continued = CLD_CONTINUED
};

/// Which child process changed state, and how.
/**
 * @note SIGCHLD is a standard signal: while one is pending, further ones are
 * dropped. Treat it as a hint, and ask waitid(2) which children there are to
 * be waited for. SIGCHLD reaps nothing.
 *
 * @par Example
 * @code
 * if (auto child = info.child())
 *   if (child->reason == sigfd::child_reason::exited)
 *     std::cout << child->pid << " exited with " << child->status << '\n';
 * @endcode
 *
 * @since 0.1.0
 *
 * @see signal_info::child()
 */
struct child_status
{
  /// The process ID of the child.
  ::pid_t pid;

  /// The real user ID of the child.
  ::uid_t uid;

  /// The exit status, or the number of a signal: see reason.
  int status;

  /// What happened to the child.
  child_reason reason;

  /// Whether the child left a core dump.
  bool core_dumped;

  /// The time the child spent in user mode.
  /**
   * The kernel counts it in clock ticks, sysconf(_SC_CLK_TCK) a second.
   */
  std::chrono::microseconds user_time;

  /// The time the child spent in the kernel, counted likewise.
  std::chrono::microseconds system_time;
};

/// Which POSIX timer expired.
/**
 * @par Example
 * @code
 * if (auto timer = info.timer())
 *   std::cout << timer->overrun + 1 << " times\n";
 * @endcode
 *
 * @since 0.1.0
 *
 * @see signal_info::timer(), timer_create(2)
 */
struct timer_expiry
{
  /// The kernel's ID of the timer: the number behind the C library's timer_t.
  int id;

  /// How many times it expired before the signal was taken, besides once.
  /**
   * As timer_getoverrun(2) counts them.
   */
  int overrun;

  /// The value given in sigevent::sigev_value.
  ::sigval value;
};

/// Which descriptor became ready.
/**
 * @par Example
 * @code
 * if (auto io = info.io(); io && (io->band & POLLIN) != 0)
 *   std::cout << io->fd << " can be read\n";
 * @endcode
 *
 * @since 0.1.0
 *
 * @see signal_info::io(), fcntl(2)
 */
struct io_event
{
  /// The descriptor, by the number with which O_ASYNC was set.
  int fd;

  /// The events as poll(2) gives them: POLLIN, POLLOUT and so on.
  long band;
};

/// Where a memory or hardware fault happened.
/**
 * @par Example
 * @code
 * if (auto fault = info.fault())
 *   std::cout << "at " << fault->address << '\n';
 * @endcode
 *
 * @since 0.1.0
 *
 * @see signal_info::fault(), sigaction(2)
 */
struct fault
{
  /// The address of the fault.
  void* address;

  /// The least significant bit of the address, and so the size of the damage.
  /**
   * For SIGBUS with BUS_MCEERR_AO or BUS_MCEERR_AR; else 0.
   */
  unsigned lsb;

  /// The number of the trap on the architectures that give one; else 0.
  unsigned trap;
};

/// Which system call was trapped.
/**
 * By a seccomp filter (seccomp(2), SECCOMP_RET_TRAP), or by syscall user
 * dispatch (prctl(2), PR_SET_SYSCALL_USER_DISPATCH).
 *
 * @par Example
 * @code
 * if (auto call = info.syscall())
 *   std::cout << "system call " << call->number << '\n';
 * @endcode
 *
 * @since 0.1.0
 *
 * @see signal_info::syscall(), seccomp(2), prctl(2)
 */
struct blocked_syscall
{
  /// The address of the instruction after the system call.
  void* address;

  /// The number of the system call.
  int number;

  /// The architecture, an AUDIT_ARCH_ constant of <linux/audit.h>.
  unsigned arch;
};

/// One occurrence of a signal, with everything the system said about it.
/**
 * A value of 128 bytes that owns nothing: a @c signalfd_siginfo (signalfd(2))
 * with typed views. A view is empty where number and code do not make its
 * fields valid (sigaction(2)), so no field is read as something it is not.
 *
 * The class is of standard layout and trivially copyable; an array of them can
 * be filled by read(2) on a signalfd.
 *
 * The object converts to the signal's number. So a handler that was written
 * for @c boost::asio::signal_set, with an @c error_code and an @c int for
 * parameters, still compiles, and the object can be compared with SIGTERM.
 *
 * @par Thread Safety
 * @e Distinct @e objects: Safe.
 * @e Shared @e objects: Unsafe.
 *
 * @par Example
 * @code
 * if (auto sender = info.sender(); sender && sender->attested)
 *   std::cout << info.name() << " from pid " << sender->pid << '\n';
 * @endcode
 *
 * @since 0.1.0
 *
 * @see basic_signalfd::async_wait(), signalfd(2), sigaction(2)
 */
class signal_info
{
public:
  /// The type of the record as signalfd(2) gives it.
  using native_type = ::signalfd_siginfo;

  /// Constructs an object that stands for no signal; its number is 0.
  signal_info() noexcept
    : record_()
  {
  }

  /// Constructs an object from a record that was read from a signalfd.
  /**
   * @param record The record, which is copied as it is.
   */
  explicit signal_info(const native_type& record) noexcept
    : record_(record)
  {
  }

  /// Constructs an object from what a handler or sigwaitinfo(2) was given.
  /**
   * Async-signal-safe.
   *
   * @param info The siginfo. Only the members that number and code make valid
   * are copied, as the kernel does for signalfd(2); the others are 0.
   */
  SIGFD_DECL explicit signal_info(const ::siginfo_t& info) noexcept;

  /// Gets the signal's number.
  /**
   * @returns The number; 0 if the object stands for no signal.
   */
  int number() const noexcept
  {
    return static_cast<int>(record_.ssi_signo);
  }

  /// Converts to the signal's number.
  /**
   * @returns number().
   */
  operator int() const noexcept
  {
    return number();
  }

  /// Gets the signal's name, such as "SIGTERM" or "SIGRTMIN+3".
  /**
   * @returns The name that signal_name() has for it.
   */
  std::string_view name() const noexcept
  {
    return signal_name(number());
  }

  /// Gets the code that says what made the signal.
  /**
   * @returns si_code of sigaction(2).
   */
  int code() const noexcept
  {
    return record_.ssi_code;
  }

  /// Gets the error number.
  /**
   * @returns si_errno of sigaction(2), generally 0; with SIGSYS, the data of
   * the seccomp filter (seccomp(2), SECCOMP_RET_TRAP).
   */
  int error() const noexcept
  {
    return record_.ssi_errno;
  }

  /// Determines what made the signal.
  /**
   * @returns The cause; @c signal_cause::unknown if the object stands for no
   * signal.
   */
  SIGFD_DECL signal_cause cause() const noexcept;

  /// Determines who sent the signal.
  /**
   * @returns The sender; with SIGCHLD from the kernel, the child. Empty where
   * there is none, and where the sender is out of sight: the pid is 0 when it
   * lives outside the receiver's pid namespace, and when the kernel kept
   * nothing but the number because RLIMIT_SIGPENDING was reached.
   *
   * @see pid_namespaces(7), getrlimit(2)
   */
  SIGFD_DECL std::optional<signal_sender> sender() const noexcept;

  /// Gets the value that came with the signal.
  /**
   * @returns The value that was given to sigqueue(3), a timer, a message queue
   * or asynchronous I/O; else empty.
   *
   * @par Example
   * @code
   * if (auto value = info.value())
   *   std::cout << value->sival_int << '\n';
   * @endcode
   */
  SIGFD_DECL std::optional<::sigval> value() const noexcept;

  /// Gets which child changed state, and how.
  /**
   * @returns The child's status; empty unless the signal is a SIGCHLD that has
   * a CLD_ code.
   */
  SIGFD_DECL std::optional<child_status> child() const noexcept;

  /// Gets which timer expired.
  /**
   * @returns The timer; empty unless the code is SI_TIMER.
   */
  SIGFD_DECL std::optional<timer_expiry> timer() const noexcept;

  /// Gets which descriptor became ready.
  /**
   * @returns The event; empty unless the code is SI_SIGIO, or a POLL_ code with
   * SIGIO or a signal that has no codes of its own.
   */
  SIGFD_DECL std::optional<io_event> io() const noexcept;

  /// Gets where a fault happened.
  /**
   * @returns The place; empty unless the signal is SIGILL, SIGFPE, SIGSEGV,
   * SIGBUS or SIGTRAP and has one of its own codes.
   */
  SIGFD_DECL std::optional<sigfd::fault> fault() const noexcept;

  /// Gets which system call was trapped.
  /**
   * @returns The call; empty unless the signal is a SIGSYS that has one of its
   * own codes.
   */
  SIGFD_DECL std::optional<blocked_syscall> syscall() const noexcept;

  /// Gets the record itself.
  /**
   * @returns The record as signalfd(2) gives it, valid as long as the object.
   */
  const native_type& native() const noexcept
  {
    return record_;
  }

  /// Converts to a siginfo_t, for code that was written as a signal handler.
  /**
   * @returns A siginfo_t with the members that number and code make valid.
   *
   * @par Example
   * @code
   * ::siginfo_t raw = info.to_siginfo();
   * handler(info, &raw, nullptr);
   * @endcode
   */
  SIGFD_DECL ::siginfo_t to_siginfo() const noexcept;

  /// Determines whether two objects hold the same record.
  /**
   * @param a One object.
   * @param b The other object.
   * @returns Whether all bytes of the records are equal.
   */
  friend bool operator==(const signal_info& a, const signal_info& b) noexcept
  {
    return std::memcmp(&a.record_, &b.record_, sizeof(native_type)) == 0;
  }

  /// Orders objects by number, and then by the bytes of their records.
  /**
   * @param a One object.
   * @param b The other object.
   * @returns The order; it is @c equal only where operator==() holds.
   */
  friend std::strong_ordering operator<=>(
      const signal_info& a, const signal_info& b) noexcept
  {
    if (const auto order = a.number() <=> b.number(); order != 0)
      return order;
    return std::memcmp(&a.record_, &b.record_, sizeof(native_type)) <=> 0;
  }

private:
  // Which members are valid; none of them is if there is no signal.
  detail::siginfo_layout layout() const noexcept
  {
    return detail::layout_of(number(), code());
  }

  // Whether the members of a layout are valid.
  bool has(detail::siginfo_layout wanted) const noexcept
  {
    return number() != 0 && layout() == wanted;
  }

  // The value, whether valid or not. The pointer holds all bits of the union.
  ::sigval raw_value() const noexcept
  {
    ::sigval value{};
    value.sival_ptr = detail::to_address(record_.ssi_ptr);
    return value;
  }

  native_type record_;
};

static_assert(sizeof(signal_info) == 128);
static_assert(std::is_standard_layout_v<signal_info>);
static_assert(std::is_trivially_copyable_v<signal_info>);

/// Prints one line that says what arrived.
/**
 * The width and the fill character of the stream apply to the whole line, and
 * its number format to nothing.
 *
 * @param os The stream.
 *
 * @param info The signal.
 *
 * @returns The stream.
 *
 * @par Example
 * Lines look like these:
 * @code
 * SIGTERM from pid 4242 (uid 1000) by kill
 * SIGRTMIN+3 from pid 4242 (uid 1000, not attested) by sigqueue, value 17
 * SIGCHLD: child 4243 (uid 1000) killed by SIGSEGV, 0.02 s user 0.00 s system
 * SIGALRM: timer 3 expired, 2 overruns, value 17
 * @endcode
 *
 * @since 0.1.0
 */
SIGFD_DECL std::ostream& operator<<(std::ostream& os, const signal_info& info);

} // namespace sigfd

#include SIGFD_SOURCE(sigfd/impl/signal_info.ipp)

/// Formats a signal_info by std::format, as operator<< prints it.
/**
 * Where the standard library has std::format. The format specification is that
 * of a string.
 *
 * @par Example
 * @code
 * std::string line = std::format("{:>60}", info);
 * @endcode
 *
 * @since 0.1.0
 */
SIGFD_FORMAT_AS_STREAMED(sigfd::signal_info)

#endif // SIGFD_SIGNAL_INFO_HPP
