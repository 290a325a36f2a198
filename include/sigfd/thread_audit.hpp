//
// thread_audit.hpp
// ~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_THREAD_AUDIT_HPP
#define SIGFD_THREAD_AUDIT_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <sys/types.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

namespace sigfd {

/// What one thread does with signals; a part of the answer of thread_audit.
/**
 * Every mask here holds only signals that were asked about.
 *
 * @since 0.1.0
 *
 * @see thread_audit::threads(), proc(5)
 */
struct thread_state
{
  /// The thread's ID, as gettid(2) gives it.
  ::pid_t id;

  /// Its name: up to 15 bytes of any kind (pthread_setname_np(3)).
  std::string name;

  /// The signals that it blocks, those of @c awaited among them.
  signal_mask blocked;

  /// The signals that it leaves unblocked.
  /**
   * One of these that is sent to the process may be delivered in this thread.
   */
  signal_mask unblocked;

  /// What it waits for in sigwait(3), sigwaitinfo(2) or sigtimedwait(2).
  /**
   * While a thread waits so, the kernel shows these signals as unblocked
   * although they are not delivered: they count as blocked here.
   *
   * Empty if the caller may not know (ptrace(2), "Ptrace access mode
   * checking"): the signals are then in @c unblocked. Where the caller may know
   * only that the thread waits (Yama does that: prctl(2), PR_SET_PTRACER),
   * those that the kernel shows as unblocked count as awaited, unless another
   * thread leaves them unblocked, too.
   */
  std::optional<signal_mask> awaited;

  /// The signals that are pending for this thread alone.
  /**
   * They were sent to it, by pthread_kill(3), raise(3) or tgkill(2).
   */
  signal_mask pending;

  /// Those of @c pending that it blocks and does not wait for.
  /**
   * Nobody but this thread can take them: signalfd(2) gives a reader what is
   * pending for the process and for the reading thread. Unless this thread
   * reads a signalfd, or unblocks them, they stay where they are.
   */
  signal_mask stranded;
};

/// A signalfd(2) of a process; a part of the answer of thread_audit.
/**
 * @since 0.1.0
 *
 * @see thread_audit::signalfds(), proc(5)
 */
struct signalfd_state
{
  /// Its number in the process that was asked about.
  int descriptor;

  /// What it watches, of the signals that were asked about; at least one.
  signal_mask mask;
};

/// Looks at the threads of a process, and what they do with signals.
/**
 * Answers why a signal does not arrive: which threads do not block it, for
 * which thread it is pending, who reads it, and what a thread that does not
 * block it does with it. It changes nothing.
 *
 * The answer is a snapshot, made from proc(5) in the constructor: threads are
 * looked at one after the other while they run, and those that start or end
 * meanwhile may be left out. It tells of a state that lasts, such as a thread
 * of some library that never blocked a signal; what is pending may be taken
 * in the next moment.
 *
 * Signals that a signal_mask cannot hold are left out everywhere, as are
 * threads that have ended: a process that has ended, and was not waited for
 * (a zombie), has no threads. Descriptors are those of the first thread;
 * threads that have descriptors of their own (unshare(2), CLONE_FILES) are
 * not asked for them.
 *
 * It is for diagnosis, not for use in a loop: it allocates, and it reads four
 * small files for each thread, six where it may not see system calls, and one
 * for each descriptor of the process. A thread that is busy is looked at eight
 * times, a millisecond apart, or up to fifty times if it sleeps now and then;
 * what it is seen to block or wait for once counts as blocked.
 *
 * @par Thread Safety
 * @e Distinct @e objects: Safe.
 * @e Shared @e objects: Safe as long as none is assigned to: the functions
 * change nothing.
 *
 * @par Example
 * @code
 * sigfd::thread_audit audit({SIGTERM});
 * for (const auto& thread : audit.unblocked())
 *   std::cerr << thread.name << " does not block SIGTERM\n";
 * @endcode
 *
 * @since 0.1.0
 *
 * @see stray_policy, count_strays(), proc(5), signal(7)
 */
class thread_audit
{
public:
  /// Looks at a process: the caller's, unless another is given.
  /**
   * @param mask The signals to ask about.
   *
   * @param pid The ID of the process.
   *
   * @throws boost::system::system_error Thrown on failure, with a message that
   * names the process.
   *
   * @par Errors
   * @li EINVAL: the ID is below 1.
   * @li ESRCH: there is no such process (kill(2)).
   * @li EACCES, EPERM: the caller may not look into it, such as another user's
   * (ptrace(2), "Ptrace access mode checking").
   * @li ENOENT: proc(5) is not mounted, or does not show the process.
   * @li EMFILE and others that open(2) and read(2) fail with.
   */
  SIGFD_DECL explicit thread_audit(
      const signal_mask& mask = signal_mask::all(), ::pid_t pid = ::getpid());

