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
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/wait_destination.hpp>
#include <sigfd/detail/initiate_wait.hpp>
#include <sigfd/detail/signalfd_impl.hpp>
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
#include <utility>

namespace sigfd {

/// Waits for signals and tells everything the system says about them.
/**
 * The basic_signalfd class owns a descriptor that becomes readable when one of
 * a set of signals is pending, and provides blocking, non-blocking and
 * asynchronous operations that take signals from it, as objects of the class
 * signal_info. The interface is that of @c boost::asio::basic_signal_set with
 * signal_info in place of the bare number.
 *
 * @par Precondition: the signals are blocked in every thread
 * A signal that is sent to the process goes to any thread that does not block
 * it, and there takes its action (signal(7)). Opening blocks the signals in the
 * calling thread, and threads inherit their creator's mask, so it is enough to
 * open the object, or to call block_signals(), before the first thread is
 * started. Signals are never unblocked by this class.
 *
 * Where a thread does not block them nevertheless, what it gets is caught there
 * and forwarded to the objects that watch it, with everything that came with
 * it: see stray_policy, which is also about what happens otherwise.
 *
 * Child processes inherit the blocked mask also through execve(2): see
 * spawn_attributes and reset_signals().
 *
 * @par Thread Safety
 * @e Distinct @e objects: Safe.@n
 * @e Shared @e objects: Unsafe. Asynchronous operations may complete, and be
 * cancelled by their slots, on any thread while the object is used on another.
 *
 * @par Order and coalescing
 * As the kernel has it (signal(7)): real-time signals after all others, lower
 * numbers first, those of one number in the order in which they were sent, and
 * every one of them. A standard signal that is sent again while it is pending
 * is dropped. Strays, other objects and @c source::pipe may change the order of
 * numbers.
 *
 * @par Multiple operations and objects
 * Several operations may be outstanding on an object: each occurrence completes
 * one of them. Several objects may watch one signal: each hears it, whether or
 * not it waits at that moment (or one of them, with @c delivery_policy::one).
 * What an object has not delivered is its own: closing it or removing a signal
 * discards that, and moving the object takes it along. Objects with the other
 * policy for the same signal cannot be open at the same time.
 *
 * @par Fork
 * A child process that goes on using the object needs
 * @c execution_context::notify_fork, before and after fork(2). Outstanding
 * operations then go on in parent and child, and each gets its own signals.
 * What others have taken for the object stays with the parent.
 *
 * @par Nothing is taken that is not delivered
 * An operation takes a signal from the kernel only in the call that completes
 * it, or the first of those that complete with it where several objects watch
 * it. One that is cancelled, in whatever way, leaves every signal pending, and
 * the next operation gets it. Nothing is read ahead. With @c source::pipe, a
 * thread takes signals from the kernel as they come; what no object has
 * delivered by the time it is closed, or the signal removed, goes back to the
 * process with everything that came with it.
 *
 * @par Example
 * @code boost::asio::awaitable<void> watch()
 * {
 *   sigfd::signal_fd signals(
 *       co_await boost::asio::this_coro::executor, SIGINT, SIGTERM);
 *   sigfd::signal_info info =
 *       co_await signals.async_wait(boost::asio::use_awaitable);
 *   std::cout << info << '\n';
 * } @endcode
 */
template <typename Executor = boost::asio::any_io_executor>
class basic_signalfd : public signalfd_base
{
public:
  /// The type of the executor associated with the object.
  using executor_type = Executor;

  /// Rebinds the type to another executor.
  template <typename Executor1>
  struct rebind_executor
  {
    /// The type when rebound to the specified executor.
    using other = basic_signalfd<Executor1>;
  };

  /// The native representation of a descriptor.
  using native_handle_type = int;

  /// Constructs an object and opens it for the given signals; without any, it
  /// is not open.
  /**
   * @param ex The I/O executor that the object will use, by default, to
   * dispatch handlers for any asynchronous operations performed on it.
   *
   * @throws boost::system::system_error Thrown on failure: as by open().
   */
  template <std::integral... SignalNumbers>
  explicit(sizeof...(SignalNumbers) == 0) basic_signalfd(
      const executor_type& ex, SignalNumbers... signal_numbers)
    : executor_(ex)
  {
    if constexpr (sizeof...(SignalNumbers) > 0)
      open(signal_mask{static_cast<int>(signal_numbers)...});
  }

  /// Constructs an object and opens it for the given signals; without any, it
  /// is not open.
  /**
   * @param context An execution context which provides the I/O executor that
   * the object will use, by default, to dispatch handlers for any asynchronous
   * operations performed on it.
   *
   * @throws boost::system::system_error Thrown on failure: as by open().
   */
  template <typename ExecutionContext, std::integral... SignalNumbers>
    requires std::convertible_to<ExecutionContext&,
        boost::asio::execution_context&>
  explicit(sizeof...(SignalNumbers) == 0) basic_signalfd(
      ExecutionContext& context, SignalNumbers... signal_numbers)
    : basic_signalfd(context.get_executor(), signal_numbers...)
  {
  }

