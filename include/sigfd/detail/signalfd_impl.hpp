//
// detail/signalfd_impl.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_SIGNALFD_IMPL_HPP
#define SIGFD_DETAIL_SIGNALFD_IMPL_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/fork_reset.hpp>
#include <sigfd/detail/handler_registration.hpp>
#include <sigfd/detail/requeue.hpp>
#include <sigfd/detail/signal_source.hpp>
#include <sigfd/detail/signalfd_service.hpp>
#include <sigfd/detail/speculative_read.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/error.hpp>
#include <sigfd/open_options.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>
#include <sigfd/signalfd_base.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/system/error_code.hpp>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace sigfd::detail {

// What an opening knows of an operation that was started in it.
struct started_wait
{
  // The number of cancel() and close() calls before it was started. It is
  // cancelled when the count has gone on.
  std::uint64_t generation = 0;

  // By which a cancellation slot knows it, never used again; 0 without a slot.
  std::uint64_t id = 0;
  bool cancelled = false;
};

// What an object and its operations share from open() to close(). Each
// open() makes a new one, so an operation always belongs to the opening in
// which it was started, whatever becomes of the object meanwhile.
//
// The object's functions are not called concurrently, but operations complete
// and are cancelled on any thread beside them. The mutex is for those; it is
// held for a few system calls that do not block, or while the source changes or
// ends, and never while a handler runs, moves or allocates.
template <typename Executor>
class signalfd_impl final : public service_member
{
public:
  explicit signalfd_impl(const Executor& executor)
    : executor_(executor),
      descriptor_(std::in_place, executor)
  {
  }

  ~signalfd_impl()
  {
    close();
    for (std::atomic<void*>& block : spare_blocks_)
      ::operator delete(block.load());
  }

  // Makes the descriptor and sees to the calling thread's mask. Whatever can
  // fail comes first, so a failure leaves no trace.
  void open(const signal_mask& mask, const open_options& options,
      boost::system::error_code& ec)
  {
    options_ = options;
    check_policy(mask, ec);
    if (!ec && options.stray == stray_policy::forward)
      ec = check_queueing();
    if (ec)
      return;
    unique_fd fd = source_.open(mask, options.source, ec);
    if (ec)
      return;
    descriptor_->assign(fd.get(), ec);
    if (ec)
    {
      source_.close(); // as long as there is the descriptor
      return;
    }
    fd.release();
    owner_ = this_process();
    if (options.stray == stray_policy::forward)
      handler_registration::stay_mapped(); // without a lock: the loader has one
    service_ = &boost::asio::use_service<signalfd_service>(
        context_of(*executor_));
    service_->add(*this);
    forward_strays_of(mask);
    block(mask);
  }

  // Changes what is watched, with the policies given to open().
  void update(const signal_mask& mask, boost::system::error_code& ec)
  {
    ec = {};
    std::unique_lock lock(mutex_);
    source_.end_fork();
    lock.unlock();
    const signal_mask old = source_.mask();
    if (mask == old)
      return;
    check_policy(mask - old, ec);
    if (ec)
      return;
    lock.lock();
    forward_strays_of(old | mask);
    source_.update(mask, ec);
    forward_strays_of(ec ? old : mask);
    if (!ec)
      block(mask - old);
  }

  // Adds a signal with flags for its action.
  void add(int number, signalfd_base::flags f, boost::system::error_code& ec)
  {
    ec = {};
    signal_mask mask = source_.mask();
    const bool is_new = !mask.contains(number);
    mask.add(number);
    check_policy(mask - source_.mask(), ec);
    if (ec)
      return;
    if (options_.stray == stray_policy::forward)
      registration_.add(number, f, ec);
    else if (f != signalfd_base::flags::none
        && f != signalfd_base::flags::dont_care)
      ec = boost::asio::error::operation_not_supported;
    if (!ec)
      update(mask, ec);
    if (ec && is_new)
      forward_strays_of(source_.mask());
  }

  // What is watched, and how.
  const signal_source& source() const noexcept
  {
    return source_;
  }

  // The options given to open().
  const open_options& options() const noexcept
  {
    return options_;
  }

  // Whether neither close() nor the context's end has come.
  bool is_open() const noexcept
  {
    return descriptor_ && descriptor_->is_open();
  }

  // The descriptor's number.
  int native_handle() noexcept
  {
    return is_open() ? descriptor_->native_handle() : -1;
  }

  // The generation of an operation that starts now.
  std::uint64_t current_generation() const noexcept
  {
    return generation_.load();
  }

  // Makes an operation known to its slot, until it ends.
  void add_slot(started_wait& op)
  {
    const std::lock_guard lock(mutex_);
    with_slot_.push_back(&op);
    op.id = ++last_id_;
  }

