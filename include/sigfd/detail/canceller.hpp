//
// detail/canceller.hpp
// ~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_CANCELLER_HPP
#define SIGFD_DETAIL_CANCELLER_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/signalfd_impl.hpp>

#include <cstdint>

namespace sigfd::detail {

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

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_CANCELLER_HPP
