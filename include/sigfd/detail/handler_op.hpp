//
// detail/handler_op.hpp
// ~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_HANDLER_OP_HPP
#define SIGFD_DETAIL_HANDLER_OP_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/inline_executor.hpp>
#include <sigfd/detail/io_executor.hpp>
#include <sigfd/detail/signalfd_impl.hpp>
#include <sigfd/detail/wait_handle.hpp>
#include <sigfd/detail/wait_op.hpp>
#include <sigfd/signal_info.hpp>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace sigfd::detail {

// Where async_wait puts a signal, and what it then completes with. The record
// is not initialised until there is one: that would be a part of the cost.
class one_signal
{
public:
  using argument = std::nullptr_t;

  explicit one_signal(argument) noexcept
  {
  }

  std::span<signal_info> room() noexcept
  {
    return {&info_, 1};
  }

  signal_info result(std::size_t count) const noexcept
  {
    return count != 0 ? info_ : signal_info();
  }

private:
  union
  {
    signal_info info_;
  };
};

// The same for async_wait_some, which fills the caller's span.
class some_signals
{
public:
  using argument = std::span<signal_info>;

  explicit some_signals(argument infos) noexcept
    : infos_(infos)
  {
  }

  std::span<signal_info> room() const noexcept
  {
    return infos_;
  }

  std::size_t result(std::size_t count) const noexcept
  {
    return count;
  }

private:
  std::span<signal_info> infos_;
};

// What a cancellation slot calls. It lives in the user's memory, which can end
// at any time, and has only a way to the operation. Nothing is passed on
// to Asio's descriptor, which knows nothing of the implementation's mutex.
struct canceller
{
  signalfd_impl_ptr started_in;
  std::uint64_t id;

  // Accepts every type of cancellation; none is no type.
  template <typename CancellationType>
  void operator()(CancellationType type) const noexcept
  {
    if (type != CancellationType())
      started_in->cancel(id);
  }
};

// Stands for the slot of a handler that has none. Its argument has a call find
// Asio's function by argument-dependent lookup, if there is one: since Boost
// 1.77.
template <typename Handler>
struct no_slot
{
};

// A wait whose handler may have an executor in which it is to look, which is
// then kept at work.
template <typename Executor>
class executor_op : public wait_op
{
protected:
  executor_op(complete_function complete,
      const signalfd_impl_ptr& impl,
      std::span<signal_info> infos) noexcept
    : wait_op(complete, impl, infos)
  {
  }

  ~executor_op() // the work has gone already
  {
  }

  // Exists once for an executor, and not for each handler.
  [[gnu::noinline]] void set_executor(const Executor& executor)
  {
    ::new (&work_) work_guard(executor);
    go_by(&go);
  }

private:
  using work_guard = boost::asio::executor_work_guard<Executor>;

  static void go(wait_op& op, step next)
  {
    work_guard& work = static_cast<executor_op&>(op).work_;
    if (next == step::finish)
    {
      work.~work_guard();
      return;
    }
    const Executor executor = work.get_executor();
    boost::asio::dispatch(executor, wait_handle(&op));
  }

  union
  {
    work_guard work_; // from set_executor() on
  };
};

