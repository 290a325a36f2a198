//
// spawn.hpp
// ~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_SPAWN_HPP
#define SIGFD_SPAWN_HPP

#include <sigfd/detail/config.hpp>

#include <boost/system/error_code.hpp>

#include <spawn.h>

namespace sigfd {

/// Gives a child process default actions and an empty mask, before it executes.
/**
 * To be called in the child, between fork(2) and execve(2). A child inherits
 * the mask of the thread that forks, and execve(2) keeps it: what a signal_fd
 * watches stays blocked in the program that is executed, which then does not
 * end on SIGTERM. Signals that are ignored stay ignored as well (signal(7));
 * only handlers end with execve(2).
 *
 * Sets the action of every signal to the default, then empties the mask of the
 * calling thread. In this order: a signal that came in the meantime, and is
 * blocked, then does what it would do to the new program, and runs no handler
 * of the old one. A child starts with nothing pending (fork(2)). It also resets
 * the signals that the C library keeps for its own threads (nptl(7)), which
 * sigaction(2) and sigprocmask(2) of that library leave alone.
 *
 * A signal that reaches the child before this call, and is not blocked, runs
 * the parent's handler, if there is one, in the child. With fork(2) that is a
 * copy of the parent, and the handler may still write into a pipe which both
 * share. With vfork(2) the child runs in the parent's memory, the handler too.
 * To exclude it, block every signal in the parent around fork(2) or vfork(2),
 * as posix_spawn(3) does.
 *
 * @par Errors
 * None. @c errno is kept.
 *
 * @par Thread Safety
 * Async-signal-safe (signal-safety(7)): it consists of system calls. So it may
 * be called in the child of a process with threads.
 *
 * @par Example
 * @code
 * pid_t start(char* const* arguments)
 * {
 *   sigfd::scoped_signal_block block(sigfd::signal_mask::all());
 *   const pid_t pid = ::fork();
 *   if (pid == 0)
 *   {
 *     sigfd::reset_signals();
 *     ::execvp(arguments[0], arguments);
 *     ::_exit(127);
 *   }
 *   return pid;
 * }
 * @endcode
 *
 * @since 0.1.0
 *
 * @see spawn_attributes, default_signals, execve(2), fork(2)
 */
SIGFD_DECL void reset_signals() noexcept;

/// Attributes for posix_spawn(3): default actions and an empty mask.
/**
 * Owns a @c posix_spawnattr_t with POSIX_SPAWN_SETSIGMASK, the empty mask,
 * POSIX_SPAWN_SETSIGDEF and every signal. That is more than sigfillset(3) puts
 * into a set: without the signals that the C library keeps for its own threads,
 * glibc starts the child with these ignored.
 *
 * posix_spawn(3) blocks every signal while it starts the child, so none can run
 * a handler of the parent there.
 *
 * @note system(3) and popen(3) take no attributes. The shell that they start
 * has the mask of the calling thread: system(3) blocks SIGCHLD for itself
 * only, but what was blocked before stays blocked, and what was ignored stays
 * ignored. Some shells then empty the mask for their commands, dash for
 * instance; bash does not. Start @c sh by posix_spawn(3) instead, with the
 * arguments @c -c and the command.
 *
 * @note An ignored signal may be meant to stay ignored, such as SIGHUP in a
 * program that nohup(1) started. Then give posix_spawnattr_setsigdefault(3)
 * another set.
 *
 * @par Thread Safety
 * @e Distinct @e objects: Safe.
 * @e Shared @e objects: Safe as long as none is changed.
 *
 * @par Example
 * @code
 * pid_t start(char* const* arguments)
 * {
 *   pid_t pid = -1;
 *   ::posix_spawnp(&pid, arguments[0], nullptr,
 *       sigfd::spawn_attributes().native(), arguments, ::environ);
 *   return pid;
 * }
 * @endcode
 *
 * @since 0.1.0
 *
 * @see reset_signals(), default_signals, posix_spawn(3)
 */
class spawn_attributes
{
public:
  /// Constructs the attributes.
  /**
   * @throws boost::system::system_error ENOMEM, as from
   * posix_spawnattr_init(3).
   */
  SIGFD_DECL spawn_attributes();

