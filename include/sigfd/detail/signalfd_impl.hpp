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
#include <sigfd/detail/inline_executor.hpp>
#include <sigfd/detail/io_executor.hpp>
#include <sigfd/detail/requeue.hpp>
#include <sigfd/detail/signal_source.hpp>
#include <sigfd/detail/signalfd_service.hpp>
#include <sigfd/detail/speculative_read.hpp>
#include <sigfd/detail/started_wait.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/detail/wait_handle.hpp>
#include <sigfd/error.hpp>
#include <sigfd/open_options.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>
#include <sigfd/signalfd_base.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
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

// What an object and its operations share from open() to close(). Each
// open() makes a new one, so an operation always belongs to the one in which it
// was started, whatever becomes of the object meanwhile.
//
// The object's functions are not called concurrently, but operations complete
// and are cancelled on any thread beside them. The mutex is for those; it is
// held for a few system calls that do not block, or while the source changes or
// ends, and never while a handler runs, moves or allocates.
class signalfd_impl final
  : public service_member,
    public boost::intrusive_ref_counter<signalfd_impl>
{
public:
  // The io_context in whose threads the executor runs functions, or null.
  signalfd_impl(std::unique_ptr<io_executor> executor,
      boost::asio::execution_context& context,
      const boost::asio::execution_context* io_context)
    : executor_(std::move(executor)),
      io_context_(io_context),
      descriptor_(std::in_place, inline_executor(context)),
      context_(context)
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
    generation_ = 0;
    owner_ = this_process();
    if (options.stray == stray_policy::forward)
      handler_registration::stay_mapped(); // without a lock: the loader has one
    service_ = &boost::asio::use_service<signalfd_service>(context_);
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

  // Whether open() has come, and neither close() nor the context's end.
  bool is_open() const noexcept
  {
    return (generation_ & closed) == 0;
  }

  // The descriptor's number, for somebody who may wait for it from now on.
  int native_handle() noexcept
  {
    if (!is_open())
      return -1;
    const std::lock_guard lock(mutex_);
    if (!std::exchange(is_shown_, true))
    {
      ++waits_;
      source_.unread();
    }
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
  void post(wait_handle&& op)
  {
    if (is_open())
      executor_->post(std::move(op));
    else // the context does not know of this: no need to keep its executor
      std::exchange(executor_, nullptr)->post(std::move(op));
  }

  // Makes an operation known to its slot, until it ends.
  void add_slot(started_wait& op)
  {
    const std::lock_guard lock(mutex_);
    with_slot_.push_back(&op);
    op.id = ++last_id_;
  }

  // Forgets an operation that ends.
  void remove(started_wait& op) noexcept
  {
    if ((op.id == 0 && !op.waits && !op.works) || !is_owner())
      return;
    const std::lock_guard lock(mutex_);
    std::erase(with_slot_, &op);
    if (op.waits)
      --waits_;
    remove_work(op);
  }

  // Keeps the context at work for an operation that is on its way to another
  // executor and back, until it ends or is cancelled.
  void add_work(started_wait& op)
  {
    const std::lock_guard lock(mutex_);
    if (is_cancelled(op))
      return;
    op.works = true;
    ++works_;
    executor_->start_work();
  }

  // Memory for an operation: of one that ended, where both are of usual size.
  void* allocate(std::size_t size)
  {
    if (size <= block_size)
      if (void* const block = spare_blocks_[0].exchange(nullptr))
        return block;
    return allocate_another(size);
  }

  void deallocate(void* block, std::size_t size) noexcept
  {
    if (size <= block_size)
      block = spare_blocks_[0].exchange(block);
    if (block != nullptr)
      deallocate_another(block, size);
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

  // Takes what is pending for an operation; how many, or -errno: -ECANCELED if
  // it was cancelled, -EBADF if the object was not open when it was started. 0
  // says that nothing is pending, or that there was no room.
  std::ptrdiff_t take(
      started_wait& op, std::span<signal_info> infos) noexcept
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(op.waits, false))
      --waits_;
    if (is_cancelled(op))
      return generation_ == never_opened ? -EBADF : -ECANCELED;
    source_.end_fork();
    return infos.empty() ? 0 : source_.take(infos, waits_ == 0);
  }

  // Goes on with an operation, never from here, once the descriptor is
  // readable. False, and the handle is left alone, if that is not the thing to
  // wait for: the operation was cancelled, or there are signals that were read
  // ahead. The caller keeps this object alive.
  bool async_wait_readable(started_wait& op, wait_handle& handle)
  {
    const std::lock_guard lock(mutex_);
    if (is_cancelled(op) || source_.has_read_ahead())
      return false;
    source_.end_fork();
    op.waits = true;
    ++waits_;
    descriptor_->async_wait(descriptor_type::wait_read, std::move(handle));
    return true;
  }

  // Takes what is pending, for a caller that is no operation.
  std::size_t take(
      std::span<signal_info> infos, boost::system::error_code& ec) noexcept
  {
    started_wait caller;
    caller.generation = current_generation();
    const std::ptrdiff_t result = take(caller, infos);
    ec = result < 0 ? system_error_code(static_cast<int>(-result))
                    : boost::system::error_code();
    return result < 0 ? 0 : static_cast<std::size_t>(result);
  }

  // Blocks until there may be signals, or a signal handler has run. Not by the
  // descriptor's own wait(), which is not to be called beside its async_wait().
  void wait_readable(boost::system::error_code& ec) noexcept
  {
    std::unique_lock lock(mutex_);
    ec = {};
    if (source_.has_read_ahead())
      return;
    ++waits_;
    lock.unlock();
    ::pollfd p{descriptor_->native_handle(), POLLIN, 0};
    if (::poll(&p, 1, -1) == -1 && errno != EINTR)
      ec = system_error_code(errno);
    lock.lock();
    --waits_;
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
        remove_work(*op);
        op->cancelled = true;
        if (is_open())
          descriptor_->cancel(ignored);
      }
  }

  // Cancels every operation that was started, wherever it is.
  void cancel(boost::system::error_code& ec)
  {
    const std::lock_guard lock(mutex_);
    generation_ += next_generation;
    works_ = 0; // none of them comes back to the context
    finish_work();
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
  using descriptor_type =
      boost::asio::posix::basic_stream_descriptor<inline_executor>;

  static constexpr std::size_t block_size = 768;

  // The generation counts in twos, with a bit that says that it is the last.
  static constexpr std::uint64_t closed = 1;
  static constexpr std::uint64_t never_opened = closed;
  static constexpr std::uint64_t next_generation = 2;

  [[gnu::cold]] void* allocate_another(std::size_t size)
  {
    if (size <= block_size)
      if (void* const block = spare_blocks_[1].exchange(nullptr))
        return block;
    return ::operator new(std::max(size, block_size));
  }

  [[gnu::cold]] void deallocate_another(
      void* block, std::size_t size) noexcept
  {
    if (size <= block_size)
      block = spare_blocks_[1].exchange(block);
    ::operator delete(block);
  }

  // Whether the reactor that has the descriptor is this process's, and its
  // threads are the only ones that hold the mutex.
  bool is_owner() const noexcept
  {
    return owner_ == this_process();
  }

  // With the mutex.
  bool is_cancelled(const started_wait& op) const noexcept
  {
    return op.cancelled || op.generation != generation_;
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
    generation_ = (generation_ + next_generation) | closed;
    source_.close();
    finish_work();
    descriptor_.reset();
    executor_.reset(); // a strand's must not outlive its context
    registration_.set(signal_mask());
  }

  // In a child of fork(2) that nobody told: the reactor is the parent's, and a
  // thread of the parent may have held any lock, so both are left as they are.
  void forget() noexcept
  {
    const bool was_open = is_open();
    generation_ = (generation_ + next_generation) | closed;
    source_.close();
    if (was_open)
      ::close(descriptor_->native_handle());
    ::new (&with_slot_) std::vector<started_wait*>;
    ::new (&descriptor_) std::optional<descriptor_type>;
    ::new (&executor_) std::unique_ptr<io_executor>;
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

  // With the mutex, as what follows. A cancelled operation does not count.
  void remove_work(started_wait& op) noexcept
  {
    if (std::exchange(op.works, false) && !is_cancelled(op) && --works_ == 0)
      finish_work();
  }

  void finish_work() noexcept
  {
    if (executor_)
      executor_->finish_work();
  }

  std::unique_ptr<io_executor> executor_; // null when closed
  const boost::asio::execution_context* const io_context_;
  std::optional<descriptor_type> descriptor_; // empty when closed
  boost::asio::execution_context& context_;
  signalfd_service* service_ = nullptr; // null when not a member
  std::mutex mutex_;
  std::vector<started_wait*> with_slot_;
  std::uint64_t last_id_ = 0;
  std::atomic<std::uint64_t> generation_ = never_opened;
  std::size_t waits_ = 0; // those who wait for the descriptor
  bool is_shown_ = false; // the descriptor, to somebody who may wait for it
  std::size_t works_ = 0; // operations that keep the executor at work
  std::array<std::atomic<void*>, 2> spare_blocks_{};
  speculative_read speculative_read_;
  signal_source source_;
  handler_registration registration_;
  open_options options_;
  std::uint32_t owner_ = this_process(); // whose reactor has the descriptor
};

using signalfd_impl_ptr = boost::intrusive_ptr<signalfd_impl>;

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_SIGNALFD_IMPL_HPP
