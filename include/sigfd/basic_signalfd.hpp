//
// basic_signalfd.hpp
// ~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_BASIC_SIGNALFD_HPP
#define SIGFD_BASIC_SIGNALFD_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/describe_signal.hpp>
#include <sigfd/detail/initiate_wait.hpp>
#include <sigfd/detail/signalfd_impl.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/wait_destination.hpp>
#include <sigfd/error.hpp>
#include <sigfd/open_options.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>
#include <sigfd/signalfd_base.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/core/no_exceptions_support.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace sigfd {
namespace detail {

struct ints_or_signal_mask_and_open_options; // for a message

// What an object can be made with, beside its executor.
template <typename... Arguments>
concept can_be_watched = (std::integral<Arguments> && ...)
    || std::is_invocable_v<void (*)(const signal_mask&), Arguments...>
    || std::is_invocable_v<void (*)(const signal_mask&, const open_options&),
        Arguments...>;

} // namespace detail

/// Waits for signals and delivers each with its siginfo.
/**
 * The basic_signalfd class template owns a descriptor that is readable while
 * one of a set of signals is pending. Its blocking, non-blocking and
 * asynchronous operations take signals from it, each as a signal_info. The
 * interface is that of @c boost::asio::basic_signal_set, with signal_info in
 * place of the bare number.
 *
 * @tparam Executor The type of the object's I/O executor.
 *
 * @par Blocked signals
 * Every thread should block the signals: one that is sent to the process goes
 * to any thread that does not block it, and takes its action there (signal(7)).
 * Opening blocks them in the calling thread, and a thread inherits its
 * creator's mask, so it is enough to open the object, or to call
 * block_signals(), before the first thread is started. For threads that do not
 * block them, see stray_policy. The class never unblocks a signal. Child
 * processes inherit the mask, also through execve(2): see spawn_attributes and
 * reset_signals().
 *
 * @par When a signal is taken
 * An operation takes a signal only in the call that completes it, and nothing
 * is read ahead. One that is cancelled, in whatever way, has taken none: the
 * signals stay for the next operation. With @c source::pipe a thread takes
 * signals from the kernel as they come; what no object has delivered by the
 * time it is closed, or the signal removed, goes back to the process with its
 * siginfo.
 *
 * @par Order
 * The kernel's (signal(7)): SIGTRAP, SIGBUS and SIGSYS before all others, then
 * lower numbers first, and those of one real-time number as they were sent. A
 * standard signal that is sent while the same is pending is dropped. Strays,
 * other objects and @c source::pipe may change the order of different numbers.
 *
 * @par Several operations and objects
 * Operations of one object compete: each signal completes one of them. Of
 * several objects that watch a signal, each gets it, whether or not it waits at
 * that moment, or one of them does: see delivery_policy. What others have taken
 * for an object moves with it, and is discarded when it is closed or the signal
 * removed.
 *
 * @par Fork
 * A child process that goes on using the object needs
 * @c execution_context::notify_fork, before and after fork(2). Outstanding
 * operations then go on in parent and child, and each gets its own signals;
 * what others have taken for the object stays with the parent. Where the child
 * cannot have a descriptor, or a thread for @c source::pipe, @c notify_fork
 * throws @c boost::system::system_error and the object is closed. A child that
 * only executes a program or exits needs nothing.
 *
 * @par End of the context
 * When the execution context ends, it closes the object and destroys the
 * handlers of outstanding operations. If the executor is the context's own, the
 * object may still be closed and destroyed. New operations must not be started.
 *
 * @par Thread Safety
 * @e Distinct @e objects: Safe.
 * @e Shared @e objects: Unsafe. Asynchronous operations may complete, and be
 * cancelled by their slots, on any thread while the object is used on another.
 *
 * @par Example
 * @code
 * boost::asio::awaitable<void> watch()
 * {
 *   sigfd::signal_fd signals(
 *       co_await boost::asio::this_coro::executor, SIGINT, SIGTERM);
 *   sigfd::signal_info info =
 *       co_await signals.async_wait(boost::asio::use_awaitable);
 *   std::cout << info << '\n';
 * }
 * @endcode
 *
 * @since 0.1.0
 *
 * @see signal_fd, signal_info, open_options, signalfd(2), signal(7)
 */
template <typename Executor = boost::asio::any_io_executor>
class basic_signalfd : public signalfd_base
{
public:
  /// The type of the executor associated with the object.
  using executor_type = Executor;

  /// Rebinds the type to another executor.
  /**
   * @tparam Executor1 The type of the other executor.
   */
  template <typename Executor1>
  struct rebind_executor
  {
    /// The type when rebound to the specified executor.
    using other = basic_signalfd<Executor1>;
  };

  /// The native representation of a descriptor.
  using native_handle_type = int;

