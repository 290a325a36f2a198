//
// detail/inline_executor.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_INLINE_EXECUTOR_HPP
#define SIGFD_DETAIL_INLINE_EXECUTOR_HPP

#include <sigfd/detail/config.hpp>

#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>

#include <utility>

namespace sigfd::detail {

// The executor of a descriptor whose waits end in the reactor's own thread, by
// a plain call. An operation goes on from there to where its handler belongs.
class inline_executor
{
public:
  explicit inline_executor(boost::asio::execution_context& context) noexcept
    : context_(&context)
  {
  }

  template <typename Function>
  void execute(Function&& function) const
  {
    std::forward<Function>(function)();
  }

  boost::asio::execution_context& query(
      boost::asio::execution::context_t) const noexcept
  {
    return *context_;
  }

  // Since Boost 1.82 Asio wants to be able to ask this, for handlers with an
  // executor for what ends at once. A wait_handle has none, so it never does.
  inline_executor require(
      boost::asio::execution::blocking_t::never_t) const noexcept
  {
    return *this;
  }

  friend bool operator==(inline_executor, inline_executor) noexcept = default;

private:
  boost::asio::execution_context* context_;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_INLINE_EXECUTOR_HPP
