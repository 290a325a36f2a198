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
#include <sigfd/detail/opening.hpp>
#include <sigfd/signal_info.hpp>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/require.hpp>
#include <boost/system/error_code.hpp>

#include <atomic>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace sigfd::detail {

// Where async_wait puts a signal: into the completion itself.
struct one_signal
{
  struct room
  {
    signal_info info;

    std::span<signal_info> span() noexcept
    {
      return {&info, 1};
    }

    signal_info&& result(std::size_t) noexcept
    {
      return std::move(info);
    }
  };

  room make_room() const noexcept
  {
    return {};
  }

  bool has_room() const noexcept
  {
    return true;
  }
};

// Where async_wait_some puts signals: into the caller's span.
struct some_signals
{
  struct room
  {
    std::span<signal_info> infos;

    std::span<signal_info> span() const noexcept
    {
      return infos;
    }

    std::size_t result(std::size_t count) const noexcept
    {
      return count;
    }
  };

  room make_room() const noexcept
  {
    return {infos};
  }

  bool has_room() const noexcept
  {
    return !infos.empty();
  }

  std::span<signal_info> infos;
};

// What a cancellation slot calls; it lives in the memory of the slot, which is
// the user's and must not keep the opening alive. Nothing is passed on to the
// reactor, which would touch the descriptor without the opening's knowledge:
// the opening wakes its waits, and the one that was cancelled sees it here.
template <typename Executor>
class canceller
{
public:
  explicit canceller(
      const std::shared_ptr<opening<Executor>>& opening) noexcept
    : opening_(opening)
  {
  }

  // Accepts every type of cancellation.
  template <typename CancellationType>
  void operator()(CancellationType) noexcept
  {
    cancelled_ = true;
    if (const auto opening = opening_.lock())
      opening->wake();
  }

  bool cancelled() const noexcept
  {
    return cancelled_;
  }

private:
  std::weak_ptr<opening<Executor>> opening_;
  std::atomic<bool> cancelled_{false};
};

// Stands for the slot of a handler that has none. Its argument has a call find
// Asio's function by argument-dependent lookup, if there is one: since Boost
// 1.77.
template <typename Handler>
struct no_slot
{
};

// The wait: a handler that waits until it can call the user's, and the only
// place that takes a record out of an open object on behalf of an operation.
//
// The invariant: a record is taken in the very call that completes the
// operation, after the last look at whether it was cancelled. So nothing that
// was taken can be thrown away by a cancellation, and a wait that loses
// against another operation leaves its signal pending. That is why the start
// takes nothing: whatever comes first goes through the handler's executor,
// where a cancellation that comes before is seen.
//
// It would be shorter with async_compose, but cost more: doc/design.md.
template <typename Executor, typename Destination, typename Handler>
class wait_op
{
public:
  using executor_type = boost::asio::associated_executor_t<Handler, Executor>;
  using allocator_type = boost::asio::associated_allocator_t<Handler>;

  // Without an opening, the object is not open.
  wait_op(const Executor& executor, std::shared_ptr<opening<Executor>> opening,
      const Destination& destination, Handler handler)
    : handler_(std::move(handler)),
      executor_(boost::asio::get_associated_executor(handler_, executor)),
      opening_(std::move(opening)),
      destination_(destination)
  {
    if (!is(executor))
      work_.emplace(executor_, executor);
    if (opening_)
    {
      generation_ = opening_->current();
      accept_cancellation();
    }
  }

  // The handler's, which is the object's where it has none.
  executor_type get_executor() const noexcept
  {
    return executor_;
  }

  allocator_type get_allocator() const noexcept
  {
    return boost::asio::get_associated_allocator(handler_);
  }

  // Goes to the handler's executor and looks there, or waits at once where it
  // is to be expected that nothing is pending.
  void start(const Executor& executor) &&
  {
    if (opening_ && destination_.has_room() && opening_->expects_nothing())
      std::move(*this).wait();
    else
    {
      looks_first_ = true;
      std::move(*this).post(executor);
    }
  }

  // On the handler's executor: completes, or waits until there may be
  // something.
  void operator()(boost::system::error_code ec = {})
  {
    if (std::exchange(posted_, false) && work_)
    {
      const executor_type executor = executor_;
      boost::asio::dispatch(executor, std::move(*this));
      return;
    }
    auto room = destination_.make_room();
    const std::span<signal_info> infos = room.span();
    std::size_t count = 0;

    if (!opening_)
      ec = boost::asio::error::bad_descriptor;
    else if (canceller_ != nullptr && canceller_->cancelled())
      ec = boost::asio::error::operation_aborted;
    else if (!ec || ec == boost::asio::error::operation_aborted)
    {
      // Whether an end of the reactor's wait was a cancellation, the opening
      // knows: it may have got another descriptor after a fork.
      count = opening_->take(generation_, infos, ec);
      if (std::exchange(looks_first_, false))
        opening_->looked(count != 0);
      if (!ec && count == 0 && !infos.empty())
      {
        std::move(*this).wait();
        return;
      }
    }

    opening_.reset(); // the handler may be the last to need the memory
    work_.reset();
    std::move(handler_)(ec, room.result(count));
  }

private:
  // Goes to the object's executor, as by boost::asio::post(); which itself
  // would go on to the handler's, and at once: that of use_future is the
  // system's thread pool.
  void post(const Executor& executor) &&
  {
    namespace execution = boost::asio::execution;
    const allocator_type allocator = get_allocator();
    posted_ = true;
    if constexpr (requires {
                    boost::asio::require(executor, execution::blocking.never);
                  })
      boost::asio::prefer(
          boost::asio::require(executor, execution::blocking.never),
          execution::relationship.fork, execution::allocator(allocator))
          .execute(std::move(*this));
    else
      executor.post(std::move(*this), allocator); // of the Networking TS
  }

  // Waits in the reactor, or goes on to find that it was cancelled.
  void wait() &&
  {
    const auto opening = opening_; // as long as this goes on
    if (!opening->async_wait_readable(generation_, *this))
      std::move(*this).post(opening->executor());
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
          canceller_
              = &slot.template emplace<canceller<Executor>>(opening_);
    }
  }

  // Where the handler's executor is not the object's, the operation goes to and
  // fro between them, and each is to know that there is work to come.
  struct work
  {
    work(const executor_type& handlers, const Executor& objects)
      : of_handler(handlers),
        of_object(objects)
    {
    }

    boost::asio::executor_work_guard<executor_type> of_handler;
    boost::asio::executor_work_guard<Executor> of_object;
  };

  Handler handler_;
  executor_type executor_;
  std::optional<work> work_;
  std::shared_ptr<opening<Executor>> opening_;
  Destination destination_;
  canceller<Executor>* canceller_ = nullptr;
  typename opening<Executor>::generation generation_ = 0;
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
  void operator()(Handler&& handler, std::shared_ptr<opening<Executor>> opening,
      const Destination& destination) const
  {
    using op = wait_op<Executor, Destination, std::decay_t<Handler>>;
    op(executor_, std::move(opening), destination,
        std::forward<Handler>(handler))
        .start(executor_);
  }

private:
  Executor executor_;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_WAIT_OP_HPP
