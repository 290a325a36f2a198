//
// open_options.hpp
// ~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_OPEN_OPTIONS_HPP
#define SIGFD_OPEN_OPTIONS_HPP

#include <sigfd/detail/config.hpp>

namespace sigfd {

/// What fills the descriptor of a signal_fd.
enum class source
{
  /// The kernel, or a pipe where it has no signalfd(2): where the call answers
  /// ENOSYS, EPERM or EINVAL, as some sandboxes do. Any other failure is an
  /// error.
  automatic,
  /// The kernel, by signalfd(2).
  kernel,
  /// A pipe, filled by a thread that waits for the signals (sigwaitinfo(2)).
  pipe
};

/// What opening and adding do about the signal mask of the calling thread.
enum class mask_policy
{
  /// Block the signals in the calling thread. They are never unblocked again:
  /// a pending SIGTERM that gets unblocked ends the process.
  block,
  /// Change no mask. A signal that the calling thread does not block is an
  /// error of the category "sigfd", which names it.
  require
};

/// What becomes of a watched signal that reaches a thread which does not block
/// it.
enum class stray_policy
{
  /// A handler catches it, blocks it in that thread from then on, and forwards
  /// it to the objects that watch it, with everything that came with it.
  /**
   * As long as an object watches the signal, its action is this handler;
   * afterwards it is again what it was before (sigaction(2)), unless the
   * program replaced the handler meanwhile. Also a signal whose action was to
   * be ignored arrives. A default action that ignores the signal (SIGCHLD,
   * SIGURG, SIGWINCH, SIGCONT) stays replaced, by a handler that does nothing:
   * putting it back would discard what is pending. execve(2) resets it.
   */
  forward,
  /// Its action is left as it is. The default action of most signals ends the
  /// process (signal(7)).
  ignore
};

/// How to open a signal_fd.
/**
 * @par Example
 * @code sigfd::signal_fd signals(my_context, {SIGTERM},
 *     {.mask = sigfd::mask_policy::require}); @endcode
 */
struct open_options
{
  /// What fills the descriptor.
  sigfd::source source = sigfd::source::automatic;

  /// What to do about the signal mask of the calling thread.
  mask_policy mask = mask_policy::block;

  /// What to do about threads that do not block the signals.
  stray_policy stray = stray_policy::forward;
};

} // namespace sigfd

#endif // SIGFD_OPEN_OPTIONS_HPP
