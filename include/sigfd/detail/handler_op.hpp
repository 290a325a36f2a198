//
// detail/handler_op.hpp
// ~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_HANDLER_OP_HPP
#define SIGFD_DETAIL_HANDLER_OP_HPP

#include <sigfd/detail/canceller.hpp>
#include <sigfd/detail/config.hpp>
#include <sigfd/detail/executor_op.hpp>
#include <sigfd/detail/inline_executor.hpp>
#include <sigfd/detail/io_executor.hpp>
#include <sigfd/detail/signalfd_impl.hpp>
#include <sigfd/detail/wait_handle.hpp>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/core/no_exceptions_support.hpp>
#include <boost/system/error_code.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace sigfd::detail {

// A wait with its handler.
template <typename Executor, typename Destination, typename Handler>
class handler_op final
  : private Destination,
    public executor_op<boost::asio::associated_executor_t<Handler, Executor>>
{
public:
  // Starts a wait.
  static void start(const Executor& executor, const signalfd_impl_ptr& impl,
      typename Destination::argument destination, Handler handler)
  {
    handler_op* const op = make(impl, destination, handler);
    wait_handle self(op);
    op->choose_executor(executor);
    op->accept_cancellation();
    self.release()->start();
  }

private:
  using base
      = executor_op<boost::asio::associated_executor_t<Handler, Executor>>;
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

  // A handler may throw when it is moved.
  static handler_op* make(const signalfd_impl_ptr& impl,
      typename Destination::argument destination, Handler& handler)
  {
    void* const memory = allocate(*impl, handler);
    handler_op* op = nullptr;
    BOOST_TRY
    {
      op = ::new (memory) handler_op(impl, destination, std::move(handler));
    }
    BOOST_CATCH(...)
    {
      deallocate(*impl, handler, static_cast<handler_op*>(memory));
      BOOST_RETHROW
    }
    BOOST_CATCH_END
    return op;
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
      a.deallocate(std::pointer_traits<own_pointer>::pointer_to(*memory), 1);
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
          slot.template emplace<canceller>(canceller{this->impl(), this->id});
        }
    }
  }

  Handler handler_;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_HANDLER_OP_HPP