  /// Constructs an object, and opens it for the given signals.
  /**
   * Without signals, the object is not open.
   *
   * @tparam SignalNumbers The integral types of the numbers.
   *
   * @param ex The I/O executor that the object will use, by default, to
   * dispatch handlers for any asynchronous operations performed on it.
   *
   * @param signal_numbers The signals to watch, with default open_options.
   *
   * @throws boost::system::system_error Thrown on failure: EINVAL if a signal
   * cannot be watched (see signal_mask), or as open() throws.
   *
   * @par Example
   * @code
   * boost::asio::io_context context;
   * sigfd::signal_fd closed(context.get_executor());
   * sigfd::signal_fd signals(context.get_executor(), SIGINT, SIGTERM);
   * @endcode
   */
  template <std::integral... SignalNumbers>
  explicit(sizeof...(SignalNumbers) == 0)
      basic_signalfd(const executor_type& ex, SignalNumbers... signal_numbers)
    : executor_(ex)
  {
    if constexpr (sizeof...(SignalNumbers) > 0)
      open(signal_mask{static_cast<int>(signal_numbers)...});
  }

  /// Constructs an object, and opens it for the given signals.
  /**
   * Without signals, the object is not open.
   *
   * @tparam ExecutionContext A type derived from
   * @c boost::asio::execution_context, such as @c boost::asio::io_context.
   *
   * @tparam SignalNumbers The integral types of the numbers.
   *
   * @param context An execution context which provides the I/O executor that
   * the object will use, by default, to dispatch handlers for any asynchronous
   * operations performed on it.
   *
   * @param signal_numbers The signals to watch, with default open_options.
   *
   * @throws boost::system::system_error Thrown on failure: EINVAL if a signal
   * cannot be watched (see signal_mask), or as open() throws.
   */
  template <typename ExecutionContext, std::integral... SignalNumbers>
    requires std::convertible_to<ExecutionContext&,
        boost::asio::execution_context&>
  explicit(sizeof...(SignalNumbers) == 0)
      basic_signalfd(ExecutionContext& context, SignalNumbers... signal_numbers)
    : basic_signalfd(context.get_executor(), signal_numbers...)
  {
  }

  /// Constructs an object, and opens it with options.
  /**
   * @param ex The I/O executor that the object will use, by default, to
   * dispatch handlers for any asynchronous operations performed on it.
   *
   * @param mask The signals to watch. With an empty set the object is open and
   * watches nothing.
   *
   * @param options How to open the object.
   *
   * @throws boost::system::system_error Thrown on failure, as by open().
   */
  basic_signalfd(const executor_type& ex, const signal_mask& mask,
      const open_options& options = {})
    : executor_(ex)
  {
    open(mask, options);
  }

  /// Constructs an object, and opens it with options.
  /**
   * @tparam ExecutionContext A type derived from
   * @c boost::asio::execution_context, such as @c boost::asio::io_context.
   *
   * @param context An execution context which provides the I/O executor that
   * the object will use, by default, to dispatch handlers for any asynchronous
   * operations performed on it.
   *
   * @param mask The signals to watch. With an empty set the object is open and
   * watches nothing.
   *
   * @param options How to open the object.
   *
   * @throws boost::system::system_error Thrown on failure, as by open().
   */
  template <typename ExecutionContext>
    requires std::convertible_to<ExecutionContext&,
        boost::asio::execution_context&>
  basic_signalfd(ExecutionContext& context, const signal_mask& mask,
      const open_options& options = {})
    : executor_(context.get_executor())
  {
    open(mask, options);
  }

  template <typename Context, typename... Arguments,
      typename Wanted = detail::ints_or_signal_mask_and_open_options>
    requires(sizeof...(Arguments) > 0 && !detail::can_be_watched<Arguments...>)
  SIGFD_MISTAKE("sigfd: a signal_fd is made with signal numbers, which are "
                "ints, or a signal_mask, such as {SIGINT, SIGTERM}, and "
                "open_options")
  basic_signalfd(Context&&, const Arguments&...) SIGFD_NO_CONSTRUCTOR;

  /// Move-constructs an object from another.
  /**
   * Operations that are outstanding on @c other go on, and now belong to the
   * new object.
   *
   * @param other The object to move from. Afterwards it is not open, and may be
   * opened again.
   */
  basic_signalfd(basic_signalfd&& other) noexcept
    : executor_(other.executor_),
      holder_(std::move(other.holder_))
  {
  }

