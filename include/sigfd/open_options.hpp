//
// open_options.hpp
// ~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_OPEN_OPTIONS_HPP
#define SIGFD_OPEN_OPTIONS_HPP

#include <sigfd/detail/config.hpp>

#include <cstddef>

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

/// Who hears a signal that several objects of the process watch.
enum class delivery_policy
{
  /// Each object gets each occurrence once, with everything that came with it,
  /// whether or not it waits at that moment.
  /**
   * What an object has not delivered yet is its own. A standard signal of which
   * it has one already is dropped, as the kernel drops it; of real-time signals
   * it keeps open_options::backlog.
   */
  every,
  /// Each occurrence goes to one of the objects: they compete for it, as all
  /// who read signalfd(2) do.
  one
};

/// What becomes of a real-time signal for which an object has no room, because
/// others take signals faster than it does.
enum class overflow_policy
{
  /// Signals of that number are held back from all objects that watch it, until
  /// the slow one has room. They stay in the kernel's queue, where nothing is
  /// lost: when it is full, senders get EAGAIN (sigqueue(3)). Other signals
  /// arrive meanwhile.
  hold_back,
  /// This object alone drops its oldest signal of that number, and counts it:
  /// see basic_signalfd::dropped().
  drop_oldest
};

/// What becomes of the handler that the program has installed for a signal
/// (sigaction(2)). As long as an object watches the signal and takes it, the
/// kernel does not call it.
enum class handler_policy
{
  /// It is not called.
  leave,
  /// Whoever takes the signal calls it, once for each occurrence, before the
  /// wait completes.
  /**
   * It is called with the signal's number, everything that came with it, and no
   * context, as ordinary code in the thread that takes the signal; it must not
   * throw. It is the handler that was there before the object was opened, or
   * the one that was installed since. So what else in the program relies on a
   * handler goes on working: @c boost::asio::signal_set, Boost.Process v1,
   * another library.
   */
  call
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

  /// Who hears a signal that several objects watch. It has to be the same for
  /// all that watch it: otherwise opening fails.
  delivery_policy delivery = delivery_policy::every;

  /// How many real-time signals of one number are kept for this object, when
  /// others have taken them and it has not yet; at least 1.
  std::size_t backlog = 1024;

  /// What to do when that is not enough.
  overflow_policy overflow = overflow_policy::hold_back;

  /// What to do about handlers of the program's for the same signals.
  handler_policy handlers = handler_policy::leave;
};

} // namespace sigfd

#endif // SIGFD_OPEN_OPTIONS_HPP