// A wait with its handler.
template <typename Executor, typename Destination, typename Handler>
class handler_op final
  : private Destination,
    public executor_op<boost::asio::associated_executor_t<Handler, Executor>>
{
public:
  // Starts a wait.
  static void start(const Executor& executor,
      const signalfd_impl_ptr& impl,
      typename Destination::argument destination, Handler handler)
  {
    auto* const op = ::new (allocate(*impl, handler))
        handler_op(impl, destination, std::move(handler));
    wait_handle self(op);
    op->choose_executor(executor);
    op->accept_cancellation();
    self.release()->start();
  }

private:
  using base =
      executor_op<boost::asio::associated_executor_t<Handler, Executor>>;
  using allocator = boost::asio::associated_allocator_t<Handler>;
  using own_allocator = typename std::allocator_traits<
      allocator>::template rebind_alloc<handler_op>;
  using own_pointer = typename std::allocator_traits<own_allocator>::pointer;

  // Whether the handler has an executor, and not the object's for want of one.
  static constexpr bool has_executor = !std::same_as<inline_executor,
      boost::asio::associated_executor_t<Handler, inline_executor>>;

  // Whether the handler has no allocator, nor needs one.
  static constexpr bool is_allocated_by_impl
      = std::same_as<allocator, std::allocator<void>>
      && alignof(Handler) <= alignof(std::max_align_t);

  handler_op(const signalfd_impl_ptr& impl,
      typename Destination::argument destination, Handler&& handler)
    : Destination(destination),
      base(&complete, impl, Destination::room()),
      handler_(std::move(handler))
  {
  }

  static void complete(wait_op& op, bool call)
  {
    auto& self = static_cast<handler_op&>(op);
    const boost::system::error_code ec = self.error();
    auto result = self.Destination::result(self.count());
    Handler handler(std::move(self.handler_));
    {
      const signalfd_impl_ptr impl = self.leave();
      self.~handler_op();
      deallocate(*impl, handler, &self);
    }
    if (call)
      std::move(handler)(ec, std::move(result));
  }

  static void* allocate(signalfd_impl& impl, const Handler& handler)
  {
    if constexpr (is_allocated_by_impl)
      return impl.allocate(sizeof(handler_op));
    else
    {
      own_allocator a(boost::asio::get_associated_allocator(handler));
      return std::to_address(a.allocate(1));
    }
  }

  static void deallocate(
      signalfd_impl& impl, const Handler& handler, handler_op* memory) noexcept
  {
    if constexpr (is_allocated_by_impl)
      impl.deallocate(memory, sizeof(handler_op));
    else
    {
      own_allocator a(boost::asio::get_associated_allocator(handler));
      a.deallocate(
          std::pointer_traits<own_pointer>::pointer_to(*memory), 1);
    }
  }

  // The reactor's threads will do where they are the handler's executor.
  void choose_executor(const Executor& executor)
  {
    const auto* const reactor = this->impl()->io_context();
    if constexpr (has_executor)
    {
      const auto own = boost::asio::get_associated_executor(handler_, executor);
      const auto* const context = io_context_of(own);
      if (context == nullptr || context != reactor)
        this->set_executor(own);
    }
    else if (reactor == nullptr)
      this->set_executor(executor);
  }

  void accept_cancellation()
  {
    using none = no_slot<boost::asio::execution_context>;
    if constexpr (requires {
                    get_associated_cancellation_slot(handler_, none());
                  })
    {
      auto slot = get_associated_cancellation_slot(handler_, none());
      if constexpr (!std::same_as<decltype(slot), none>)
        if (slot.is_connected())
        {
          this->impl()->add_slot(*this);
          slot.template emplace<canceller>(
              canceller{this->impl(), this->id});
        }
    }
  }

  Handler handler_;
};

// An implementation that is not open.
template <typename Executor>
[[gnu::cold]] signalfd_impl_ptr make_impl(const Executor& executor)
{
  return signalfd_impl_ptr(new signalfd_impl(make_io_executor(executor),
      context_of(executor), io_context_of(executor)));
}

// Where an object has its implementation, and its operations look for it when
// they start, which may be long after the call that makes them.
template <typename Executor>
struct impl_holder
{
  Executor executor;
  signalfd_impl_ptr impl;
};

// Starts a wait, when its completion token says so. What it refers to is kept
// by its argument.
template <typename Executor, typename Destination>
class initiate_wait
{
public:
  using executor_type = Executor;
  using holder = std::shared_ptr<impl_holder<Executor>>;

  explicit initiate_wait(const holder& object) noexcept
    : object_(object.get())
  {
  }

  const executor_type& get_executor() const noexcept
  {
    return object_->executor;
  }

  template <typename Handler>
  void operator()(Handler&& handler, const holder& object,
      typename Destination::argument destination) const
  {
    using op = handler_op<Executor, Destination, std::decay_t<Handler>>;
    signalfd_impl_ptr closed;
    const auto& impl = object->impl
        ? object->impl
        : (closed = make_impl(object->executor));
    op::start(
        object->executor, impl, destination, std::forward<Handler>(handler));
  }

private:
  const impl_holder<Executor>* object_;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_HANDLER_OP_HPP
