//
// detail/speculative_read.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_SPECULATIVE_READ_HPP
#define SIGFD_DETAIL_SPECULATIVE_READ_HPP

#include <sigfd/detail/config.hpp>

#include <atomic>

namespace sigfd::detail {

// Whether it is worth to look for a signal before one is announced. That is
// best while there is more than one at a time, and a wasted system call where
// they come one by one. So after a look that found nothing, the next is 1, 2, 4
// ... 1,024 signals away; one that found something makes the next come at once.
//
// A hint: threads that use it together may look once more or less.
class speculative_read
{
public:
  // Asked once for each signal.
  bool is_due() noexcept
  {
    const unsigned left = left_.load(std::memory_order_relaxed);
    if (left == 0)
      return true;
    SIGFD_PREEMPTION_POINT(hint_read);
    left_.store(left - 1, std::memory_order_relaxed);
    return false;
  }

  // How a look ended.
  void note(bool found) noexcept
  {
    const unsigned distance = distance_.load(std::memory_order_relaxed);
    if (found && distance == 0)
      return;
    const unsigned farther = distance == 0 ? 1
        : distance < 1024                  ? 2 * distance
                                           : distance;
    const unsigned next = found ? 0 : farther;
    distance_.store(next, std::memory_order_relaxed);
    left_.store(next, std::memory_order_relaxed);
  }

private:
  std::atomic<unsigned> left_{0};
  std::atomic<unsigned> distance_{0};
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_SPECULATIVE_READ_HPP