  void remove_slot(started_wait& op) noexcept
  {
    if (op.id == 0 || !is_owner())
      return;
    const std::lock_guard lock(mutex_);
    std::erase(with_slot_, &op);
  }

  // Keeps the context at work for an operation that is on its way to another
  // executor and back.
  void add_work()
  {
    const std::lock_guard lock(mutex_);
    ++works_;
    if (!work_ && is_open())
      work_.emplace(*executor_);
  }

  void remove_work() noexcept
  {
    if (!is_owner())
      return;
    const std::lock_guard lock(mutex_);
    if (--works_ == 0)
      work_.reset();
  }

  // Memory for an operation: of one that ended, where both are of usual size.
  void* allocate(std::size_t size)
  {
    for (std::atomic<void*>& spare : spare_blocks_)
      if (size <= block_size)
        if (void* const block = spare.exchange(nullptr))
          return block;
    return ::operator new(std::max(size, block_size));
  }

  void deallocate(void* block, std::size_t size) noexcept
  {
    for (std::atomic<void*>& spare : spare_blocks_)
      if (block != nullptr && size <= block_size)
        block = spare.exchange(block);
    ::operator delete(block);
  }

  // Whether an operation that starts now is to look before it waits.
  bool is_look_due() noexcept
  {
    return source_.may_have_kept() || speculative_read_.is_due();
  }

  // How such a look ended.
  void note_look(bool found) noexcept
  {
    speculative_read_.note(found);
  }

  // Takes what is pending for an operation, or says operation_aborted if the
  // operation was cancelled. 0 without an error says that nothing is pending,
  // or that there was no room.
  std::size_t take(const started_wait& op, std::span<signal_info> infos,
      boost::system::error_code& ec) noexcept
  {
    const std::lock_guard lock(mutex_);
    if (is_cancelled(op))
    {
      ec = boost::asio::error::operation_aborted;
      return 0;
    }
    ec = {};
    source_.end_fork();
    return infos.empty() ? 0 : source_.take(infos, ec);
  }

  // Calls a handler, never from here, once the descriptor is readable. False,
  // and the handler is left alone, if the operation was cancelled. The caller
  // keeps this object alive.
  template <typename Handler>
  bool async_wait_readable(const started_wait& op, Handler& handler)
  {
    const std::lock_guard lock(mutex_);
    if (is_cancelled(op))
      return false;
    source_.end_fork();
    descriptor_->async_wait(descriptor_type::wait_read, std::move(handler));
    return true;
  }

  // Takes what is pending, for a caller that is no operation.
  std::size_t take(
      std::span<signal_info> infos, boost::system::error_code& ec) noexcept
  {
    return take({.generation = current_generation()}, infos, ec);
  }

  // Blocks until the descriptor is readable, or a signal handler has run. Not
  // by the descriptor's own wait(), which is not to be called beside its
  // async_wait().
  void wait_readable(boost::system::error_code& ec) noexcept
  {
    ::pollfd p{native_handle(), POLLIN, 0};
    ec = ::poll(&p, 1, -1) != -1 || errno == EINTR ? boost::system::error_code()
                                                  : system_error_code(errno);
  }

  // Cancels the operation that a slot knows by this number, if it has not
  // ended. Every operation that waits in the reactor looks again.
  void cancel(std::uint64_t id) noexcept
  {
    if (!is_owner())
      return;
    const std::lock_guard lock(mutex_);
    boost::system::error_code ignored;
    for (started_wait* op : with_slot_)
      if (op->id == id)
      {
        op->cancelled = true;
        if (is_open())
          descriptor_->cancel(ignored);
      }
  }

  // Cancels every operation that was started, wherever it is.
  void cancel(boost::system::error_code& ec)
  {
    const std::lock_guard lock(mutex_);
    ++generation_;
    work_.reset(); // none of them comes back to the context
    if (is_open())
      descriptor_->cancel(ec);
  }

  // Cancels every operation and closes the descriptor. Nothing that is pending
  // is taken.
  void close() noexcept
  {
    if (!is_owner())
    {
      forget();
      return;
    }
    if (signalfd_service* service = std::exchange(service_, nullptr))
      service->remove(*this);
    const std::lock_guard lock(mutex_);
    destroy();
  }

private:
  using descriptor_type = boost::asio::posix::basic_stream_descriptor<Executor>;

  static constexpr std::size_t block_size = 512;

  static boost::asio::execution_context& context_of(const Executor& executor)
  {
    if constexpr (requires {
                    boost::asio::query(
                        executor, boost::asio::execution::context);
                  })
      return boost::asio::query(executor, boost::asio::execution::context);
    else
      return executor.context(); // an executor of the Networking TS
  }

