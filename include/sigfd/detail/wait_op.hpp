//
// detail/wait_op.hpp
// ~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_WAIT_OP_HPP
#define SIGFD_DETAIL_WAIT_OP_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/signalfd_impl.hpp>
#include <sigfd/signal_info.hpp>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/require.hpp>
#include <boost/system/error_code.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace sigfd::detail {

// Where async_wait puts a signal, and what it then completes with.
struct one_signal
{
  std::span<signal_info> room() noexcept
  {
    return {&info, 1};
  }

  signal_info result(std::size_t) const noexcept
  {
    return info;
  }

  signal_info info;
};

// The same for async_wait_some, which fills the caller's span.
struct some_signals
{
  std::span<signal_info> room() const noexcept
  {
    return infos;
  }

  std::size_t result(std::size_t count) const noexcept
  {
    return count;
  }

  std::span<signal_info> infos;
};

// What a cancellation slot calls. It lives in the user's memory, which can end
// at any time, and has only a way to the operation. Nothing is passed on
// to Asio's descriptor, which knows nothing of the impl's mutex.
template <typename Executor>
struct canceller
{
  std::weak_ptr<signalfd_impl<Executor>> started_in;
  std::uint64_t id;

  // Accepts every type of cancellation; none is no type.
  template <typename CancellationType>
  void operator()(CancellationType type) const noexcept
  {
    if (type == CancellationType())
      return;
    if (const auto impl = started_in.lock())
      impl->cancel(id);
  }
};

// Stands for the slot of a handler that has none. Its argument has a call find
// Asio's function by argument-dependent lookup, if there is one: since Boost
// 1.77.
template <typename Handler>
struct no_slot
{
};

// What Asio has of an operation: one pointer, that owns it. It may be moved and
// allocated for while the impl's mutex is held: no code of the user's.
template <typename Operation>
class wait_handle
{
public:
  using executor_type = typename Operation::executor_type;

  explicit wait_handle(Operation* op) noexcept
    : op_(op)
  {
  }

  wait_handle(wait_handle&& other) noexcept
    : op_(other.release())
  {
  }

  ~wait_handle()
  {
    if (op_ != nullptr)
      release()->finish();
  }

  Operation* release() noexcept
  {
    return std::exchange(op_, nullptr);
  }

  executor_type get_executor() const noexcept
  {
    return op_->executor_;
  }

  void operator()(boost::system::error_code ec = {})
  {
    op_->resume(wait_handle(std::move(*this)), ec);
  }

private:
  Operation* op_;
};

// The wait: holds a handler until it can call it, and is the only place that
// takes a record out of an open object on behalf of an operation.
//
// The invariant: a record is taken in the very call that completes the
// operation, after the last look at whether it was cancelled. So nothing that
// was taken can be thrown away by a cancellation, and a wait that loses
// against another operation leaves its signal pending. That is why the start
// takes nothing.
template <typename Executor, typename Destination, typename Handler>
class wait_op : private started_wait
{
public:
  using executor_type = boost::asio::associated_executor_t<Handler, Executor>;
  using handle = wait_handle<wait_op>;

  // Goes by the object's executor to the handler's and looks there, or waits at
  // once where nothing is expected. Without an impl, the object is not open.
  static void start(const Executor& executor,
      const std::shared_ptr<signalfd_impl<Executor>>& impl,
      const Destination& destination, Handler&& handler)
  {
    auto* const op = ::new (allocate(impl.get(), handler)) wait_op(
        executor, impl, destination, std::move(handler));
    handle self(op);
    if (impl)
    {
      op->generation = impl->current_generation();
      op->accept_cancellation();
      if (!op->destination_.room().empty() && !impl->is_look_due()
          && op->wait(self))
        return;
      op->looks_first_ = true;
    }
    op->posted_ = true;
    post(executor, std::move(self));
  }

  // On the handler's executor: completes, or waits until there may be
  // something.
  void resume(handle self, boost::system::error_code ec)
  {
    if (std::exchange(posted_, false) && work_)
    {
      const executor_type executor = executor_;
      boost::asio::dispatch(executor, std::move(self));
      return;
    }
    const std::span<signal_info> infos = destination_.room();
    std::size_t count = 0;

    if (!impl_)
      ec = boost::asio::error::bad_descriptor;
    else if (!ec || ec == boost::asio::error::operation_aborted)
    {
      count = impl_->take(*this, infos, ec);
      if (std::exchange(looks_first_, false))
        impl_->note_look(count != 0);
      if (!ec && count == 0 && !infos.empty())
      {
        if (wait(self))
          return;
        ec = boost::asio::error::operation_aborted;
      }
    }

    auto result = destination_.result(count);
    self.release()->finish()(ec, std::move(result));
  }