  /// Move-constructs an object from one with another executor type.
  /**
   * The new object is opened with the same signals and options, and takes over
   * what @c other has not delivered. Operations that are outstanding on
   * @c other complete with @c boost::asio::error::operation_aborted and leave
   * their signals: they were started on an executor that the new object does
   * not have.
   *
   * @tparam Executor1 A type that is convertible to @c Executor.
   *
   * @param other The object to move from. Afterwards it is not open. It is
   * unchanged if this function throws.
   *
   * @throws boost::system::system_error Thrown on failure, as by open().
   */
  template <typename Executor1>
    requires(!std::same_as<Executor, Executor1>
        && std::convertible_to<Executor1, Executor>)
  basic_signalfd(basic_signalfd<Executor1>&& other)
    : executor_(other.executor_)
  {
    if (other.is_open())
      open_in_place_of(*other.holder_->impl);
    other.close();
  }

  /// Move-assigns an object from another.
  /**
   * This object is closed first, as by close(). Operations that are
   * outstanding on @c other go on, and now belong to this object.
   *
   * @param other The object to move from. Afterwards it is not open, and may be
   * opened again.
   *
   * @returns This object.
   */
  basic_signalfd& operator=(basic_signalfd&& other) noexcept
  {
    if (this != &other)
    {
      close();
      executor_ = other.executor_;
      holder_ = std::move(other.holder_);
    }
    return *this;
  }

  /// Destroys the object.
  /**
   * Closes it, as by close(). Outstanding operations complete with
   * @c boost::asio::error::operation_aborted; they do not need the object.
   */
  ~basic_signalfd()
  {
    close();
  }

  /// Gets the executor associated with the object.
  /**
   * @returns The executor that was given to the constructor.
   */
  const executor_type& get_executor() const noexcept
  {
    return executor_;
  }

  /// Opens the object for a set of signals.
  /**
   * Unless the options say otherwise, it blocks the signals in the calling
   * thread (pthread_sigmask(3)) and installs a handler for strays
   * (sigaction(2)). After an error nothing has changed.
   *
   * @param mask The signals to watch. The set may be empty.
   *
   * @param options How to open the object.
   *
   * @throws boost::system::system_error Thrown on failure.
   *
   * @par Errors
   * @li @c boost::asio::error::already_open: the object is open.
   * @li make_not_blocked_error(): the calling thread does not block a signal of
   * the set, and the options have @c mask_policy::require.
   * @li make_delivery_conflict_error(): another object watches a signal of the
   * set with the other delivery_policy.
   * @li EMFILE, ENFILE, ENODEV, ENOMEM: there can be no descriptor
   * (signalfd(2), pipe(2)), or no reactor, which the first object of a context
   * makes (epoll_create(2), eventfd(2)).
   * @li ENOMEM, ENOSPC: the reactor refuses the descriptor (epoll_ctl(2)).
   * @li @c boost::asio::error::no_memory (ENOMEM): there is no memory.
   * @li EAGAIN: there can be no thread for @c source::pipe (pthread_create(3)).
   * @li ENOSYS or what else signalfd(2) fails with: the system does not have
   * it, or a sandbox refuses it, and the options have @c source::kernel.
   * @li EPERM or what else a sandbox answers: it refuses rt_sigqueueinfo(2),
   * which @c stray_policy::forward and @c source::pipe need, or
   * rt_sigtimedwait(2) or tgkill(2), which @c source::pipe needs.
   *
   * @par Example
   * @code
   * sigfd::signal_fd signals(context);
   * signals.open({SIGINT, SIGTERM}, {.mask = sigfd::mask_policy::require});
   * @endcode
   */
  void open(const signal_mask& mask, const open_options& options = {})
  {
    boost::system::error_code ec;
    open(mask, options, ec);
    detail::throw_error(ec, "signal_fd::open");
  }

  /// Opens the object for a set of signals, with default options.
  /**
   * @param mask The signals to watch. The set may be empty.
   *
   * @param ec Set to indicate what error occurred, if any. After an error
   * nothing has changed.
   */
  void open(const signal_mask& mask, boost::system::error_code& ec)
  {
    open(mask, {}, ec);
  }

  /// Opens the object for a set of signals.
  /**
   * @param mask The signals to watch. The set may be empty.
   *
   * @param options How to open the object.
   *
   * @param ec Set to indicate what error occurred, if any. After an error
   * nothing has changed.
   */
  void open(const signal_mask& mask, const open_options& options,
      boost::system::error_code& ec)
  {
    if (is_open())
      ec = boost::asio::error::already_open;
    else
      open(mask, options, nullptr, ec);
  }

  template <std::integral First, typename... Rest>
  SIGFD_MISTAKE("sigfd: open takes a signal_mask, such as {SIGINT, SIGTERM}, "
                "in braces")
  SIGFD_NO_RESULT open(First, Rest&&...);

  /// Determines whether the object is open.
  /**
   * @returns True from when it is opened until it is closed, moved from, or its
   * context ends.
   */
  bool is_open() const noexcept
  {
    return holder_ && holder_->impl && holder_->impl->is_open();
  }

