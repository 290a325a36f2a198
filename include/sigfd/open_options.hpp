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
/**
 * Either way the signals arrive with the same siginfo.
 *
 * @par Example
 * @code
 * sigfd::signal_fd signals(context, {SIGTERM},
 *     {.source = sigfd::source::pipe});
 * @endcode
 *
 * @since 0.1.0
 *
 * @see open_options, basic_signalfd::source()
 */
enum class source
{
  /// The kernel by signalfd(2), or a pipe where there is no such call.
  /**
   * There is none where the call fails with ENOSYS, EPERM or EINVAL, as it does
   * in some sandboxes. Any other failure is an error.
   */
  automatic,
  /// The kernel, by signalfd(2).
  kernel,
  /// A pipe, filled by a thread that waits for the signals (sigwaitinfo(2)).
  /**
   * One thread, named "sigfd-pipe", does so for all objects of the process. It
   * takes signals as they come, as long as each object has room: see
   * open_options::backlog. A signal that is sent to one thread which blocks it
   * (pthread_kill(3)) does not arrive.
   */
  pipe
};

/// What opening and adding do about the signal mask of the calling thread.
/**
 * @par Example
 * @code
 * sigfd::block_signals({SIGTERM});
 * sigfd::signal_fd signals(context, {SIGTERM},
 *     {.mask = sigfd::mask_policy::require});
 * @endcode
 *
 * @since 0.1.0
 *
 * @see open_options, pthread_sigmask(3)
 */
enum class mask_policy
{
  /// Block the signals in the calling thread.
  /**
   * They are never unblocked again: a pending SIGTERM that gets unblocked ends
   * the process.
   */
  block,
  /// Change no mask, and fail where the calling thread does not block a signal.
  /**
   * The error is make_not_blocked_error(). Other threads are not looked at: for
   * them, see thread_audit.
   */
  require
};

/// What becomes of strays.
/**
 * A stray is a watched signal that a thread received because it did not block
 * it.
 *
 * @par Example
 * @code
 * sigfd::signal_fd signals(context, {SIGWINCH},
 *     {.stray = sigfd::stray_policy::ignore});
 * @endcode
 *
 * @since 0.1.0
 *
 * @see open_options, count_strays(), signal(7)
 */
enum class stray_policy
{
  /// A handler forwards them to the objects that watch them, with siginfo.
  /**
   * It also blocks the signal in that thread from then on. The signal's action
   * is this handler while any object with this policy watches the signal, and
   * afterwards again what it was before (sigaction(2)), unless the program has
   * replaced the handler. A default action that ignores the signal (SIGCHLD,
   * SIGURG, SIGWINCH, SIGCONT) stays replaced by a handler that does nothing,
   * because putting it back would discard what is pending; execve(2) resets it.
   *
   * Signals whose action was SIG_IGN are forwarded, too. A SIGABRT that a
   * thread sends to a thread of its process is not: abort(3) must end the
   * process.
   */
  forward,
  /// Their action is taken, which for most signals ends the process.
  /**
   * No action is changed. The kernel discards signals whose action is to be
   * ignored, unless every thread blocks them.
   */
  ignore
};

/// Which of several objects that watch a signal get it.
/**
 * It has to be the same for all objects of a process that watch one signal.
 * Otherwise opening, adding and updating fail with
 * make_delivery_conflict_error().
 *
 * @par Example
 * @code
 * const sigfd::open_options competing{.delivery = sigfd::delivery_policy::one};
 * sigfd::signal_fd first(context, {SIGRTMIN}, competing);
 * sigfd::signal_fd second(context, {SIGRTMIN}, competing);
 * @endcode
 *
 * @since 0.1.0
 *
 * @see open_options
 */
enum class delivery_policy
{
  /// Each object gets each signal, whether or not it waits at that moment.
  /**
   * What an object has not delivered yet is its own. A standard signal of which
   * it has one already is dropped, as the kernel drops it; of each real-time
   * signal it keeps open_options::backlog.
   */
  every,
  /// Each signal goes to one of the objects, which compete for it.
  /**
   * So do all who read a signalfd(2).
   */
  one
};

/// What becomes of a real-time signal for which an object has no room.
/**
 * There is no room when others have taken open_options::backlog signals of one
 * number that the object has not delivered.
 *
 * @par Example
 * @code
 * sigfd::signal_fd statistics(context, {SIGRTMIN},
 *     {.backlog = 64, .overflow = sigfd::overflow_policy::drop_oldest});
 * @endcode
 *
 * @since 0.1.0
 *
 * @see open_options
 */
enum class overflow_policy
{
  /// Signals of that number are held back from all objects that watch it.
  /**
   * They stay pending in the kernel until the object has delivered half of its
   * backlog, or is closed. When the kernel's queue is full, senders get EAGAIN
   * (sigqueue(3)). Signals of other numbers arrive meanwhile.
   */
  hold_back,
  /// The object drops its oldest signal of that number, and counts it.
  /**
   * See basic_signalfd::dropped(). Other objects are not affected. Where no
   * other object watches the number, and with @c delivery_policy::one, it has
   * the effect of @c hold_back.
   */
  drop_oldest
};

/// What becomes of the program's own handler for a watched signal.
/**
 * That is one which the program, or a library, has installed by sigaction(2).
 * The kernel does not call it for a signal that an object takes.
 *
 * @par Example
 * @code
 * sigfd::signal_fd children(context, {SIGCHLD},
 *     {.handlers = sigfd::handler_policy::call});
 * @endcode
 *
 * @since 0.1.0
 *
 * @see open_options, thread_audit::bypassed()
 */
enum class handler_policy
{
  /// It is not called.
  leave,
  /// It is called by whoever takes the signal, before the wait completes.
  /**
   * It is called once for each occurrence, by the first object with this policy
   * that delivers it, as ordinary code in the thread that takes the signal. It
   * is given the number, the siginfo and a null context. No signal is blocked
   * for it: SA_NODEFER, SA_RESETHAND and @c sa_mask have no effect. It must not
   * throw.
   *
   * It is the handler that was there before any object watched the signal, or
   * the one that was installed since. So @c boost::asio::signal_set,
   * Boost.Process v1 or another library that relies on a handler goes on
   * working.
   */
  call
};

/// How to open a signal_fd.
/**
 * @par Example
 * @code
 * sigfd::open_options options;
 * options.mask = sigfd::mask_policy::require;
 * sigfd::signal_fd signals(context, {SIGTERM}, options);
 * @endcode
 *
 * @since 0.1.0
 *
 * @see basic_signalfd::open()
 */
struct open_options
{
  /// What fills the descriptor.
  sigfd::source source = sigfd::source::automatic;

  /// What to do about the signal mask of the calling thread.
  mask_policy mask = mask_policy::block;

  /// What to do about threads that do not block the signals.
  stray_policy stray = stray_policy::forward;

  /// Which of several objects that watch a signal get it.
  delivery_policy delivery = delivery_policy::every;

  /// How many signals of each real-time number are kept for this object.
  /**
   * It counts those that others have taken: other objects, or the thread of
   * @c source::pipe. 0 is the same as 1.
   */
  std::size_t backlog = 1024;

  /// What to do when the backlog is full.
  overflow_policy overflow = overflow_policy::hold_back;

  /// What to do about handlers of the program's for the same signals.
  handler_policy handlers = handler_policy::leave;
};

} // namespace sigfd

#endif // SIGFD_OPEN_OPTIONS_HPP
