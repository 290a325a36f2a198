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

/// What made a signal, told from its number and code (sigaction(2)).
enum class signal_cause
{
  /// None of the others; the code is the sender's own.
  unknown,
  /// kill(2).
  kill,
  /// tkill(2) or tgkill(2): pthread_kill(3), raise(3), abort(3).
  thread_kill,
  /// sigqueue(3).
  queue,
  /// A POSIX timer expired (timer_create(2)).
  timer,
  /// A message arrived on an empty POSIX message queue (mq_notify(3)).
  message_queue,
  /// An asynchronous operation ended (aio(7), getaddrinfo_a(3)).
  async_io,
  /// A child process changed state.
  child,
  /// A descriptor became ready (fcntl(2), F_SETSIG).
  io,
  /// A hardware fault or memory error.
  fault,
  /// A seccomp filter stopped a system call (seccomp(2), SECCOMP_RET_TRAP).
  system_call,
  /// The kernel, with no more to say: a terminal's SIGINT, SIGHUP or SIGWINCH,
  /// alarm(2), a resource limit.
  kernel
};

/// Who sent a signal.
struct signal_sender
{
  /// The process ID of the sender, as seen from the receiver's pid namespace.
  ::pid_t pid;

  /// The real user ID of the sender.
  ::uid_t uid;

  /// Whether it is certain that the kernel wrote pid and uid.
  /**
   * False for codes below 0 other than SI_TKILL: rt_sigqueueinfo(2) takes
   * those from the sender as they are, pid and uid with them. Do not decide
   * anything by a pid or uid that is not attested.
   */
  bool attested;
};

/// How a child process changed state.
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

  /// The time the child spent in user mode; the kernel counts it in clock
  /// ticks, sysconf(_SC_CLK_TCK) a second.
  std::chrono::microseconds user_time;

  /// The time the child spent in the kernel, counted likewise.
  std::chrono::microseconds system_time;
};

/// Which POSIX timer expired.
struct timer_expiry
{
  /// The kernel's ID of the timer: the number behind the C library's timer_t.
  int id;

  /// How many times it expired since this signal was queued, in addition to
  /// once (timer_getoverrun(2)).
  int overrun;

  /// The value given in sigevent::sigev_value.
  ::sigval value;
};

/// Which descriptor became ready (fcntl(2), F_SETSIG).
struct io_event
{
  /// The descriptor, by the number with which O_ASYNC was set.
  int fd;

  /// The events as poll(2) gives them: POLLIN, POLLOUT and so on.
  long band;
};

/// Where a memory or hardware fault happened.
struct fault
{
  /// The address of the fault.
  void* address;

  /// For SIGBUS with BUS_MCEERR_AO or BUS_MCEERR_AR, the least significant
  /// bit of the address, and so the size of the damage; else 0.
  unsigned lsb;

  /// The number of the trap on the architectures that give one; else 0.
  unsigned trap;
};

/// Which system call a seccomp filter stopped.
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
 * fields valid (sigaction(2)), so no field is ever read as something it is
 * not.
 *
 * The class is of standard layout and trivially copyable; an array of them can
 * be filled by read(2) on a signalfd.
 *
 * @par Conversion to int
 * The object converts to the signal's number, so a handler that was written
 * for @c boost::asio::signal_set, with the parameters @c (error_code, @c int),
 * still compiles, and so does @c switch (info).
 *
 * @par Thread Safety
 * @e Distinct @e objects: Safe.@n
 * @e Shared @e objects: Unsafe.
 *
 * @par Example
 * @code if (auto sender = info.sender(); sender && sender->attested)
 *   std::cout << info.name() << " from pid " << sender->pid << '\n'; @endcode
 */
class signal_info
{
public:
  /// The record as signalfd(2) gives it.
  using native_type = ::signalfd_siginfo;

  /// Constructs an object that stands for no signal; its number is 0.
  signal_info() noexcept
    : record_()
  {
  }

  /// Constructs an object from a record that was read from a signalfd.
  explicit signal_info(const native_type& record) noexcept
    : record_(record)
  {
  }

  /// Constructs an object from what a handler or sigwaitinfo(2) was given.
  /**
   * Only the members that number and code make valid are copied, as the kernel
   * does for signalfd(2); the others are 0.
   */
  SIGFD_DECL explicit signal_info(const ::siginfo_t& info) noexcept;

  /// The signal's number.
  int number() const noexcept
  {
    return static_cast<int>(record_.ssi_signo);
  }

  /// The signal's number.
  operator int() const noexcept
  {
    return number();
  }

  /// The signal's name, such as "SIGTERM" or "SIGRTMIN+3".
  std::string_view name() const noexcept
  {
    return signal_name(number());
  }

  /// The code that says what made the signal: si_code of sigaction(2).
  int code() const noexcept
  {
    return record_.ssi_code;
  }

  /// The error number: si_errno of sigaction(2), generally 0. With SIGSYS, the
  /// data of the seccomp filter.
  int error() const noexcept
  {
    return record_.ssi_errno;
  }

  /// What made the signal.
  SIGFD_DECL signal_cause cause() const noexcept;

  /// Who sent it; with SIGCHLD from the kernel, the child.
  /**
   * Empty where there is no sender, and where the sender is out of sight: the
   * pid is 0 when it lives outside the receiver's pid namespace, and when the
   * kernel kept nothing but the number because RLIMIT_SIGPENDING was reached.
   */
  SIGFD_DECL std::optional<signal_sender> sender() const noexcept;

  /// The value that came with it: by sigqueue(3), a timer, a message queue or
  /// asynchronous I/O.
  SIGFD_DECL std::optional<::sigval> value() const noexcept;

  /// Which child changed state, and how.
  SIGFD_DECL std::optional<child_status> child() const noexcept;

  /// Which timer expired.
  SIGFD_DECL std::optional<timer_expiry> timer() const noexcept;

  /// Which descriptor became ready.
  SIGFD_DECL std::optional<io_event> io() const noexcept;

  /// Where a fault happened.
  SIGFD_DECL std::optional<sigfd::fault> fault() const noexcept;

  /// Which system call was stopped.
  SIGFD_DECL std::optional<blocked_syscall> syscall() const noexcept;

  /// The record itself.
  const native_type& native() const noexcept
  {
    return record_;
  }

  /// The same as a siginfo_t, for code that was written as a signal handler.
  SIGFD_DECL ::siginfo_t to_siginfo() const noexcept;

  /// Whether two objects hold the same record.
  friend bool operator==(const signal_info& a, const signal_info& b) noexcept
  {
    return std::memcmp(&a.record_, &b.record_, sizeof(native_type)) == 0;
  }

  /// An order by number that is equal only where the records are.
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

/// Prints one line that a person can act on.
/**
 * For instance:
 *
 * @code SIGTERM from pid 4242 (uid 1000) by kill
 * SIGRTMIN+3 from pid 4242 (uid 1000, not attested) by sigqueue, value 17
 * SIGCHLD: child 4243 (uid 1000) killed by SIGSEGV, core dumped, 0.02 s user 0.00 s system
 * SIGALRM: timer 3 expired, 2 overruns, value 17 @endcode
 *
 * @c std::format prints the same where the standard library has it.
 */
SIGFD_DECL std::ostream& operator<<(std::ostream& os, const signal_info& info);

} // namespace sigfd

#include SIGFD_SOURCE(sigfd/impl/signal_info.ipp)

SIGFD_FORMAT_AS_STREAMED(sigfd::signal_info)

#endif // SIGFD_SIGNAL_INFO_HPP