  /// Looks at a process.
  /**
   * @param mask The signals to ask about.
   *
   * @param pid The ID of the process.
   *
   * @param ec Set to indicate what error occurred, if any. Then the answer is
   * empty.
   *
   * @throws std::bad_alloc Thrown where there is no memory.
   */
  SIGFD_DECL thread_audit(
      const signal_mask& mask, ::pid_t pid, boost::system::error_code& ec);

  /// Gets the signals that were asked about.
  /**
   * @returns The set that was given to the constructor.
   */
  const signal_mask& mask() const noexcept
  {
    return mask_;
  }

  /// Gets the process that was asked about.
  /**
   * @returns The ID that was given to the constructor.
   */
  ::pid_t pid() const noexcept
  {
    return pid_;
  }

  /// Gets all threads.
  /**
   * @returns The threads, the main thread first unless it has ended.
   */
  const std::vector<thread_state>& threads() const noexcept
  {
    return threads_;
  }

  /// Finds the threads that leave any of the signals unblocked.
  /**
   * @returns Those of threads() whose @c unblocked is not empty.
   */
  SIGFD_DECL std::vector<thread_state> unblocked() const;

  /// Finds the threads for which a signal is pending that nobody else can take.
  /**
   * @returns Those of threads() whose @c stranded is not empty.
   */
  SIGFD_DECL std::vector<thread_state> stranded() const;

  /// Gets the signalfds that watch any of the signals.
  /**
   * Two may be duplicates of one (dup(2)). What sigfd reads from its pipe
   * source is not here, but in the @c awaited of a thread named "sigfd-pipe".
   *
   * @returns The signalfds by ascending descriptor.
   */
  const std::vector<signalfd_state>& signalfds() const noexcept
  {
    return signalfds_;
  }

  /// Gets the signals that are pending for the process as a whole.
  /**
   * @returns Those of the signals that were asked about.
   */
  const signal_mask& pending() const noexcept
  {
    return pending_;
  }

  /// Gets the signals that have a handler.
  /**
   * @returns Those of the signals that were asked about.
   */
  const signal_mask& caught() const noexcept
  {
    return caught_;
  }

  /// Gets the signals with a handler that never runs: others take them first.
  /**
   * A signalfd watches such a signal, or a thread waits for it in sigwait(3),
   * and every thread blocks it: so the kernel does not call the handler.
   *
   * Of the caller's process, only the program's handlers count. One that a
   * signal_fd has replaced by its own is in the set also if some thread does
   * not block the signal. One that an object calls is not: see
   * handler_policy::call.
   *
   * Of another process, it can only be known that there is a handler. It may be
   * the one that a signal_fd installs for each signal that it watches, and
   * whoever takes the signal may call it. So nothing has to be wrong with the
   * signals in the set.
   *
   * @returns Those of the signals that were asked about.
   */
  const signal_mask& bypassed() const noexcept
  {
    return bypassed_;
  }

  /// Gets the signals whose action is SIG_IGN.
  /**
   * @returns Those of the signals that were asked about.
   */
  const signal_mask& ignored() const noexcept
  {
    return ignored_;
  }

private:
  // Fills everything, or says why not.
  SIGFD_DECL boost::system::error_code look();

  // Reads one thread, if it is still there. Of those that are guessed, it was
  // not to be had what they wait for.
  SIGFD_DECL boost::system::error_code look_at_thread(
      ::pid_t id, std::vector<::pid_t>& guessed);

  // Takes what another thread leaves unblocked out of such a guess.
  SIGFD_DECL void limit_guess(thread_state& thread) const;

  // Reads the descriptors, as a thread has them.
  SIGFD_DECL boost::system::error_code look_at_descriptors(::pid_t id);

  // Sees which handlers never run, when everything else is known.
  SIGFD_DECL void look_for_bypassed();

  // Why there is nothing in /proc for the process.
  SIGFD_DECL boost::system::error_code why_absent() const noexcept;

  // The threads that have a signal in a member.
  SIGFD_DECL std::vector<thread_state> threads_with(
      signal_mask thread_state::* member) const;

  // The folder of the threads, and that of one, with a slash behind.
  SIGFD_DECL std::string folder() const;
  SIGFD_DECL std::string folder(::pid_t id) const;

  // Empties the answer.
  SIGFD_DECL void clear() noexcept;

  signal_mask mask_;
  ::pid_t pid_;
  std::vector<thread_state> threads_;
  std::vector<signalfd_state> signalfds_;
  signal_mask pending_;
  signal_mask caught_;
  signal_mask bypassed_;
  signal_mask ignored_;
};

} // namespace sigfd

#include SIGFD_SOURCE(sigfd/impl/thread_audit.ipp)

#endif // SIGFD_THREAD_AUDIT_HPP
