//
// detail/wait_destination.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_WAIT_DESTINATION_HPP
#define SIGFD_DETAIL_WAIT_DESTINATION_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/signal_info.hpp>

#include <cstddef>
#include <span>

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

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_WAIT_DESTINATION_HPP