  // Ends, and gives back the memory, which the handler may be the last to need.
  Handler finish() noexcept
  {
    const auto impl = std::move(impl_);
    if (impl)
    {
      impl->remove_slot(*this);
      if (work_)
        impl->remove_work();
    }
    Handler handler(std::move(handler_));
    this->~wait_op();
    deallocate(impl.get(), handler, this);
    return handler;
  }

private:
  friend handle;

  using allocator = boost::asio::associated_allocator_t<Handler>;
  using own_allocator =
      typename std::allocator_traits<allocator>::template rebind_alloc<wait_op>;
  using own_pointer = typename std::allocator_traits<own_allocator>::pointer;

  // Whether the operation has no allocator of its own, nor needs one.
  static constexpr bool is_allocated_by_impl
      = std::same_as<allocator, std::allocator<void>>
      && alignof(Handler) <= alignof(std::max_align_t);

  wait_op(const Executor& executor,
      const std::shared_ptr<signalfd_impl<Executor>>& impl,
      const Destination& destination, Handler&& handler)
    : handler_(std::move(handler)),
      executor_(boost::asio::get_associated_executor(handler_, executor)),
      impl_(impl),
      destination_(destination)
  {
    if (is(executor))
      return;
    work_.emplace(executor_);
    if (impl_)
      impl_->add_work();
  }

  static void* allocate(signalfd_impl<Executor>* impl, const Handler& handler)
  {
    if constexpr (is_allocated_by_impl)
      return impl != nullptr ? impl->allocate(sizeof(wait_op))
                                : ::operator new(sizeof(wait_op));
    else
    {
      own_allocator a(boost::asio::get_associated_allocator(handler));
      return std::to_address(a.allocate(1));
    }
  }

  static void deallocate(signalfd_impl<Executor>* impl, const Handler& handler,
      wait_op* memory) noexcept
  {
    if constexpr (is_allocated_by_impl)
    {
      if (impl != nullptr)
        impl->deallocate(memory, sizeof(wait_op));
      else
        ::operator delete(memory);
    }
    else
    {
      own_allocator a(boost::asio::get_associated_allocator(handler));
      a.deallocate(
          std::pointer_traits<own_pointer>::pointer_to(*memory), 1);
    }
  }

  // Goes to the object's executor, as by boost::asio::post(); which itself
  // would go on to the handler's, and at once: that of use_future is the
  // system's thread pool.
  static void post(const Executor& executor, handle self)
  {
    namespace execution = boost::asio::execution;
    if constexpr (requires {
                    boost::asio::require(executor, execution::blocking.never);
                  })
      boost::asio::prefer(
          boost::asio::require(executor, execution::blocking.never),
          execution::relationship.fork)
          .execute(std::move(self));
    else // of the Networking TS
      executor.post(std::move(self), std::allocator<void>());
  }

  // Waits in the reactor; false if it was cancelled.
  bool wait(handle& self)
  {
    const auto impl = impl_; // as long as this goes on
    return impl->async_wait_readable(*this, self);
  }

  // Whether the handler's executor is the object's.
  bool is(const Executor& executor) const noexcept
  {
    if constexpr (std::same_as<executor_type, Executor>)
      return executor_ == executor;
    else
      return false;
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
          impl_->add_slot(*this);
          slot.template emplace<canceller<Executor>>(
              canceller<Executor>{impl_, id});
        }
    }
  }

  Handler handler_;
  executor_type executor_; // the object's, where the handler has none
  // Where the handler's executor is not the object's, the operation goes to and
  // fro between them, and each has to know: this one by itself, the object's by
  // the impl, which knows how long it lives.
  std::optional<boost::asio::executor_work_guard<executor_type>> work_;
  std::shared_ptr<signalfd_impl<Executor>> impl_;
  Destination destination_;
  bool posted_ = false;      // to the object's executor
  bool looks_first_ = false; // without a wait before
};

// Starts a wait, when its completion token says so.
template <typename Executor>
class initiate_wait
{
public:
  using executor_type = Executor;

  explicit initiate_wait(const Executor& executor) noexcept
    : executor_(executor)
  {
  }

  const executor_type& get_executor() const noexcept
  {
    return executor_;
  }

  template <typename Handler, typename Destination>
  void operator()(Handler&& handler,
      const std::shared_ptr<impl_holder<Executor>>& object,
      const Destination& destination) const
  {
    using op = wait_op<Executor, Destination, std::decay_t<Handler>>;
    std::decay_t<Handler> own(std::forward<Handler>(handler));
    op::start(executor_, object->impl, destination, std::move(own));
  }

private:
  Executor executor_;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_WAIT_OP_HPP
