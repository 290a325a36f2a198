//
// detail/initiate_wait.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_INITIATE_WAIT_HPP
#define SIGFD_DETAIL_INITIATE_WAIT_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/handler_op.hpp>
#include <sigfd/detail/io_executor.hpp>
#include <sigfd/detail/signalfd_impl.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace sigfd::detail {

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

  // What an operation starts in: where the object is not open, something that
  // is not open either.
  const signalfd_impl_ptr& impl_for_operation()
  {
    if (!impl || !impl->is_open())
      make_closed_impl();
    return impl;
  }

  [[gnu::cold]] void make_closed_impl()
  {
    impl = make_impl(executor);
  }
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
    op::start(object->executor, object->impl_for_operation(), destination,
        std::forward<Handler>(handler));
  }

private:
  const impl_holder<Executor>* object_;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_INITIATE_WAIT_HPP
