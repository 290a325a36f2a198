//
// detail/impl/signalfd_impl.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_SIGNALFD_IMPL_IPP
#define SIGFD_DETAIL_IMPL_SIGNALFD_IMPL_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/fork_reset.hpp>
#include <sigfd/detail/handler_registration.hpp>
#include <sigfd/detail/handler_table.hpp>
#include <sigfd/detail/inline_executor.hpp>
#include <sigfd/detail/io_executor.hpp>
#include <sigfd/detail/requeue.hpp>
#include <sigfd/detail/signal_bits.hpp>
#include <sigfd/detail/signal_source.hpp>
#include <sigfd/detail/signalfd_impl.hpp>
#include <sigfd/detail/signalfd_service.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/take_shared.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/detail/wait_handle.hpp>
#include <sigfd/detail/watcher_table.hpp>
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
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
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
    watchers_(sigfd::detail::watchers()),
    owner_(this_process())
{
}

signalfd_impl::~signalfd_impl()
{
  close();
}

void signalfd_impl::open(const signal_mask& mask, const open_options& options,
    signalfd_impl* predecessor, boost::system::error_code& ec)
{
  options_ = options;
  check_policy(mask, ec);
  if (!ec)
    ec = check_calls();
  if (!ec && options.stray == stray_policy::forward)
    ec = check_queueing();
  if (ec)
    return;
  descriptor_.emplace(inline_executor(context_));
  unique_fd fd = source_.open(options.source, ec, mask);
  if (ec)
    return;
  descriptor_->assign(fd.get(), ec);
  if (ec)
    return; // the destructor does the rest
  fd.release();
  generation_ = 0;
  owner_ = this_process();
  service_ = &boost::asio::use_service<signalfd_service>(context_);
  service_->add(*this);
  watchers_.add(*this, mask, options, source_.is_pipe(), predecessor, ec);
  if (ec)
    return;
  signals_ = mask;
  if (options.stray == stray_policy::forward)
    handler_registration::stay_mapped(); // without a lock: the loader has one
  forward_strays_of(mask);
  block(mask);
}

void signalfd_impl::update(
    const signal_mask& mask, boost::system::error_code& ec)
{
  ec = {};
  const signal_mask old = signals_;
  if (mask == old)
    return;
  check_policy(mask - old, ec);
  if (!ec)
    ec = check_calls();
  if (ec)
    return;
  forward_strays_of(old | mask);
  {
    const auto pause = source_.pause();
    watchers_.update(*this, mask, ec);
    const std::lock_guard lock(watchers_);
    show_whether_readable();
  }
  forward_strays_of(ec ? old : mask);
  if (ec)
    return;
  signals_ = mask;
  block(mask - old);
}

void signalfd_impl::add(
    int number, signalfd_base::flags f, boost::system::error_code& ec)
{
  ec = {};
  signal_mask mask = signals_;
  const bool is_new = !mask.contains(number);
  mask.add(number);
  check_policy(mask - signals_, ec);
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
    forward_strays_of(signals_);
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
  if (options_.handlers == handler_policy::call)
    return take_and_handle(op, infos);
  if (std::ptrdiff_t result = 0; take_alone(op, infos, result))
    return result;
  std::uint64_t ignored = 0;
  return take_beside_others(op, infos, ignored);
}

bool signalfd_impl::async_wait_readable(started_wait& op, wait_handle& handle)
{
  const std::lock_guard lock(mutex_);
  if (is_cancelled(op) || has_undelivered() || source_.is_outdated())
    return false;
  SIGFD_PREEMPTION_POINT(nothing_in_store);
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
  ec = result < 0 ? system_error_code(errno_of(result))
                  : boost::system::error_code();
  return result < 0 ? 0 : static_cast<std::size_t>(result);
}

void signalfd_impl::wait_readable(boost::system::error_code& ec) noexcept
{
  std::unique_lock lock(mutex_);
  ec = {};
  if (has_undelivered() || source_.is_outdated())
    return;
  if (!source_.is_pipe() && !waker_)
  {
    waker_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!waker_)
    {
      ec = system_error_code(errno);
      return;
    }
  }
  is_blocked_ = true;
  lock.unlock();
  SIGFD_PREEMPTION_POINT(about_to_poll);
  ::pollfd p[] = {
      {descriptor_->native_handle(), POLLIN, 0}, {waker_.get(), POLLIN, 0}};
  if (::poll(p, 2, -1) == -1 && errno != EINTR)
    ec = system_error_code(errno);
  lock.lock();
  is_blocked_ = false;
  ::eventfd_t ignored;
  if (waker_)
    ::eventfd_read(waker_.get(), &ignored);
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
  end();
}

bool signalfd_impl::is_owner() const noexcept
{
  return owner_ == this_process();
}

void signalfd_impl::shutdown() noexcept
{
  service_ = nullptr;
  end();
}

boost::system::error_code signalfd_impl::notify_fork(
    boost::asio::execution_context::fork_event event) noexcept
{
  if (event != boost::asio::execution_context::fork_child || !is_open())
    return {};
  const boost::system::error_code ec = replace_descriptor();
  become_owner();
  if (ec)
    end();
  else
    watchers_.restart(*this);
  return ec;
}