  /// Closes the object; no effect if it is not open.
  /**
   * Outstanding operations complete with
   * @c boost::asio::error::operation_aborted. Pending signals stay pending, and
   * the signals stay blocked: unblocking a pending SIGTERM would end the
   * process. When no other object watches a signal, its action is what it was
   * before: see @c stray_policy::forward, also for the exceptions. Where that
   * is SIG_IGN, the kernel discards what is sent at that moment.
   *
   * @par Example
   * To have SIGINT and SIGTERM end the program from now on:
   * @code
   * signals.close();
   * const sigfd::signal_mask mask{SIGINT, SIGTERM};
   * ::pthread_sigmask(SIG_UNBLOCK, &mask.native(), nullptr);
   * @endcode
   */
  void close() noexcept
  {
    if (holder_)
      if (const auto impl = std::exchange(holder_->impl, nullptr))
        impl->close();
  }

  /// Closes the object; no effect if it is not open.
  /**
   * @param ec Set to success: closing does not fail.
   */
  void close(boost::system::error_code& ec) noexcept
  {
    close();
    ec = {};
  }

  /// Gets the descriptor, to wait for it by other means.
  /**
   * It is readable while a watched signal is pending in the kernel, unless it
   * is held back (overflow_policy). It does not become readable for what
   * another object that watches the signal has taken, except with
   * @c source::pipe. It must not be read or closed: take signals by try_wait().
   *
   * @returns The descriptor, or -1 if the object is not open.
   *
   * @par Example
   * @code
   * ::pollfd p{signals.native_handle(), POLLIN, 0};
   * if (::poll(&p, 1, 1000) == 1)
   *   if (auto info = signals.try_wait())
   *     std::cout << *info << '\n';
   * @endcode
   *
   * @see poll(2)
   */
  native_handle_type native_handle() noexcept
  {
    return is_open() ? holder_->impl->native_handle() : -1;
  }

  /// Gets what fills the descriptor.
  /**
   * @returns @c source::kernel or @c source::pipe, whatever was asked for;
   * @c source::automatic if the object is not open.
   */
  sigfd::source source() const noexcept
  {
    return is_open() ? holder_->impl->source() : sigfd::source::automatic;
  }

  /// Gets the signals that are watched.
  /**
   * @returns The set; it is empty if the object is not open.
   */
  signal_mask signals() const noexcept
  {
    return is_open() ? holder_->impl->signals() : signal_mask();
  }

  /// Counts the signals that @c overflow_policy::drop_oldest has dropped.
  /**
   * @returns How many since the object was opened; 0 if it is not open. A move
   * keeps the count.
   *
   * @par Example
   * @code
   * sigfd::signal_fd statistics(context, {SIGRTMIN},
   *     {.backlog = 64, .overflow = sigfd::overflow_policy::drop_oldest});
   * std::cout << statistics.dropped() << " dropped\n";
   * @endcode
   */
  std::uint64_t dropped() const noexcept
  {
    return is_open() ? holder_->impl->dropped() : 0;
  }

  /// Adds a signal; no effect if it is watched already.
  /**
   * If the object is not open, opens it with default options. Blocks the signal
   * in the calling thread, or not, as the options say. After an error nothing
   * has changed.
   *
   * @param signal_number The signal to watch.
   *
   * @throws boost::system::system_error Thrown on failure.
   *
   * @par Errors
   * @li @c boost::asio::error::invalid_argument (EINVAL): the signal cannot be
   * watched (see signal_mask). The message names it.
   * @li make_not_blocked_error(): the calling thread does not block the signal,
   * and the object was opened with @c mask_policy::require.
   * @li make_delivery_conflict_error(): another object watches the signal with
   * the other delivery_policy.
   * @li If the object is not open, the errors of open().
   */
  void add(int signal_number)
  {
    add(signal_number, flags::dont_care);
  }

  /// Adds a signal; no effect if it is watched already.
  /**
   * @param signal_number The signal to watch.
   *
   * @param ec Set to indicate what error occurred, if any. After an error
   * nothing has changed.
   */
  void add(int signal_number, boost::system::error_code& ec)
  {
    add(signal_number, flags::dont_care, ec);
  }