  // Whether the reactor that has the descriptor is this process's, and its
  // threads are the only ones that hold the mutex.
  bool is_owner() const noexcept
  {
    return owner_ == this_process();
  }

  // With the mutex. What an operation is told of the reactor's wait does not
  // count: there may be another descriptor after a fork.
  bool is_cancelled(const started_wait& op) const noexcept
  {
    return op.cancelled || op.generation != generation_ || !is_open();
  }

  // Without the service, which knows.
  void shutdown() noexcept override
  {
    const std::lock_guard lock(mutex_);
    service_ = nullptr;
    destroy();
  }

  boost::system::error_code notify_fork(
      boost::asio::execution_context::fork_event event) noexcept override
  {
    const std::lock_guard lock(mutex_);
    if (!is_open())
      return {};
    if (event == boost::asio::execution_context::fork_child)
      owner_ = this_process();
    if (event == boost::asio::execution_context::fork_prepare)
      source_.prepare_fork();
    else if (event == boost::asio::execution_context::fork_parent)
      source_.end_fork();
    else if (source_.shares_descriptor_with_parent())
      return replace_descriptor();
    return {};
  }

  // In the child of fork(2): a descriptor of its own. The old one leaves the
  // reactor while its number still means what the reactor was told of; its
  // waits end, find that nobody cancelled them, and wait for the new one.
  boost::system::error_code replace_descriptor() noexcept
  {
    boost::system::error_code ec;
    ::close(descriptor_->release());
    unique_fd fd = source_.reopen_after_fork(ec);
    if (!ec)
      descriptor_->assign(fd.get(), ec);
    if (ec)
      destroy(); // ends the source before fd closes
    else
      fd.release();
    return ec;
  }

  // With the mutex: ends the descriptor and all that is of the context.
  void destroy() noexcept
  {
    ++generation_;
    source_.close();
    work_.reset();
    descriptor_.reset();
    executor_.reset(); // a strand's must not outlive its context
    registration_.set(signal_mask());
  }

  // In a child of fork(2) that nobody told: the reactor is the parent's, and a
  // thread of the parent may have held any lock, so both are left as they are.
  void forget() noexcept
  {
    ++generation_;
    source_.close();
    if (is_open())
      ::close(descriptor_->native_handle());
    ::new (&with_slot_) std::vector<started_wait*>;
    ::new (&work_) std::optional<work_guard>;
    ::new (&descriptor_) std::optional<descriptor_type>;
    ::new (&executor_) std::optional<Executor>;
    registration_.set(signal_mask());
  }

  // Under mask_policy::require, an error for a signal that is not blocked.
  void check_policy(
      const signal_mask& mask, boost::system::error_code& ec) const noexcept
  {
    ec = {};
    if (options_.mask != mask_policy::require)
      return;
    ::sigset_t blocked;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    for (int n : mask)
      if (::sigismember(&blocked, n) == 0)
      {
        ec = make_not_blocked_error(n);
        return;
      }
  }

  // Has strays of these signals, and no others, forwarded, as the policy says.
  void forward_strays_of(const signal_mask& mask) noexcept
  {
    if (options_.stray == stray_policy::forward)
      registration_.set(mask);
  }

  // Blocks what was added to the mask, as the policy says. Only then what could
  // not go back to the process before, and what former watchers left, is queued
  // again: unblocked, it would act.
  void block(const signal_mask& added) noexcept
  {
    if (options_.mask == mask_policy::block)
      scoped_signal_block(added).release();
    source_.retry_undelivered();
  }

  using work_guard = boost::asio::executor_work_guard<Executor>;

  std::optional<Executor> executor_;          // empty when closed
  std::optional<descriptor_type> descriptor_; // likewise
  std::optional<work_guard> work_;            // while there are works_
  std::size_t works_ = 0;
  signalfd_service* service_ = nullptr;       // null when not a member
  std::mutex mutex_;
  std::vector<started_wait*> with_slot_;
  std::uint64_t last_id_ = 0;
  std::atomic<std::uint64_t> generation_ = 0;
  speculative_read speculative_read_;
  std::array<std::atomic<void*>, 2> spare_blocks_{};
  signal_source source_;
  handler_registration registration_;
  open_options options_;
  std::uint32_t owner_ = this_process(); // whose reactor has the descriptor
};

// Where an object has its impl, and its operations look for it when they
// start, which may be long after the call that makes them.
template <typename Executor>
struct impl_holder
{
  std::shared_ptr<signalfd_impl<Executor>> impl;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_SIGNALFD_IMPL_HPP