  /// Constructs an object and opens it.
  /**
   * Equivalent to <tt>open(mask, options)</tt>.
   *
   * @throws boost::system::system_error Thrown on failure.
   */
  basic_signalfd(const executor_type& ex, const signal_mask& mask,
      const open_options& options = {})
    : executor_(ex)
  {
    open(mask, options);
  }

  /// Constructs an object and opens it.
  /**
   * Equivalent to <tt>open(mask, options)</tt>.
   *
   * @throws boost::system::system_error Thrown on failure.
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

  /// Move-constructs an object from another.
  /**
   * Operations that are outstanding on @c other go on, and now belong to the
   * new object. Afterwards @c other is not open.
   */
  basic_signalfd(basic_signalfd&& other) noexcept
    : executor_(other.executor_),
      holder_(std::move(other.holder_))
  {
  }

  /// Move-constructs an object from one with another executor type.
  /**
   * Operations that are outstanding on @c other complete with
   * @c boost::asio::error::operation_aborted and leave their signals pending:
   * they were started on an executor that the new object does not have.
   * Afterwards @c other is not open.
   *
   * @throws boost::system::system_error Thrown on failure.
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
   * outstanding on @c other go on, and now belong to this object. Afterwards
   * @c other is not open.
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
  const executor_type& get_executor() const noexcept
  {
    return executor_;
  }

  /// Opens the object for a set of signals, which may be empty.
  /**
   * By default the signals are blocked in the calling thread, and stay so: see
   * open_options.
   *
   * @throws boost::system::system_error Thrown on failure:
   * @c boost::asio::error::already_open; an error of the category "sigfd" if
   * @c mask_policy::require is not met, or another object watches one of the
   * signals with another delivery_policy; EMFILE, ENFILE or ENOMEM
   * (signalfd(2), pipe(2)); EAGAIN if there can be no thread for
   * @c source::pipe (pthread_create(3)); ENOSYS if @c source::kernel was asked
   * for and the system has no signalfd(2); the error of a call that a sandbox
   * refuses: rt_sigqueueinfo(2) to forward strays, and rt_sigtimedwait(2) and
   * tgkill(2) for @c source::pipe. Nothing is changed then.
   */
  void open(const signal_mask& mask, const open_options& options = {})
  {
    boost::system::error_code ec;
    open(mask, options, ec);
    detail::throw_error(ec, "signal_fd::open");
  }

  /// Opens the object for a set of signals, which may be empty.
  /**
   * @param ec Set to indicate what error occurred, if any. Nothing is changed
   * then.
   */
  void open(const signal_mask& mask, boost::system::error_code& ec)
  {
    open(mask, {}, ec);
  }

  /// Opens the object for a set of signals, which may be empty.
  /**
   * @param ec Set to indicate what error occurred, if any. Nothing is changed
   * then.
   */
  void open(const signal_mask& mask, const open_options& options,
      boost::system::error_code& ec)
  {
    if (is_open())
      ec = boost::asio::error::already_open;
    else
      open(mask, options, nullptr, ec);
  }

  /// Whether the object is open.
  bool is_open() const noexcept
  {
    return holder_ && holder_->impl && holder_->impl->is_open();
  }

  /// Closes the object; no effect if it is not open.
  /**
   * Outstanding operations complete with
   * @c boost::asio::error::operation_aborted. Pending signals stay pending and
   * blocked, but putting back SIG_IGN discards what is sent at that moment.
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

  /// Gets the descriptor, or -1 if the object is not open.
  /**
   * To wait for it by other means. It is readable while signals are pending in
   * the kernel; not for what another object that watches the same signal has
   * taken, except with @c source::pipe. It must not be read.
   */
  native_handle_type native_handle() noexcept
  {
    return is_open() ? holder_->impl->native_handle() : -1;
  }

  /// What fills the descriptor; @c source::automatic if the object is not open.
  sigfd::source source() const noexcept
  {
    return is_open() ? holder_->impl->source()
                     : sigfd::source::automatic;
  }

  /// The signals that are watched; none if the object is not open.
  signal_mask signals() const noexcept
  {
    return is_open() ? holder_->impl->signals() : signal_mask();
  }

  /// How many signals @c overflow_policy::drop_oldest has dropped since the
  /// object was opened; 0 if it is not open.
  std::uint64_t dropped() const noexcept
  {
    return is_open() ? holder_->impl->dropped() : 0;
  }