// In the child of fork(2): a descriptor of its own. The old one leaves the
// reactor while its number still means what the reactor was told of; its
// waits end, find that nobody cancelled them, and wait for the new one.
boost::system::error_code signalfd_impl::replace_descriptor() noexcept
{
  boost::system::error_code ec;
  {
    const std::lock_guard lock(mutex_);
    ::close(descriptor_->release());
    waker_.reset();
  }
  unique_fd fd = source_.reopen_after_fork(ec);
  const std::lock_guard lock(mutex_);
  if (!ec)
    descriptor_->assign(fd.get(), ec);
  if (!ec)
    fd.release();
  return ec;
}

// Not before it has a descriptor of its own: from now on it is woken.
void signalfd_impl::become_owner() noexcept
{
  const std::lock_guard lock(watchers_);
  owner_ = this_process();
}

std::ptrdiff_t signalfd_impl::take_and_handle(
    started_wait& op, std::span<signal_info> infos) noexcept
{
  const signalfd_impl_ptr self(this); // a handler may close the object
  std::size_t count = 0;
  std::ptrdiff_t taken = 0;
  do
  {
    const auto some = infos.subspan(
        count, std::min(infos.size() - count, max_handled));
    std::uint64_t to_handle = 0;
    if (!take_alone(op, some, taken))
      taken = take_beside_others(op, some, to_handle);
    else if (taken > 0)
      to_handle = bits_to_handle(0, static_cast<std::size_t>(taken));
    for (; to_handle != 0; to_handle &= to_handle - 1)
    {
      const auto first = std::countr_zero(to_handle);
      handlers.call(some[static_cast<std::size_t>(first)]);
    }
    count += taken > 0 ? static_cast<std::size_t>(taken) : 0;
  } while (taken == std::ptrdiff_t{max_handled} && count < infos.size());
  return count != 0 ? static_cast<std::ptrdiff_t>(count) : taken;
}

std::ptrdiff_t signalfd_impl::take_beside_others(started_wait& op,
    std::span<signal_info> infos, std::uint64_t& to_handle) noexcept
{
  const std::lock_guard shared(watchers_);
  {
    const std::lock_guard lock(mutex_);
    if (const std::ptrdiff_t error = begin_take(op); error != 0)
      return error;
  }
  if (infos.empty())
    return 0;
  const std::ptrdiff_t count = take_shared(*this, source_, infos, to_handle);
  watchers_.note_room(*this);
  show_whether_readable();
  return count;
}

void signalfd_impl::wake() noexcept
{
  if (!is_owner())
    return;
  show_whether_readable();
  const std::lock_guard lock(mutex_);
  look_again();
}

void signalfd_impl::look_again() noexcept
{
  boost::system::error_code ignored;
  if (!source_.is_pipe() && waits_ != 0)
    descriptor_->cancel(ignored);
  if (is_blocked_ && waker_)
    while (::eventfd_write(waker_.get(), 1) == -1 && errno == EINTR)
      continue;
}

void signalfd_impl::set_access(signal_bits from_kernel, bool alone) noexcept
{
  if (!is_owner()) // another thread may have held the mutex; and the
  {                // descriptor is the parent's, too
    is_alone_ = alone;
    return;
  }
  const std::lock_guard lock(mutex_);
  is_alone_ = alone;
  source_.set_mask(mask_of(from_kernel));
  if (source_.is_outdated())
    look_again();
}

void signalfd_impl::show_whether_readable() noexcept
{
  if (is_owner())
    source_.set_readable(watchers_.has_any(*this));
}

// First nothing is taken any more: who is about to take, with the lock of
// watchers() alone, would do it behind the back of the others, or from a
// descriptor that is just being closed.
void signalfd_impl::end() noexcept
{
  {
    const std::lock_guard lock(mutex_);
    if (generation_ != never_opened)
      generation_ = (generation_ + next_generation) | closed;
  }
  {
    const auto pause = source_.pause();
    watchers_.remove(*this);
  }
  {
    const std::lock_guard lock(mutex_);
    destroy();
  }
  source_.close();
}

void signalfd_impl::destroy() noexcept
{
  finish_work();
  descriptor_.reset();
  executor_.reset(); // a strand's must not outlive its context
  waker_.reset();
  registration_.set(signal_mask());
}

// In a child of fork(2) that nobody told: the reactor is the parent's, and a
// thread of the parent may have held any lock, so both are left as they are.
void signalfd_impl::forget() noexcept
{
  const bool was_open = is_open();
  if (generation_ != never_opened)
    generation_ = (generation_ + next_generation) | closed;
  watchers_.remove(*this);
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
  for (const int n : mask)
    if (::sigismember(&blocked, n) == 0)
    {
      ec = make_not_blocked_error(n);
      return;
    }
}

boost::system::error_code signalfd_impl::check_calls() noexcept
{
  ::sigset_t blocked;
  struct ::sigaction action;
  if (options_.mask == mask_policy::block)
    if (const int error = ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked))
      return system_error_code(error);
  if (options_.stray == stray_policy::forward
      && ::sigaction(SIGTERM, nullptr, &action) == -1)
    return system_error_code(errno);
  const std::lock_guard shared(watchers_); // with it, others set the mask
  const std::lock_guard lock(mutex_);
  return is_open() ? source_.check_mask() : boost::system::error_code();
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
  source_.retry_undelivered(signals_);
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
