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

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace sigfd::detail {

// Where async_wait puts a signal: into the completion itself.
class one_signal
{
public:
  std::span<signal_info> room() noexcept
  {
    return {&info_, 1};
  }

  const signal_info& result(std::size_t) const noexcept
  {
    return info_;
  }

  // Makes the room in which a record is taken.
  struct maker
  {
    one_signal operator()() const noexcept
    {
      return {};
    }
  };

private:
  signal_info info_;
};

// Where async_wait_some puts signals: into the caller's span.
class some_signals
{
public:
  explicit some_signals(std::span<signal_info> infos) noexcept
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

  struct maker
  {
    std::span<signal_info> infos;

    some_signals operator()() const noexcept
    {
      return some_signals(infos);
    }
  };

private:
  std::span<signal_info> infos_;
};

// The wait: the implementation of a composed operation, and the only place
// that takes a record out of an open object on behalf of an operation.
//
// The invariant: a record is taken in the very call that completes the
// operation, after the last look at whether it was cancelled. So nothing that
// was taken can be thrown away by a cancellation, and a wait that loses
// against another operation leaves its signal pending. That is why the first
// step takes nothing: it goes through the handler's executor, where a
// cancellation that comes first is seen.
template <typename Executor, typename Destination>
class wait_op
{
public:
  // Without an opening, the object is not open.
  wait_op(const Executor& executor, std::shared_ptr<opening<Executor>> opening,
      typename Destination::maker destination)
    : executor_(executor),
      opening_(std::move(opening)),
      destination_(destination)
  {
  }

  template <typename Self>
  void operator()(Self& self, boost::system::error_code ec = {})
  {
    if (!started_)
      start(self);
    else
      resume(self, ec);
  }

private:
  // Remembers when it started, and goes through the object's executor to the
  // handler's own. Not to the handler's at once: that of use_future is the
  // system's thread pool.
  template <typename Self>
  void start(Self& self)
  {
    started_ = true;
    if (opening_)
      generation_ = opening_->current();
    accept_every_cancellation(self);
    const Executor executor = executor_; // self takes this object along
    boost::asio::post(executor, std::move(self));
  }

  // On the handler's executor: completes, or waits until there may be something.
  template <typename Self>
  void resume(Self& self, boost::system::error_code ec)
  {
    Destination destination = destination_();
    const std::span<signal_info> room = destination.room();
    std::size_t count = 0;

    if (!opening_)
      ec = boost::asio::error::bad_descriptor;
    else if (was_cancelled(self))
      ec = boost::asio::error::operation_aborted;
    else if (!ec || ec == boost::asio::error::operation_aborted)
    {
      // Whether an end of the reactor's wait was a cancellation, the opening
      // knows: it may have got another descriptor after a fork.
      count = opening_->take(generation_, room, ec);
      if (!ec && count == 0 && !room.empty())
      {
        // The copy keeps the opening alive when self is gone from here.
        const auto opening = opening_;
        opening->async_wait_readable(generation_, std::move(self));
        return;
      }
    }

    opening_.reset(); // the handler may be the last to need the memory
    self.complete(ec, destination.result(count));
  }

  // Accepts every type of cancellation; since Boost 1.77. None is passed on to
  // the reactor, which would touch the descriptor without the opening's
  // knowledge: the opening wakes its waits, and this one sees that it was
  // cancelled. The filter lives in the user's slot, and must not keep the
  // opening alive there.
  template <typename Self>
  void accept_every_cancellation(Self& self)
  {
    const auto accept = [](auto type) noexcept { return type; };
    const auto wake = [weak = std::weak_ptr(opening_)](auto type) noexcept
    {
      if (const auto opening = weak.lock())
        opening->wake();
      return decltype(type){};
    };
    if constexpr (requires { self.reset_cancellation_state(accept, wake); })
      self.reset_cancellation_state(accept, wake);
  }

  // Whether the handler's cancellation slot was used; since Boost 1.77.
  template <typename Self>
  static bool was_cancelled(Self& self) noexcept
  {
    if constexpr (requires { self.cancelled(); })
      return self.cancelled() != decltype(self.cancelled()){};
    else
      return false;
  }

  Executor executor_;
  std::shared_ptr<opening<Executor>> opening_;
  typename Destination::maker destination_;
  typename opening<Executor>::generation generation_ = 0;
  bool started_ = false;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_WAIT_OP_HPP