  /// Adds a signal; no effect if it is watched already.
  /**
   * If the object is not open, opens it with default options.
   *
   * @throws boost::system::system_error Thrown on failure: EINVAL, naming the
   * signal, if it cannot be watched (see signal_mask); what open() throws.
   */
  void add(int signal_number)
  {
    add(signal_number, flags::dont_care);
  }

  /// Adds a signal; no effect if it is watched already.
  /**
   * @param ec Set to indicate what error occurred, if any. Nothing is changed
   * then.
   */
  void add(int signal_number, boost::system::error_code& ec)
  {
    add(signal_number, flags::dont_care, ec);
  }

  /// Adds a signal with flags for its action.
  /**
   * The flags are those of the action that is installed for the signal under
   * @c stray_policy::forward. If the signal is watched already, gives it the
   * flags.
   *
   * @throws boost::system::system_error Thrown on failure, as by add(int):
   * also EINVAL if the signal was given other flags before, by this object or
   * another one; @c boost::asio::error::operation_not_supported, under
   * @c stray_policy::ignore, for flags other than @c none and @c dont_care.
   */
  void add(int signal_number, flags f)
  {
    boost::system::error_code ec;
    add(signal_number, f, ec);
    if (ec)
      detail::throw_error(ec,
          "signal_fd::add: " + detail::why_not_watchable(signal_number));
  }

  /// Adds a signal with flags for its action.
  /**
   * @param ec Set to indicate what error occurred, if any. Nothing is changed
   * then.
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

  /// Removes a signal; no effect if it is not watched.
  /**
   * What is pending of it stays pending and blocked. What others have taken for
   * this object is discarded.
   *
   * @throws boost::system::system_error Thrown on failure: EINVAL if the
   * number is out of range.
   */
  void remove(int signal_number)
  {
    boost::system::error_code ec;
    remove(signal_number, ec);
    if (ec)
      detail::throw_error(ec,
          "signal_fd::remove: " + detail::why_not_watchable(signal_number));
  }

  /// Removes a signal; no effect if it is not watched.
  /**
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
   * The object stays open and operations stay outstanding.
   *
   * @throws boost::system::system_error Thrown on failure.
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
   * @throws boost::system::system_error Thrown on failure:
   * @c boost::asio::error::bad_descriptor if the object is not open; an error
   * of the category "sigfd", as by open().
   */
  void update(const signal_mask& mask)
  {
    boost::system::error_code ec;
    update(mask, ec);
    detail::throw_error(ec, "signal_fd::update");
  }

  /// Watches another set of signals instead.
  /**
   * @param ec Set to indicate what error occurred, if any. Nothing is changed
   * then.
   */
  void update(const signal_mask& mask, boost::system::error_code& ec)
  {
    if (is_open())
      holder_->impl->update(mask, ec);
    else
      ec = boost::asio::error::bad_descriptor;
  }

  /// Cancels all outstanding operations; no effect if the object is not open.
  /**
   * They complete with @c boost::asio::error::operation_aborted and leave
   * every signal pending. This reaches operations in whatever phase they are,
   * up to the call of the handler.
   *
   * @throws boost::system::system_error Thrown on failure.
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
   * @throws boost::system::system_error Thrown on failure:
   * @c boost::asio::error::bad_descriptor if the object is not open; EMFILE,
   * ENFILE or ENOMEM if the first wait cannot have a descriptor by which it is
   * told of what other objects take (eventfd(2)).
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
   * @returns What came, or an object with the number 0 after an error.
   */
  signal_info wait(boost::system::error_code& ec)
  {
    signal_info info;
    wait_some({&info, 1}, ec);
    return info;
  }

  /// Takes a signal if one is pending.
  /**
   * @throws boost::system::system_error Thrown on failure:
   * @c boost::asio::error::bad_descriptor if the object is not open.
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
   * @param infos Where to put them, at most <tt>infos.size()</tt>. If it is
   * empty, the function takes nothing and does not block.
   *
   * @returns How many were taken.
   *
   * @throws boost::system::system_error Thrown on failure:
   * @c boost::asio::error::bad_descriptor if the object is not open; EMFILE,
   * ENFILE or ENOMEM if the first wait cannot have a descriptor by which it is
   * told of what other objects take (eventfd(2)).
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
   * @param ec Set to indicate what error occurred, if any.
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
   * @param infos Where to put them, at most <tt>infos.size()</tt>.
   *
   * @returns How many were taken; 0 if nothing was pending.
   *
   * @throws boost::system::system_error Thrown on failure:
   * @c boost::asio::error::bad_descriptor if the object is not open.
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
   * @param ec Set to indicate what error occurred, if any. That nothing is
   * pending is not an error.
   */
  std::size_t try_wait_some(
      std::span<signal_info> infos, boost::system::error_code& ec)
  {
    if (is_open())
      return holder_->impl->take(infos, ec);
    ec = boost::asio::error::bad_descriptor;
    return 0;
  }