  /// Adds a signal with flags for its action.
  /**
   * The action is the one that is installed for strays. If the signal is
   * watched already, gives it the flags. They last until no object watches the
   * signal. Without flags, or with @c flags::dont_care, the action has
   * SA_RESTART, and SA_NOCLDSTOP and SA_NOCLDWAIT as they were.
   *
   * @param signal_number The signal to watch.
   *
   * @param f The flags.
   *
   * @throws boost::system::system_error Thrown on failure.
   *
   * @par Errors
   * @li The errors of add(int).
   * @li @c boost::asio::error::invalid_argument (EINVAL): the signal was given
   * other flags before, by this object or another one.
   * @li @c boost::asio::error::operation_not_supported: the flags are others
   * than @c none and @c dont_care, and the object was opened with
   * @c stray_policy::ignore.
   *
   * @par Example
   * To hear of children that end, but not of those that stop:
   * @code
   * signals.add(SIGCHLD, sigfd::signal_fd::flags::no_child_stop);
   * @endcode
   *
   * @see sigaction(2)
   */
  void add(int signal_number, flags f)
  {
    boost::system::error_code ec;
    add(signal_number, f, ec);
    if (ec)
      detail::throw_error(
          ec, "signal_fd::add: " + detail::why_not_watchable(signal_number));
  }

  /// Adds a signal with flags for its action.
  /**
   * @param signal_number The signal to watch.
   *
   * @param f The flags.
   *
   * @param ec Set to indicate what error occurred, if any. After an error
   * nothing has changed.
   */
  void add(int signal_number, flags f, boost::system::error_code& ec)
  {
    signal_mask().add(signal_number, ec);
    if (ec)
      return;
    const bool was_open = is_open();
    if (!was_open)
      open({}, ec);
    if (!ec)
      holder_->impl->add(signal_number, f, ec);
    if (ec && !was_open)
      close();
  }

  template <typename First, typename... Rest>
    requires(!std::convertible_to<First, int>)
  SIGFD_MISTAKE("sigfd: add takes a signal number, an int, such as SIGTERM; "
                "update takes a signal_mask")
  SIGFD_NO_RESULT add(First&&, Rest&&...);

  /// Removes a signal; no effect if it is not watched.
  /**
   * What is pending of it stays pending, and it stays blocked. What others have
   * taken for this object is discarded. Operations stay outstanding.
   *
   * @param signal_number The signal.
   *
   * @throws boost::system::system_error Thrown on failure.
   *
   * @par Errors
   * @li @c boost::asio::error::invalid_argument (EINVAL): the number is below 1
   * or above SIGRTMAX.
   */
  void remove(int signal_number)
  {
    boost::system::error_code ec;
    remove(signal_number, ec);
    if (ec)
      detail::throw_error(
          ec, "signal_fd::remove: " + detail::why_not_watchable(signal_number));
  }

  /// Removes a signal; no effect if it is not watched.
  /**
   * @param signal_number The signal.
   *
   * @param ec Set to indicate what error occurred, if any.
   */
  void remove(int signal_number, boost::system::error_code& ec)
  {
    signal_mask mask = signals();
    mask.remove(signal_number, ec);
    if (!ec && is_open())
      holder_->impl->update(mask, ec);
  }

  /// Removes all signals; no effect if the object is not open.
  /**
   * The object stays open and operations stay outstanding. For the signals, see
   * remove().
   *
   * @throws boost::system::system_error Never at present; the overloads are
   * those of @c boost::asio::basic_signal_set.
   */
  void clear()
  {
    boost::system::error_code ec;
    clear(ec);
    detail::throw_error(ec, "signal_fd::clear");
  }

  /// Removes all signals; no effect if the object is not open.
  /**
   * @param ec Set to indicate what error occurred, if any.
   */
  void clear(boost::system::error_code& ec)
  {
    ec = {};
    if (is_open())
      holder_->impl->update(signal_mask(), ec);
  }

  /// Watches another set of signals instead.
  /**
   * What is in both sets is watched all the time. For the signals that go, see
   * remove(); for those that come, add(). Operations stay outstanding. After an
   * error nothing has changed.
   *
   * @param mask The signals to watch. The set may be empty.
   *
   * @throws boost::system::system_error Thrown on failure.
   *
   * @par Errors
   * @li @c boost::asio::error::bad_descriptor: the object is not open.
   * @li make_not_blocked_error(): the calling thread does not block a signal
   * that is new, and the object was opened with @c mask_policy::require.
   * @li make_delivery_conflict_error(): another object watches a signal that is
   * new with the other delivery_policy.
   */
  void update(const signal_mask& mask)
  {
    boost::system::error_code ec;
    update(mask, ec);
    detail::throw_error(ec, "signal_fd::update");
  }

  /// Watches another set of signals instead.
  /**
   * @param mask The signals to watch. The set may be empty.
   *
   * @param ec Set to indicate what error occurred, if any. After an error
   * nothing has changed.
   */
  void update(const signal_mask& mask, boost::system::error_code& ec)
  {
    if (is_open())
      holder_->impl->update(mask, ec);
    else
      ec = boost::asio::error::bad_descriptor;
  }

  template <std::integral First, typename... Rest>
  SIGFD_MISTAKE("sigfd: update takes a signal_mask, such as {SIGINT, SIGTERM}, "
                "in braces")
  SIGFD_NO_RESULT update(First, Rest&&...);

