//
// detail/started_wait.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_STARTED_WAIT_HPP
#define SIGFD_DETAIL_STARTED_WAIT_HPP

#include <sigfd/detail/config.hpp>

#include <cstdint>

namespace sigfd::detail {

// What an open object knows of an operation that was started in it.
struct started_wait
{
  // The number of cancel() and close() calls before it was started. It is
  // cancelled when the count has gone on.
  std::uint64_t generation = 0;

  // By which a cancellation slot knows it, never used again; 0 without a slot.
  std::uint64_t id = 0;
  bool cancelled = false;

  // Whether it is just given to the reactor, with the mutex. If that throws, it
  // must not end there and then.
  bool starts = false;

  // Whether it waits for the descriptor, or has not looked again since.
  bool waits = false;

  // Whether it keeps the object's executor at work, if it is not cancelled.
  bool works = false;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_STARTED_WAIT_HPP