  /// Starts an asynchronous operation to wait for a signal, and takes it.
  /**
   * This function may be called to initiate an asynchronous wait. It always
   * returns immediately. The operation completes when
   *
   * @li it has taken one signal; or
   *
   * @li it was cancelled, in which case it has taken none.
   *
   * @param token The completion token that will be used to produce a
   * completion handler, which will be called when the wait completes.
   * Potential completion tokens include @c use_future, @c use_awaitable,
   * @c yield_context, or a function object with the correct completion
   * signature. The function signature of the completion handler must be:
   * @code void handler(
   *   const boost::system::error_code& error, // Result of operation.
   *   sigfd::signal_info info // What came, or number 0 after an error.
   * ); @endcode
   * Since signal_info converts to @c int, a handler that takes the signal's
   * number will do as well.
   * Regardless of whether the asynchronous operation completes immediately or
   * not, the completion handler will not be invoked from within this function.
   * On immediate completion, invocation of the handler will be performed in a
   * manner equivalent to using boost::asio::post().
   *
   * @par Completion Signature
   * @code void(boost::system::error_code, sigfd::signal_info) @endcode
   *
   * @par Per-Operation Cancellation
   * With Boost 1.77 or newer this asynchronous operation supports cancellation
   * for the following boost::asio::cancellation_type values:
   *
   * @li @c cancellation_type::terminal
   *
   * @li @c cancellation_type::partial
   *
   * @li @c cancellation_type::total
   *
   * After each of them every signal is left pending, for the next operation.
   *
   * @par Errors
   * @c boost::asio::error::operation_aborted: the operation was cancelled by
   * its slot, by cancel(), by close(), or because the object was destroyed.
   * @c boost::asio::error::bad_descriptor: the object was not open.
   *
   * @par Object lifetimes
   * The object may be moved or destroyed while the operation is outstanding.
   * One that a lazy token starts later is an operation of the object as it is
   * then, or of the one that it was moved to. If the object was destroyed, or
   * assigned to, it completes with @c boost::asio::error::bad_descriptor.
   */
  template <BOOST_ASIO_COMPLETION_TOKEN_FOR(
      void(boost::system::error_code, signal_info)) WaitToken =
          boost::asio::default_completion_token_t<executor_type>>
  auto async_wait(WaitToken&& token =
          boost::asio::default_completion_token_t<executor_type>())
  {
    return boost::asio::async_initiate<WaitToken,
        void(boost::system::error_code, signal_info)>(
        detail::initiate_wait<Executor, detail::one_signal>(holder()), token,
        holder_, nullptr);
  }

  /// Starts an asynchronous operation to wait for signals, and takes as many
  /// as there are.
  /**
   * This function may be called to initiate an asynchronous wait. It always
   * returns immediately. The operation completes when
   *
   * @li it has taken one signal or more, as many as were pending and fit; or
   *
   * @li it was cancelled, in which case it has taken none; or
   *
   * @li it was started with an empty span, and has taken none.
   *
   * @param infos Where to put the signals. The caller keeps ownership, and
   * must guarantee that the memory stays valid until the completion handler is
   * called.
   *
   * @param token The completion token, as for async_wait(). The function
   * signature of the completion handler must be:
   * @code void handler(
   *   const boost::system::error_code& error, // Result of operation.
   *   std::size_t count // How many signals were taken.
   * ); @endcode
   *
   * @par Completion Signature
   * @code void(boost::system::error_code, std::size_t) @endcode
   *
   * @par Per-Operation Cancellation
   * As for async_wait().
   *
   * @par Errors
   * As for async_wait().
   *
   * @par Object lifetimes
   * The object may be moved or destroyed while the operation is outstanding.
   */
  template <BOOST_ASIO_COMPLETION_TOKEN_FOR(
      void(boost::system::error_code, std::size_t)) WaitToken =
          boost::asio::default_completion_token_t<executor_type>>
  auto async_wait_some(std::span<signal_info> infos,
      WaitToken&& token =
          boost::asio::default_completion_token_t<executor_type>())
  {
    return boost::asio::async_initiate<WaitToken,
        void(boost::system::error_code, std::size_t)>(
        detail::initiate_wait<Executor, detail::some_signals>(holder()), token,
        holder_, infos);
  }

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
SIGFD_EXTERN_TEMPLATE(
    class detail::executor_op<boost::asio::any_io_executor>);
SIGFD_EXTERN_TEMPLATE(detail::signalfd_impl_ptr detail::make_impl(
    const boost::asio::any_io_executor& executor));

} // namespace sigfd

#endif // SIGFD_BASIC_SIGNALFD_HPP
