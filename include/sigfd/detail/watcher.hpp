//
// detail/watcher.hpp
// ~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_WATCHER_HPP
#define SIGFD_DETAIL_WATCHER_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/fork_reset.hpp>
#include <sigfd/detail/signal_bits.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/detail/signal_store.hpp>
#include <sigfd/open_options.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace sigfd::detail {

// An open object, as the others know it that may watch the same signals: what
// it wants, and what it has not delivered yet. watcher_table changes it, with
// its lock.
class watcher
{
public:
  watcher() noexcept = default;
  watcher(const watcher&) = delete;
  watcher& operator=(const watcher&) = delete;

  // Whether nobody else has to do with its signals: it takes them from the
  // kernel as it likes, and there are none in its store. With the own lock.
  bool is_alone() const noexcept
  {
    return is_alone_.load(std::memory_order_relaxed);
  }

  // How many signals were dropped here, to make room.
  std::uint64_t dropped() const noexcept
  {
    return dropped_.load(std::memory_order_relaxed);
  }

protected:
  virtual ~watcher() = default; // virtual only to please compilers

private:
  friend class watcher_table;

  // There is something in the store, where nothing was. Like what follows,
  // called with the lock of the table. It takes the object's own lock.
  virtual void wake() noexcept = 0;

  // From now on it may itself take these of its signals from the kernel, and no
  // others; and is alone, or not. The own lock makes that wait for a take that
  // is just going on.
  virtual void set_access(signal_bits from_kernel, bool is_alone) noexcept = 0;

  std::atomic<watcher*> next_{nullptr};
  watcher* previous_ = nullptr;
  fork_reset_value is_listed_;
  std::atomic<signal_bits> mask_{0}; // changed only with the lock
  // How many signals had been taken when it began to watch a number.
  std::array<std::uint64_t, last_signal_number> since_{};
  signal_bits from_kernel_ = 0;
  bool is_pipe_ = false;
  bool is_parents_ = false; // in a child of fork(2) that has not been told
  bool shares_ = false; // any of its signals with others
  signal_bits holds_back_ = 0; // numbers of which it has no room
  delivery_policy delivery_ = delivery_policy::every;
  overflow_policy overflow_ = overflow_policy::hold_back;
  bool calls_handlers_ = false;
  std::size_t backlog_ = 1;
  unsigned from_store_ = 0; // takes in succession that did not ask the kernel
  signal_store store_;
  std::atomic<std::uint64_t> dropped_{0};

protected:
  std::atomic<bool> is_alone_{true};
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_WATCHER_HPP
