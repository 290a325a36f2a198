//
// detail/signal_store.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_SIGNAL_STORE_HPP
#define SIGFD_DETAIL_SIGNAL_STORE_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/signal_bits.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/signal_info.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace sigfd::detail {

// A signal that was taken from the kernel, for as long as a store has it.
struct occurrence
{
  signal_info info;
  std::uint64_t position = 0; // among all that were taken
  std::size_t holders = 0;    // the stores that have it
  bool is_delivered = false; // to an object, by whoever took it
  bool is_handled = false;   // the program's handler was called for it
  occurrence* next = nullptr;
};

// One of those who have it.
struct stored
{
  // The one that goes back if nobody hears it.
  occurrence& last() const noexcept
  {
    return merged != nullptr ? *merged : *what;
  }

  occurrence* what = nullptr;
  occurrence* merged = nullptr; // a later one, if that was delivered elsewhere
  stored* next = nullptr;
};

// What was taken from the kernel for an object that has not delivered it yet:
// for each number in its order.
class signal_store
{
public:
  signal_store() noexcept = default;
  signal_store(const signal_store&) = delete;
  signal_store& operator=(const signal_store&) = delete;

  // Of which numbers there are signals. This alone may be asked without the
  // lock of the watchers.
  signal_bits numbers() const noexcept
  {
    return numbers_.load(std::memory_order_acquire);
  }

  std::size_t count(int number) const noexcept
  {
    return queue_of(number).count;
  }

  void append(int number, stored& item) noexcept
  {
    queue& q = queue_of(number);
    item.next = nullptr;
    *(q.first != nullptr ? &q.last->next : &q.first) = &item;
    q.last = &item;
    ++q.count;
    numbers_.store(numbers() | bit_of(number), std::memory_order_release);
  }

  // The oldest of a number that there is.
  stored& first(int number) const noexcept
  {
    return *queue_of(number).first;
  }

  // Takes the oldest of a number that there is.
  stored& take_first(int number) noexcept
  {
    queue& q = queue_of(number);
    stored& item = *std::exchange(q.first, q.first->next);
    if (--q.count == 0)
      numbers_.store(numbers() & ~bit_of(number), std::memory_order_release);
    return item;
  }

  // Takes over what another one has; this one is empty.
  void take_over(signal_store& other) noexcept
  {
    queues_ = std::exchange(other.queues_, {});
    numbers_ = other.numbers_.exchange(0);
  }

  // Leaves everything where it is: it is the parent process's.
  void forget() noexcept
  {
    queues_ = {};
    numbers_ = 0;
  }

private:
  struct queue
  {
    stored* first = nullptr;
    stored* last = nullptr; // if there is a first
    std::size_t count = 0;
  };

  queue& queue_of(int number) noexcept
  {
    return queues_[static_cast<std::size_t>(number - 1)];
  }

  const queue& queue_of(int number) const noexcept
  {
    return queues_[static_cast<std::size_t>(number - 1)];
  }

  std::array<queue, last_signal_number> queues_{};
  std::atomic<signal_bits> numbers_{0};
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_SIGNAL_STORE_HPP
