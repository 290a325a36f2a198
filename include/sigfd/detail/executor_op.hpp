//
// detail/executor_op.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_EXECUTOR_OP_HPP
#define SIGFD_DETAIL_EXECUTOR_OP_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/io_executor.hpp>
#include <sigfd/detail/signalfd_impl.hpp>
#include <sigfd/detail/wait_handle.hpp>
#include <sigfd/detail/wait_op.hpp>
#include <sigfd/signal_info.hpp>

#include <boost/asio/dispatch.hpp>

#include <new>
#include <span>

namespace sigfd::detail {

// A wait whose handler may have an executor in which it is to look, which is
// then kept at work.
template <typename Executor>
class executor_op : public wait_op
{
protected:
  executor_op(complete_function complete, const signalfd_impl_ptr& impl,
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
  using work_guard = typename work_of<Executor>::guard;

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

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_EXECUTOR_OP_HPP