  /// Cancels all outstanding operations; no effect if the object is not open.
  /**
   * They complete with @c boost::asio::error::operation_aborted and leave every
   * signal for the next operation. This reaches them in whatever phase they
   * are, until they have taken a signal, which is when they complete.
   *
   * @throws boost::system::system_error Never at present; the overloads are
   * those of @c boost::asio::basic_signal_set.
   */
  void cancel()
  {
    boost::system::error_code ec;
    cancel(ec);
    detail::throw_error(ec, "signal_fd::cancel");
  }

  /// Cancels all outstanding operations; no effect if the object is not open.
  /**
   * @param ec Set to indicate what error occurred, if any.
   */
  void cancel(boost::system::error_code& ec)
  {
    ec = {};
    if (is_open())
      holder_->impl->cancel(ec);
  }

  /// Blocks until a signal is pending, and takes it.
  /**
   * Takes what is pending for the process or for the calling thread
   * (signalfd(2)); with @c source::pipe, for the process. No context has to
   * run. The wait goes on after a signal handler has run; an object that
   * watches nothing waits for ever.
   *
   * @returns The signal.
   *
   * @throws boost::system::system_error Thrown on failure.
   *
   * @par Errors
   * @li @c boost::asio::error::bad_descriptor: the object is not open.
   * @li @c boost::asio::error::no_memory (ENOMEM): another object watches the
   * signal, and there is no memory to keep it for that one. It stays pending.
   * @li EMFILE, ENFILE, ENODEV, ENOMEM: nothing is pending, and the first wait
   * that has to block cannot have a descriptor by which it is told of what
   * other objects take (eventfd(2)). Not with @c source::pipe.
   *
   * @par Example
   * @code
   * boost::asio::io_context context; // need not run
   * sigfd::signal_fd signals(context, SIGINT, SIGTERM);
   * std::cout << signals.wait() << '\n';
   * @endcode
   */
  signal_info wait()
  {
    boost::system::error_code ec;
    const signal_info info = wait(ec);
    detail::throw_error(ec, "signal_fd::wait");
    return info;
  }

  /// Blocks until a signal is pending, and takes it.
  /**
   * @param ec Set to indicate what error occurred, if any.
   *
   * @returns The signal, or an object with the number 0 after an error.
   */
  signal_info wait(boost::system::error_code& ec)
  {
    signal_info info;
    wait_some({&info, 1}, ec);
    return info;
  }

  /// Takes a signal if one is pending.
  /**
   * With @c source::pipe, a signal that was just sent may still be on its way.
   *
   * @returns The signal, or nothing if none is pending.
   *
   * @throws boost::system::system_error Thrown on failure.
   *
   * @par Errors
   * @li @c boost::asio::error::bad_descriptor: the object is not open.
   * @li @c boost::asio::error::no_memory (ENOMEM): another object watches the
   * signal, and there is no memory to keep it for that one. It stays pending.
   *
   * @par Example
   * @code
   * while (auto info = signals.try_wait())
   *   std::cout << *info << '\n';
   * @endcode
   */
  std::optional<signal_info> try_wait()
  {
    boost::system::error_code ec;
    const auto info = try_wait(ec);
    detail::throw_error(ec, "signal_fd::try_wait");
    return info;
  }

  /// Takes a signal if one is pending.
  /**
   * @param ec Set to indicate what error occurred, if any. That nothing is
   * pending is not an error.
   *
   * @returns The signal, or nothing if none is pending or after an error.
   */
  std::optional<signal_info> try_wait(boost::system::error_code& ec)
  {
    signal_info info;
    if (try_wait_some({&info, 1}, ec) == 0)
      return std::nullopt;
    return info;
  }

  /// Blocks until a signal is pending, and takes as many as there are.
  /**
   * @param infos Where to put the signals. As many as are pending and fit are
   * taken, at most 1024 of those that other objects watch, too. If it is empty,
   * the function takes nothing and does not block.
   *
   * @returns How many were taken, in the first elements of @c infos.
   *
   * @throws boost::system::system_error Thrown on failure.
   *
   * @par Errors
   * As for wait().
   *
   * @par Example
   * @code
   * std::array<sigfd::signal_info, 64> infos;
   * const std::size_t count = signals.wait_some(infos);
   * for (const auto& info : std::span(infos).first(count))
   *   std::cout << info << '\n';
   * @endcode
   */
  std::size_t wait_some(std::span<signal_info> infos)
  {
    boost::system::error_code ec;
    const std::size_t count = wait_some(infos, ec);
    detail::throw_error(ec, "signal_fd::wait_some");
    return count;
  }