  /// Constructs the attributes.
  /**
   * @param ec Set to indicate what error occurred, if any: ENOMEM, as from
   * posix_spawnattr_init(3). Then the object can only be destroyed.
   */
  SIGFD_DECL explicit spawn_attributes(boost::system::error_code& ec) noexcept;

  /// Cannot be copied: a posix_spawnattr_t cannot.
  spawn_attributes(const spawn_attributes&) = delete;
  /// Cannot be assigned: a posix_spawnattr_t cannot.
  spawn_attributes& operator=(const spawn_attributes&) = delete;

  /// Destroys the attributes; children that were started are not affected.
  ~spawn_attributes()
  {
    if (initialized_)
      ::posix_spawnattr_destroy(&native_);
  }

  /// Gets the attributes as posix_spawn(3) takes them, to read.
  /**
   * @returns The attributes, valid as long as the object.
   */
  const ::posix_spawnattr_t* native() const noexcept
  {
    return &native_;
  }

  /// Gets the attributes as posix_spawn(3) takes them, to read and to change.
  /**
   * Flags of one's own are given to add_flags(): posix_spawnattr_setflags(3)
   * would replace those that are set.
   *
   * @returns The attributes, valid as long as the object.
   */
  ::posix_spawnattr_t* native() noexcept
  {
    return &native_;
  }

  /// Adds flags to those of the attributes, such as POSIX_SPAWN_SETPGROUP.
  /**
   * @param flags The flags of posix_spawnattr_setflags(3) to add.
   *
   * @throws boost::system::system_error EINVAL if the system has no such flag.
   *
   * @par Example
   * To start the child in a process group of its own:
   * @code
   * sigfd::spawn_attributes attributes;
   * attributes.add_flags(POSIX_SPAWN_SETPGROUP);
   * @endcode
   */
  SIGFD_DECL void add_flags(short flags);

  /// Adds flags to those of the attributes, such as POSIX_SPAWN_SETPGROUP.
  /**
   * @param flags The flags of posix_spawnattr_setflags(3) to add.
   *
   * @param ec Set to EINVAL if the system has no such flag; else to success.
   */
  SIGFD_DECL void add_flags(
      short flags, boost::system::error_code& ec) noexcept;

private:
  SIGFD_DECL void initialize(boost::system::error_code& ec) noexcept;

  ::posix_spawnattr_t native_;
  bool initialized_ = false;
};

/// Calls reset_signals() in a child that Boost.Process starts.
/**
 * An initializer of Boost.Process v2, where it is given to the constructor of
 * @c process, or to a launcher. With v1, a handler for
 * @c boost::process::extend::on_exec_setup. This header includes neither.
 *
 * Initializers are called in the order in which they are given. One that
 * changes signals, to let the child ignore one for instance, has to be given
 * after it.
 *
 * @par Thread Safety
 * @e Distinct @e objects: Safe.
 * @e Shared @e objects: Safe.
 *
 * @par Example
 * With Boost.Process v2:
 * @code
 * boost::process::v2::process child(
 *     context, "/usr/bin/sleep", {"60"}, sigfd::default_signals());
 * @endcode
 * With v1:
 * @code
 * boost::process::child child("/usr/bin/sleep", "60",
 *     boost::process::extend::on_exec_setup = sigfd::default_signals());
 * @endcode
 *
 * @since 0.1.0
 *
 * @see reset_signals(), spawn_attributes
 */
class default_signals
{
public:
  /// Is called by Boost.Process v2 in the child, before execve(2).
  /**
   * @tparam Launcher The type of the launcher.
   *
   * @tparam Path The type of the program's path.
   *
   * @tparam CommandLine The type of the arguments.
   *
   * @returns No error.
   */
  template <typename Launcher, typename Path, typename CommandLine>
  boost::system::error_code on_exec_setup(
      Launcher&, const Path&, CommandLine&) const noexcept
  {
    reset_signals();
    return boost::system::error_code();
  }

  /// Is called by Boost.Process v1 in the child, before execve(2).
  /**
   * @tparam Executor The type of what starts the child.
   */
  template <typename Executor>
  void operator()(Executor&) const noexcept
  {
    reset_signals();
  }
};

} // namespace sigfd

#include SIGFD_SOURCE(sigfd/impl/spawn.ipp)

#endif // SIGFD_SPAWN_HPP
