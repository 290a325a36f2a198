//
// detail/impl/signalfd_impl.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_SIGNALFD_IMPL_IPP
#define SIGFD_DETAIL_IMPL_SIGNALFD_IMPL_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/fork_reset.hpp>
#include <sigfd/detail/handler_registration.hpp>
#include <sigfd/detail/inline_executor.hpp>
#include <sigfd/detail/io_executor.hpp>
#include <sigfd/detail/requeue.hpp>
#include <sigfd/detail/signal_source.hpp>
#include <sigfd/detail/signalfd_impl.hpp>
#include <sigfd/detail/signalfd_service.hpp>
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
#include <boost/system/error_code.hpp>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

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

signalfd_impl::signalfd_impl(std::unique_ptr<io_executor> executor,
    boost::asio::execution_context& context,
    const boost::asio::execution_context* io_context)
  : executor_(std::move(executor)),
    io_context_(io_context),
    context_(context),
    owner_(this_process())
{
}

signalfd_impl::~signalfd_impl()
{
  close();
}

void signalfd_impl::open(const signal_mask& mask, const open_options& options,
    boost::system::error_code& ec)
{
  options_ = options;
  check_policy(mask, ec);
  if (!ec && options.stray == stray_policy::forward)
    ec = check_queueing();
  if (ec)
    return;
  descriptor_.emplace(inline_executor(context_));
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

void signalfd_impl::update(
    const signal_mask& mask, boost::system::error_code& ec)
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

void signalfd_impl::add(
    int number, signalfd_base::flags f, boost::system::error_code& ec)
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

int signalfd_impl::native_handle() noexcept
{
  if (!is_open())
    return -1;
  if (!is_owner()) // there is no thread to put anything back
    return descriptor_->native_handle();
  const std::lock_guard lock(mutex_);
  if (!std::exchange(is_shown_, true))
  {
    ++waits_;
    source_.unread();
  }
  return descriptor_->native_handle();
}

void signalfd_impl::post(wait_handle&& op)
{
  if (is_open())
    executor_->post(std::move(op));
  else // no context knows of this: its executor must not stay here
    std::exchange(executor_, nullptr)->post(std::move(op));
}

void signalfd_impl::add_slot(started_wait& op)
{
  const std::lock_guard lock(mutex_);
  with_slot_.push_back(&op);
  op.id = ++last_id_;
}

void signalfd_impl::remove(started_wait& op) noexcept
{
  if ((op.id == 0 && !op.waits && !op.works) || !is_owner())
    return;
  const std::lock_guard lock(mutex_);
  std::erase(with_slot_, &op);
  if (op.waits)
    --waits_;
  remove_work(op);
}

void signalfd_impl::add_work(started_wait& op)
{
  const std::lock_guard lock(mutex_);
  if (is_cancelled(op))
    return;
  op.works = true;
  ++works_;
  executor_->start_work();
}

std::ptrdiff_t signalfd_impl::take(
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

bool signalfd_impl::async_wait_readable(started_wait& op, wait_handle& handle)
{
  const std::lock_guard lock(mutex_);
  if (is_cancelled(op) || source_.has_read_ahead())
    return false;
  source_.end_fork();
  op.waits = true;
  ++waits_;
  op.starts = true;
  descriptor_->async_wait(descriptor_type::wait_read, std::move(handle));
  op.starts = false; // it cannot end without the mutex
  return true;
}

std::size_t signalfd_impl::take(
    std::span<signal_info> infos, boost::system::error_code& ec) noexcept
{
  started_wait caller;
  caller.generation = current_generation();
  const std::ptrdiff_t result = take(caller, infos);
  ec = result < 0 ? system_error_code(static_cast<int>(-result))
                  : boost::system::error_code();
  return result < 0 ? 0 : static_cast<std::size_t>(result);
}

void signalfd_impl::wait_readable(boost::system::error_code& ec) noexcept
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

void signalfd_impl::cancel(std::uint64_t id) noexcept
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

void signalfd_impl::cancel(boost::system::error_code& ec)
{
  const std::lock_guard lock(mutex_);
  generation_ += next_generation;
  works_ = 0; // none of them comes back to the context
  finish_work();
  if (is_open())
    descriptor_->cancel(ec);
}

void signalfd_impl::close() noexcept
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

bool signalfd_impl::is_owner() const noexcept
{
  return owner_ == this_process();
}

void signalfd_impl::shutdown() noexcept
{
  const std::lock_guard lock(mutex_);
  service_ = nullptr;
  destroy();
}

boost::system::error_code signalfd_impl::notify_fork(
    boost::asio::execution_context::fork_event event) noexcept
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
boost::system::error_code signalfd_impl::replace_descriptor() noexcept
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

void signalfd_impl::destroy() noexcept
{
  if (generation_ != never_opened)
    generation_ = (generation_ + next_generation) | closed;
  source_.close();
  finish_work();
  descriptor_.reset();
  executor_.reset(); // a strand's must not outlive its context
  registration_.set(signal_mask());
}

// In a child of fork(2) that nobody told: the reactor is the parent's, and a
// thread of the parent may have held any lock, so both are left as they are.
void signalfd_impl::forget() noexcept
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

void signalfd_impl::check_policy(
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

void signalfd_impl::forward_strays_of(const signal_mask& mask) noexcept
{
  if (options_.stray == stray_policy::forward)
    registration_.set(mask);
}

// Blocks what was added to the mask, as the policy says. Only then what could
// not go back to the process before, and what former watchers left, is queued
// again: unblocked, it would act.
void signalfd_impl::block(const signal_mask& added) noexcept
{
  if (options_.mask == mask_policy::block)
    scoped_signal_block(added).release();
  source_.retry_undelivered();
}

void signalfd_impl::remove_work(started_wait& op) noexcept
{
  if (std::exchange(op.works, false) && !is_cancelled(op) && --works_ == 0)
    finish_work();
}

void signalfd_impl::finish_work() noexcept
{
  if (executor_)
    executor_->finish_work();
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_SIGNALFD_IMPL_IPP