  /// Blocks until a signal is pending, and takes as many as there are.
  /**
   * @param infos Where to put the signals. As many as are pending and fit are
   * taken, at most 1024 of those that other objects watch, too. If it is empty,
   * the function takes nothing and does not block.
   *
   * @param ec Set to indicate what error occurred, if any.
   *
   * @returns How many were taken; 0 after an error.
   */
  std::size_t wait_some(
      std::span<signal_info> infos, boost::system::error_code& ec)
  {
    for (;;)
    {
      const std::size_t count = try_wait_some(infos, ec);
      if (ec || count != 0 || infos.empty())
        return count;
      holder_->impl->wait_readable(ec);
      if (ec)
        return 0;
    }
  }

  /// Takes as many signals as are pending.
  /**
   * @param infos Where to put the signals. As many as are pending and fit are
   * taken, at most 1024 of those that other objects watch, too.
   *
   * @returns How many were taken, in the first elements of @c infos; 0 if
   * nothing is pending.
   *
   * @throws boost::system::system_error Thrown on failure.
   *
   * @par Errors
   * As for try_wait().
   */
  std::size_t try_wait_some(std::span<signal_info> infos)
  {
    boost::system::error_code ec;
    const std::size_t count = try_wait_some(infos, ec);
    detail::throw_error(ec, "signal_fd::try_wait_some");
    return count;
  }

  /// Takes as many signals as are pending.
  /**
   * @param infos Where to put the signals. As many as are pending and fit are
   * taken, at most 1024 of those that other objects watch, too.
   *
   * @param ec Set to indicate what error occurred, if any. That nothing is
   * pending is not an error.
   *
   * @returns How many were taken; 0 if nothing is pending or after an error.
   */
  std::size_t try_wait_some(
      std::span<signal_info> infos, boost::system::error_code& ec)
  {
    if (is_open())
      return holder_->impl->take(infos, ec);
    ec = boost::asio::error::bad_descriptor;
    return 0;
  }

  /// Starts an asynchronous operation that waits for a signal and takes it.
  /**
   * This function returns at once and takes nothing. The object may be moved or
   * destroyed while the operation is outstanding.
   *
   * A token that starts the operation later, such as @c deferred, starts one of
   * the object as it is then, or of the one that it was moved to. If that was
   * destroyed or assigned to, the object counts as not open.
   *
   * @tparam WaitToken The type of the completion token.
   *
   * @param token The completion token that will be used to produce a
   * completion handler, which will be called when the wait completes.
   * Potential completion tokens include @c use_future, @c use_awaitable,
   * @c yield_context, or a function object with the correct completion
   * signature.
   *
   * @returns What the token determines: see @c boost::asio::async_result.
   *
   * @par Completion
   * Completes once, when it has taken a signal, or with an error and an object
   * with the number 0. The completion signature is
   * @code void(boost::system::error_code, sigfd::signal_info) @endcode
   * A handler may also take an @c int, to which signal_info converts. It is
   * called in its associated executor, by default the object's, and never from
   * within this function: where the operation can complete at once, as if by
   * boost::asio::post(). Until then the operation counts as work of the
   * object's context.
   *
   * @par Errors
   * @li @c boost::asio::error::operation_aborted: the operation was cancelled
   * by its slot or by cancel(), or the object was closed, destroyed or assigned
   * to, or moved to another executor type.
   * @li @c boost::asio::error::bad_descriptor: the object was not open when the
   * operation was started.
   * @li @c boost::asio::error::no_memory (ENOMEM): another object watches the
   * signal, and there is no memory to keep it for that one. It stays pending.
   *
   * @par Cancellation
   * With Boost 1.77 or newer, supports these types of
   * @c boost::asio::cancellation_type, all with the same effect: the operation
   * has taken no signal, and the next one gets it.
   * @li @c cancellation_type::terminal
   * @li @c cancellation_type::partial
   * @li @c cancellation_type::total
   *
   * @par Example
   * @code
   * signals.async_wait(
   *     [](boost::system::error_code ec, sigfd::signal_info info)
   *     {
   *       if (!ec)
   *         std::cout << info << '\n';
   *     });
   * @endcode
   */
  template <BOOST_ASIO_COMPLETION_TOKEN_FOR(
                void(boost::system::error_code, signal_info)) WaitToken
      = boost::asio::default_completion_token_t<executor_type>>
  auto async_wait(WaitToken&& token
      = boost::asio::default_completion_token_t<executor_type>())
  {
    return boost::asio::async_initiate<WaitToken,
        void(boost::system::error_code, signal_info)>(
        detail::initiate_wait<Executor, detail::one_signal>(holder()), token,
        holder_, nullptr);
  }

