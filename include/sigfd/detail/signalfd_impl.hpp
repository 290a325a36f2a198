//
// detail/signalfd_impl.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_SIGNALFD_IMPL_HPP
#define SIGFD_DETAIL_SIGNALFD_IMPL_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/handler_registration.hpp>
#include <sigfd/detail/inline_executor.hpp>
#include <sigfd/detail/io_executor.hpp>
#include <sigfd/detail/signal_source.hpp>
#include <sigfd/detail/signalfd_service.hpp>
#include <sigfd/detail/spare_blocks.hpp>
#include <sigfd/detail/speculative_read.hpp>
#include <sigfd/detail/started_wait.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/detail/wait_handle.hpp>
#include <sigfd/detail/watcher.hpp>
#include <sigfd/detail/watcher_table.hpp>
#include <sigfd/open_options.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>
#include <sigfd/signalfd_base.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <boost/system/error_code.hpp>

#include <errno.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace sigfd::detail {

// What an object and its operations share from open() to close(). Each
// open() makes a new one, so an operation always belongs to the one in which it
// was started, whatever becomes of the object meanwhile.
//
// The object's functions are not called concurrently, but operations complete
// and are cancelled on any thread beside them. The mutex is for those; it is
// held for a few system calls that do not block, and never while a handler
// runs, moves or allocates. Who also needs the lock of watchers() takes that
// one first.
class signalfd_impl final : public service_member,
                            public watcher,
                            public boost::intrusive_ref_counter<signalfd_impl>
{
public:
  // The io_context in whose threads the executor runs functions, or null.
  SIGFD_DECL signalfd_impl(std::unique_ptr<io_executor> executor,
      boost::asio::execution_context& context,
      const boost::asio::execution_context* io_context);

  SIGFD_DECL ~signalfd_impl();

  // Makes the descriptor and sees to the calling thread's mask. Whatever can
  // fail comes first, so a failure leaves no trace. What a predecessor has not
  // delivered is handed over.
  SIGFD_DECL void open(const signal_mask& mask, const open_options& options,
      signalfd_impl* predecessor, boost::system::error_code& ec);

  // Changes what is watched, with the policies given to open().
  SIGFD_DECL void update(
      const signal_mask& mask, boost::system::error_code& ec);

  // Adds a signal with flags for its action.
  SIGFD_DECL void add(
      int number, signalfd_base::flags f, boost::system::error_code& ec);

  // What is watched.
  const signal_mask& signals() const noexcept
  {
    return signals_;
  }

  // What fills the descriptor.
  sigfd::source source() const noexcept
  {
    return source_.source();
  }

  // The options given to open().
  const open_options& options() const noexcept
  {
    return options_;
  }

  // Whether open() has come, and neither close() nor the context's end.
  bool is_open() const noexcept
  {
    return (generation_ & closed) == 0;
  }

  // The descriptor's number, while open.
  int native_handle() noexcept
  {
    return descriptor_->native_handle();
  }

  // Where an operation that the reactor ends is in its executor already; null
  // if in no context.
  const boost::asio::execution_context* io_context() const noexcept
  {
    return io_context_;
  }

  // The generation of an operation that starts now.
  std::uint64_t current_generation() const noexcept
  {
    return generation_ & ~closed;
  }

  // Goes on with an operation in the object's executor, never from here.
  SIGFD_DECL void post(wait_handle&& op);

  // Makes an operation known to its slot, until it ends.
  SIGFD_DECL void add_slot(started_wait& op);

  // Forgets an operation that ends.
  SIGFD_DECL void remove(started_wait& op) noexcept;

  // Keeps the context at work for an operation that is on its way to another
  // executor and back, until it ends or is cancelled.
  SIGFD_DECL void add_work(started_wait& op);

  // Memory for an operation.
  void* allocate(std::size_t size)
  {
    return spare_blocks_.allocate(size);
  }

  void deallocate(void* block, std::size_t size) noexcept
  {
    spare_blocks_.deallocate(block, size);
  }

  // Whether an operation that starts now is to look before it waits.
  bool is_look_due() noexcept
  {
    return source_.may_have_kept() || has_undelivered()
        || speculative_read_.is_due();
  }

  // How such a look ended.
  void note_look(bool found) noexcept
  {
    speculative_read_.note(found);
  }

  // Takes what is pending for an operation; how many, or -errno: -ECANCELED if
  // it was cancelled, -EBADF if the object was not open when it was started. 0
  // says that nothing is pending, or that there was no room. Calls the
  // program's handlers, as the policy says.
  SIGFD_DECL std::ptrdiff_t take(
      started_wait& op, std::span<signal_info> infos) noexcept;

  // Goes on with an operation, never from here, once there may be signals.
  // False, and the handle is left alone, if it should look at once: the
  // operation was cancelled, or there are signals already. The caller keeps
  // this object alive.
  SIGFD_DECL bool async_wait_readable(started_wait& op, wait_handle& handle);

  // Takes what is pending, for a caller that is no operation.
  SIGFD_DECL std::size_t take(
      std::span<signal_info> infos, boost::system::error_code& ec) noexcept;

  // Blocks until there may be signals, or a signal handler has run. Not by the
  // descriptor's own wait(), which is not to be called beside its async_wait().
  SIGFD_DECL void wait_readable(boost::system::error_code& ec) noexcept;

  // Cancels the operation that a slot knows by this number, if it has not
  // ended. Every operation that waits in the reactor looks again.
  SIGFD_DECL void cancel(std::uint64_t id) noexcept;

  // Cancels every operation that was started, wherever it is.
  SIGFD_DECL void cancel(boost::system::error_code& ec);

  // Cancels every operation and closes the descriptor. Nothing that is pending
  // is taken.
  SIGFD_DECL void close() noexcept;

private:
  using descriptor_type
      = boost::asio::posix::basic_stream_descriptor<inline_executor>;

  // The generation counts in twos, with a bit that says that it is the last.
  static constexpr std::uint64_t closed = 1;
  static constexpr std::uint64_t never_opened = closed;
  static constexpr std::uint64_t next_generation = 2;

  // Whether the reactor that has the descriptor is this process's, and its
  // threads are the only ones that hold the mutex.
  SIGFD_DECL bool is_owner() const noexcept;

  // Whether others have taken signals for this object.
  bool has_undelivered() const noexcept
  {
    return !is_alone() && watchers_.has_any(*this);
  }

  // Takes, and calls the program's handlers.
  [[gnu::cold]] SIGFD_DECL std::ptrdiff_t take_and_handle(
      started_wait& op, std::span<signal_info> infos) noexcept;

  // Takes, if it is alone on its signals; false if not, and nothing is done.
  bool take_alone(started_wait& op, std::span<signal_info> infos,
      std::ptrdiff_t& result) noexcept
  {
    const std::lock_guard lock(mutex_);
    if (!is_alone())
      return false;
    SIGFD_PREEMPTION_POINT(found_alone);
    result = begin_take(op);
    if (result == 0 && !infos.empty())
      result = source_.take(infos);
    return true;
  }

  // Takes, if it is not; says in to_handle for which the program's handler is
  // to be called: a bit for each, as many as there are bits.
  [[gnu::cold]] SIGFD_DECL std::ptrdiff_t take_beside_others(started_wait& op,
      std::span<signal_info> infos, std::uint64_t& to_handle) noexcept;

  // With the lock of watchers().
  SIGFD_DECL void wake() noexcept override;

  SIGFD_DECL void set_access(
      signal_bits from_kernel, bool alone) noexcept override;

  // With the mutex: has every wait look.
  SIGFD_DECL void look_again() noexcept;

  SIGFD_DECL void show_whether_readable() noexcept;

  // With the mutex: the error for an operation that is to take nothing, or 0.
  std::ptrdiff_t begin_take(started_wait& op) noexcept
  {
    if (std::exchange(op.waits, false))
      --waits_;
    if (is_cancelled(op))
      return generation_ == never_opened ? -EBADF : -ECANCELED;
    return 0;
  }

  // With the mutex.
  bool is_cancelled(const started_wait& op) const noexcept
  {
    return op.cancelled || op.generation != generation_;
  }

  // Without the service, which knows.
  SIGFD_DECL void shutdown() noexcept override;

  SIGFD_DECL boost::system::error_code notify_fork(
      boost::asio::execution_context::fork_event event) noexcept override;

  SIGFD_DECL boost::system::error_code replace_descriptor() noexcept;

  SIGFD_DECL void become_owner() noexcept;

  // Ends everything, without the service.
  SIGFD_DECL void end() noexcept;

  // With the mutex: ends the descriptor and all that is of the context.
  SIGFD_DECL void destroy() noexcept;

  SIGFD_DECL void forget() noexcept;

  // Under mask_policy::require, an error for a signal that is not blocked.
  SIGFD_DECL void check_policy(
      const signal_mask& mask, boost::system::error_code& ec) const noexcept;

  // The error with which a sandbox refuses one of the calls that come last and
  // cannot fail otherwise, if it does.
  SIGFD_DECL boost::system::error_code check_calls() noexcept;

  // Has strays of these signals, and no others, forwarded, as the policy says.
  SIGFD_DECL void forward_strays_of(const signal_mask& mask) noexcept;

  SIGFD_DECL void block(const signal_mask& added) noexcept;

  // With the mutex, as what follows. A cancelled operation does not count.
  SIGFD_DECL void remove_work(started_wait& op) noexcept;

  SIGFD_DECL void finish_work() noexcept;

  std::unique_ptr<io_executor> executor_; // null when closed
  const boost::asio::execution_context* const io_context_;
  std::optional<descriptor_type> descriptor_; // empty when closed
  boost::asio::execution_context& context_;
  signalfd_service* service_ = nullptr; // null when not a member
  std::mutex mutex_;
  std::vector<started_wait*> with_slot_;
  std::uint64_t last_id_ = 0;
  std::atomic<std::uint64_t> generation_ = never_opened;
  std::size_t waits_ = 0; // operations that wait for the descriptor
  bool is_blocked_ = false; // somebody waits for it otherwise, and
  unique_fd waker_; // this has him look again
  std::size_t works_ = 0; // operations that keep the executor at work
  spare_blocks spare_blocks_;
  speculative_read speculative_read_;
  watcher_table& watchers_;
  signal_source source_;
  signal_mask signals_;
  handler_registration registration_;
  open_options options_;
  std::atomic<std::uint32_t> owner_; // whose reactor has the descriptor
};

using signalfd_impl_ptr = boost::intrusive_ptr<signalfd_impl>;

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/signalfd_impl.ipp)

#endif // SIGFD_DETAIL_SIGNALFD_IMPL_HPP