  template <typename First, typename... Rest>
  SIGFD_MISTAKE("sigfd: async_wait's handler is called as "
                "void(error_code, const signal_info&), or "
                "void(error_code, int); it takes nothing else")
  SIGFD_NO_RESULT async_wait(First&&, Rest&&...);

  template <std::same_as<void> WaitToken
      = boost::asio::default_completion_token_t<executor_type>>
  SIGFD_MISTAKE("sigfd: async_wait needs a completion token, such as "
                "boost::asio::use_awaitable, or a handler")
  SIGFD_NO_RESULT async_wait();

  /// Starts an asynchronous operation that waits for signals and takes many.
  /**
   * This function returns at once and takes nothing. For the object, and tokens
   * that start the operation later, see async_wait().
   *
   * @tparam WaitToken The type of the completion token.
   *
   * @param infos Where to put the signals. As many as are pending and fit are
   * taken, at most 1024 of those that other objects watch, too. The caller
   * keeps ownership of the memory, and must guarantee that it stays valid until
   * the completion handler is called.
   *
   * @param token The completion token that will be used to produce a
   * completion handler, which will be called when the wait completes.
   *
   * @returns What the token determines: see @c boost::asio::async_result.
   *
   * @par Completion
   * Completes once, when it has taken one signal or more, with how many, in the
   * first elements of @c infos; with 0 and an error; or with 0 and no error if
   * @c infos is empty. The completion signature is
   * @code void(boost::system::error_code, std::size_t) @endcode
   * The handler is called as by async_wait().
   *
   * @par Errors
   * As for async_wait().
   *
   * @par Cancellation
   * As for async_wait(): after @c cancellation_type::terminal, @c partial and
   * @c total alike, the operation has taken no signal.
   *
   * @par Example
   * @code
   * // std::array<sigfd::signal_info, 64> infos_; is a member.
   * signals_.async_wait_some(infos_,
   *     [this](boost::system::error_code ec, std::size_t count)
   *     {
   *       if (!ec)
   *         for (const auto& info : std::span(infos_).first(count))
   *           std::cout << info << '\n';
   *     });
   * @endcode
   */
  template <BOOST_ASIO_COMPLETION_TOKEN_FOR(
                void(boost::system::error_code, std::size_t)) WaitToken
      = boost::asio::default_completion_token_t<executor_type>>
  auto async_wait_some(std::span<signal_info> infos,
      WaitToken&& token
      = boost::asio::default_completion_token_t<executor_type>())
  {
    return boost::asio::async_initiate<WaitToken,
        void(boost::system::error_code, std::size_t)>(
        detail::initiate_wait<Executor, detail::some_signals>(holder()), token,
        holder_, infos);
  }

  template <typename First, typename... Rest>
  SIGFD_MISTAKE("sigfd: async_wait_some's handler is called as "
                "void(error_code, std::size_t); it is the last argument")
  SIGFD_NO_RESULT async_wait_some(std::span<signal_info>, First&&, Rest&&...);

private:
  template <typename Executor1>
  friend class basic_signalfd;

  void open(const signal_mask& mask, const open_options& options,
      detail::signalfd_impl* predecessor, boost::system::error_code& ec)
  {
    BOOST_TRY
    {
      auto& current = holder()->impl; // before anything is changed
      auto impl = detail::make_impl(executor_);
      impl->open(mask, options, predecessor, ec);
      if (!ec)
        current = std::move(impl);
    }
    SIGFD_CATCH_SYSTEM_ERROR(ec) // the first of a context makes its reactor
    BOOST_CATCH(const std::bad_alloc&)
    {
      ec = boost::asio::error::no_memory;
    }
    BOOST_CATCH_END
  }

  void open_in_place_of(detail::signalfd_impl& predecessor)
  {
    boost::system::error_code ec;
    open(predecessor.signals(), predecessor.options(), &predecessor, ec);
    detail::throw_error(ec, "signal_fd::open");
  }

  const std::shared_ptr<detail::impl_holder<Executor>>& holder()
  {
    if (!holder_)
      make_holder();
    return holder_;
  }

  [[gnu::cold]] void make_holder()
  {
    using type = detail::impl_holder<Executor>;
    holder_ = std::make_shared<type>(type{executor_, nullptr});
  }

  Executor executor_;
  std::shared_ptr<detail::impl_holder<Executor>> holder_; // null until needed
};

// What all signal_fds have in common.
SIGFD_EXTERN_TEMPLATE(class basic_signalfd<boost::asio::any_io_executor>);
SIGFD_EXTERN_TEMPLATE(class detail::executor_op<boost::asio::any_io_executor>);
SIGFD_EXTERN_TEMPLATE(detail::signalfd_impl_ptr detail::make_impl(
    const boost::asio::any_io_executor& executor));

} // namespace sigfd

#endif // SIGFD_BASIC_SIGNALFD_HPP
