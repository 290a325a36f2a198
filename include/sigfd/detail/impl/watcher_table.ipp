//
// detail/impl/watcher_table.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_WATCHER_TABLE_IPP
#define SIGFD_DETAIL_IMPL_WATCHER_TABLE_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/signal_bits.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/detail/signal_store.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/undelivered.hpp>
#include <sigfd/detail/watcher.hpp>
#include <sigfd/detail/watcher_table.hpp>
#include <sigfd/error.hpp>
#include <sigfd/open_options.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <span>
#include <utility>

namespace sigfd::detail {

watcher_table::watcher_table() noexcept
{
  for (int n = SIGRTMIN; n <= last_signal_number; ++n)
    realtime_ |= bit_of(n);
}

void watcher_table::add(watcher& w, const signal_mask& mask,
    const open_options& options, bool is_pipe, watcher* predecessor,
    boost::system::error_code& ec) noexcept
{
  const std::lock_guard lock(*this);
  ec = see_forks();
  if (ec)
    return;
  w.delivery_ = options.delivery;
  w.overflow_ = options.overflow;
  w.backlog_ = std::max(options.backlog, std::size_t{1});
  w.calls_handlers_ = options.handlers == handler_policy::call;
  w.is_pipe_ = is_pipe;
  const signal_bits bits = bits_of(mask);
  ec = check_policy(w, bits);
  if (!ec && !reserve(0, count_ + 1))
    ec = system_error_code(ENOMEM);
  if (ec)
    return;
  w.mask_ = bits;
  w.from_kernel_ = ~signal_bits{0}; // it is told in any case
  begin_to_watch(w, bits);
  link(w);
  if (predecessor != nullptr)
  {
    unlink(*predecessor);
    predecessor->mask_ = 0; // its operations must not take any more
    predecessor->from_kernel_ = 0;
    predecessor->set_access(0, false);
    w.since_ = predecessor->since_;
    w.store_.take_over(predecessor->store_);
    w.dropped_ = predecessor->dropped_.load();
  }
  refresh(&w);
  follow(w);
}

void watcher_table::update(
    watcher& w, const signal_mask& mask, boost::system::error_code& ec) noexcept
{
  const std::lock_guard lock(*this);
  const signal_bits bits = bits_of(mask);
  ec = check_policy(w, bits & ~w.mask_);
  if (ec)
    return;
  const signal_bits old = w.mask_.load();
  adjust(w, old, -1);
  w.mask_ = bits;
  adjust(w, bits, 1);
  begin_to_watch(w, bits & ~old);
  refresh(&w);
  discard(w.store_, old & ~bits);
  follow(w);
}

void watcher_table::remove(watcher& w) noexcept
{
  const std::lock_guard lock(*this);
  if (!unlink(w))
    return;
  refresh(nullptr);
  discard(w.store_, w.store_.numbers());
  make_room(w);
  if (first_.load() == nullptr)
  {
    occurrences_.clear();
    stored_.clear();
  }
}

void watcher_table::restart(watcher& w) noexcept
{
  const std::lock_guard lock(*this);
  adjust(w, w.mask_, -1);
  w.is_parents_ = false;
  adjust(w, w.mask_, 1);
  w.from_kernel_ = 0; // as a new descriptor has it
  refresh(&w);
  follow(w);
}

void watcher_table::set_background_taker(background_taker* taker) noexcept
{
  const std::lock_guard lock(*this);
  taker_ = taker;
  refresh(nullptr);
}

signal_bits watcher_table::handled() noexcept
{
  const std::lock_guard lock(*this);
  signal_bits bits = 0;
  for_each([&](const watcher& w) {
    if (w.calls_handlers_)
      bits |= w.mask_;
  });
  return bits;
}

void watcher_table::lock() noexcept
{
  mutex_.lock();
  SIGFD_PREEMPTION_POINT(table_locked);
  holder_.store(::pthread_self(), std::memory_order_relaxed);
  if (is_own_.exchange(0, 1))
    leave_to_parent();
}

void watcher_table::unlock() noexcept
{
  holder_.store(::pthread_t(), std::memory_order_relaxed);
  SIGFD_PREEMPTION_POINT(table_given_up);
  mutex_.unlock();
}

std::size_t watcher_table::take(
    watcher& w, std::span<signal_info> infos, std::uint64_t& to_handle) noexcept
{
  std::size_t count = 0;
  while (count < infos.size())
  {
    const signal_bits own = w.store_.numbers();
    const signal_bits all = own | (common_.numbers() & w.mask_);
    if (all == 0)
      break;
    const int number = lowest_of(all);
    stored& item = ((own & bit_of(number)) != 0 ? w.store_ : common_)
                       .take_first(number);
    occurrence& o = *item.what;
    o.is_delivered = true;
    item.last().is_delivered = true;
    if (w.calls_handlers_ && !std::exchange(o.is_handled, true))
      to_handle |= std::uint64_t{1} << count % 64;
    infos[count++] = o.info;
    release(item);
  }
  return count;
}

bool watcher_table::reserve(std::size_t most, std::size_t objects) noexcept
{
  if (taker_ != nullptr)
    most += background_taker::burst;
  return occurrences_.reserve(most) && stored_.reserve(most * objects);
}

std::ptrdiff_t watcher_table::room(
    signal_bits numbers, std::size_t most) noexcept
{
  if (most > 1) // there is room for one of what is not held back
    for_each([&](watcher& w) {
      for_each_number(w.mask_ & numbers & realtime_ & ~held_, [&](int n) {
        if (!drops(w, n))
          most = std::min(most,
              w.backlog_ - std::min(w.backlog_ - 1, store_of(w).count(n)));
      });
    });
  most = std::min(most, most_at_once);
  if (!reserve(most, count_))
    return -ENOMEM;
  return static_cast<std::ptrdiff_t>(most);
}

void watcher_table::distribute(
    std::span<const signal_info> infos, const watcher& from) noexcept
{
  for (const signal_info& info : infos)
    distribute_one(info, &from);
}

void watcher_table::distribute(std::span<const signal_info> infos) noexcept
{
  for (const signal_info& info : infos)
    distribute_one(info, nullptr);
}

bool watcher_table::has_made_room(watcher& w) noexcept
{
  if (w.delivery_ == delivery_policy::one)
    return true;
  bool result = false;
  for_each_number(
      held_ & w.holds_back_, [&](int n) { result = result || !is_full(w, n); });
  return result;
}

// Where nothing is held back, and nobody became responsible for more, only the
// object itself can be full.
void watcher_table::make_room(watcher& w) noexcept
{
  signal_bits held = 0;
  const auto look = [&](watcher& other) {
    other.holds_back_ = 0;
    for_each_number(store_of(other).numbers() & other.mask_, [&](int n) {
      if (is_full(other, n))
        other.holds_back_ |= bit_of(n);
    });
    held |= other.holds_back_;
  };
  if (held_ != 0 || std::exchange(others_may_be_full_, false))
    for_each(look);
  else if (w.is_listed_.load() != 0)
    look(w);
  hold_back(held);
  if (may_be_alone(w))
    w.is_alone_.store(true, std::memory_order_relaxed);
}

boost::system::error_code watcher_table::check_policy(
    const watcher& w, signal_bits added) noexcept
{
  signal_bits conflict = 0;
  for_each_number(added, [&](int n) {
    const tally& t = tally_of(n);
    const bool competes = t.competing != 0;
    const bool watches = t.watching != 0;
    if (watches && competes != (w.delivery_ == delivery_policy::one))
      conflict |= bit_of(n);
  });
  return conflict != 0 ? make_delivery_conflict_error(lowest_of(conflict))
                       : boost::system::error_code();
}

boost::system::error_code watcher_table::see_forks() noexcept
{
  if (sees_forks_)
    return {};
  const int error = ::pthread_atfork(&prepare_fork, &end_fork, &begin_child);
  sees_forks_ = error == 0;
  return system_error_code(error);
}

void watcher_table::link(watcher& w) noexcept
{
  watcher* const next = first_.load();
  w.next_ = next;
  w.previous_ = nullptr;
  w.is_listed_.store(1);
  if (next != nullptr)
    next->previous_ = &w;
  SIGFD_PREEMPTION_POINT(object_ready_to_link);
  first_ = &w;
  ++count_;
  adjust(w, w.mask_, 1);
}

bool watcher_table::unlink(watcher& w) noexcept
{
  if (!w.is_listed_.exchange(1, 0))
    return false;
  watcher* const next = w.next_.load();
  (w.previous_ != nullptr ? w.previous_->next_ : first_) = next;
  if (next != nullptr)
    next->previous_ = w.previous_;
  --count_;
  adjust(w, w.mask_, -1);
  return true;
}

void watcher_table::adjust(
    const watcher& w, signal_bits numbers, int amount) noexcept
{
  const auto note = [](signal_bits& bits, int number, bool is_in) {
    bits = is_in ? bits | bit_of(number) : bits & ~bit_of(number);
  };
  for_each_number(numbers, [&](int n) {
    tally& t = tally_of(n);
    t.watching += amount;
    t.competing += w.delivery_ == delivery_policy::one ? amount : 0;
    t.with_pipe += w.is_pipe_ && !w.is_parents_ ? amount : 0;
    note(watched_twice_, n, t.watching > 1);
    note(competing_, n, t.competing > 0);
    note(taken_in_background_, n, t.with_pipe > 0);
  });
}

void watcher_table::begin_to_watch(watcher& w, signal_bits numbers) noexcept
{
  for_each_number(numbers,
      [&](int n) { w.since_[static_cast<std::size_t>(n - 1)] = taken_; });
}

void watcher_table::distribute_one(const signal_info& info, const watcher* from,
    const occurrence* again) noexcept
{
  const int number = info.number();
  occurrence* o = nullptr;
  signal_bits held = held_;
  bool is_common = false;
  bool wakes = false;
  ++taken_;
  for_each([&](watcher& w) {
    if (&w == from || (w.mask_ & bit_of(number)) == 0)
      return;
    if (again != nullptr && has_heard(w, *again))
      return;
    if (w.delivery_ == delivery_policy::one && from != nullptr)
      return;
    if (o == nullptr)
    {
      o = &occurrences_.take();
      o->info = info;
      o->position = taken_;
      o->holders = 0;
      o->is_delivered = from != nullptr;
      o->is_handled = from != nullptr && from->calls_handlers_;
    }
    if (w.delivery_ == delivery_policy::every)
      append(w, *o);
    else
    {
      if (!std::exchange(is_common, true))
      {
        wakes = common_.count(number) == 0;
        append(common_, *o);
      }
      if (wakes)
        wake(w);
    }
    if (is_full(w, number))
    {
      w.holds_back_ |= bit_of(number);
      held |= bit_of(number);
    }
  });
  if (o == nullptr && from == nullptr)
    requeue_or_keep(info);
  else if (o != nullptr && o->holders == 0)
    occurrences_.give(*o);
  hold_back(held);
}

void watcher_table::append(signal_store& store, occurrence& o) noexcept
{
  const int number = o.info.number();
  if (!is_realtime(number) && store.count(number) != 0)
  {
    // As the kernel does, which keeps the first. But what somebody has heard
    // already must not stand for what nobody has: it would not go back.
    stored& item = store.first(number);
    if (item.last().is_delivered && !o.is_delivered)
    {
      ++o.holders;
      if (occurrence* const old = std::exchange(item.merged, &o))
        release(*old);
    }
    return;
  }
  stored& item = stored_.take();
  item.what = &o;
  item.merged = nullptr;
  ++o.holders;
  store.append(number, item);
}

void watcher_table::append(watcher& w, occurrence& o) noexcept
{
  const int number = o.info.number();
  if (drops(w, number))
    while (w.store_.count(number) >= w.backlog_)
    {
      stored& item = w.store_.take_first(number);
      item.what->is_delivered = true; // must not come back
      release(item);
      w.dropped_.fetch_add(1, std::memory_order_relaxed);
    }
  const bool wakes = w.store_.numbers() == 0;
  append(w.store_, o);
  if (wakes)
    wake(w);
}

void watcher_table::wake(watcher& w) noexcept
{
  if (w.is_alone())
    w.set_access(w.from_kernel_, false);
  w.wake();
}

void watcher_table::release(stored& item) noexcept
{
  if (item.merged != nullptr)
    release(*item.merged);
  release(*item.what);
  stored_.give(item);
}

void watcher_table::release(occurrence& o) noexcept
{
  if (--o.holders == 0)
    occurrences_.give(o);
}

void watcher_table::discard(signal_store& store, signal_bits numbers) noexcept
{
  for_each_number(numbers & store.numbers(), [&](int number) {
    while (store.count(number) != 0)
    {
      stored& item = store.take_first(number);
      const occurrence o = item.last();
      release(item);
      if (!o.is_delivered && o.holders == 1)
        pass_on(o);
    }
  });
}

// Those who came after it was taken have it at once: what the kernel refuses
// would not wake them. The others had one before it, with which a standard
// signal coalesces, and must not have it after later ones.
void watcher_table::pass_on(const occurrence& o) noexcept
{
  const signal_bits number = bit_of(o.info.number());
  bool was_heard = false;
  bool is_wanted = false;
  for_each([&](const watcher& w) {
    if ((w.mask_ & number) != 0)
      (has_heard(w, o) ? was_heard : is_wanted) = true;
  });
  if (was_heard && !is_wanted)
    return;
  if ((held_ & number) == 0 && reserve(1, count_))
    distribute_one(o.info, nullptr, &o);
  else
    requeue_or_keep(o.info);
}

bool watcher_table::is_full(watcher& w, int number) noexcept
{
  if ((w.mask_ & bit_of(number)) == 0 || !is_realtime(number)
      || drops(w, number))
    return false;
  const std::size_t count = store_of(w).count(number);
  return (held_ & bit_of(number)) != 0 ? count > w.backlog_ / 2
                                       : count >= w.backlog_;
}

void watcher_table::hold_back(signal_bits held) noexcept
{
  const signal_bits old = std::exchange(held_, held);
  if (old == held)
    return;
  refresh(nullptr);
  if ((old & ~held) != 0)
    distribute_kept(old & ~held);
}

void watcher_table::distribute_kept(signal_bits numbers) noexcept
{
  signal_bits watched = 0;
  for_each([&](const watcher& w) {
    if (!w.is_parents_)
      watched |= w.mask_;
  });
  signal_info info;
  while (undelivered().may_have_kept() && reserve(1, count_)
      && undelivered().take_kept(
             mask_of(numbers & watched & ~held_), {&info, 1})
          != 0)
    distribute_one(info, nullptr);
}

// The background taker knew of no object with such a backlog when it began to
// wait; and there may be what competing objects have not taken.
void watcher_table::follow(watcher& w) noexcept
{
  make_room(w);
  if (taker_ != nullptr && (w.mask_ & taken_in_background_) != 0)
    taker_->want(taken_in_background_ & ~held_, true);
  if (has_any(w))
    w.wake();
}

bool watcher_table::may_be_alone(const watcher& w) const noexcept
{
  return !w.shares_ && !has_any(w);
}

// With very many objects, what another one watches is of no consequence to most
// of them.
void watcher_table::refresh(watcher* changed) noexcept
{
  discard(common_, ~competing_);
  const signal_bits shared = watched_twice_ & ~competing_;
  const auto tell = [&](watcher& w) {
    w.shares_ = w.is_pipe_ || (w.mask_ & taken_in_background_) != 0
        || (w.mask_ & shared) != 0;
    const signal_bits from_kernel = w.is_pipe_
        ? signal_bits{0}
        : w.mask_ & ~held_ & ~taken_in_background_;
    const bool alone = may_be_alone(w);
    if (std::exchange(w.from_kernel_, from_kernel) != from_kernel
        || w.is_alone() != alone)
      w.set_access(from_kernel, alone);
  };
  const told_bits now{watched_twice_, competing_, taken_in_background_, held_};
  if (std::exchange(told_, now) != now)
  {
    others_may_be_full_ = true;
    for_each(tell);
  }
  else if (changed != nullptr)
    tell(*changed);
  if (taker_ != nullptr)
    taker_->want(taken_in_background_ & ~held_, false);
}

// In a child process: the objects are here, and what they had is not theirs.
void watcher_table::leave_to_parent() noexcept
{
  // The list is whole, and what is beside it may be half changed.
  tallies_ = {};
  watched_twice_ = 0;
  competing_ = 0;
  taken_in_background_ = 0;
  told_.held = ~signal_bits{0}; // so that everybody is told
  count_ = 0;
  watcher* previous = nullptr;
  for_each([&](watcher& w) {
    w.store_.forget();
    w.is_parents_ = true;
    w.is_listed_.store(1);
    w.previous_ = std::exchange(previous, &w);
    ++count_;
    adjust(w, w.mask_, 1);
  });
  common_.forget();
  ::new (&occurrences_) free_list<occurrence>;
  ::new (&stored_) free_list<stored>;
  held_ = 0;
  taker_ = nullptr;
}

// No thread of the child is to find an object half woken.
void watcher_table::prepare_fork() noexcept
{
  watcher_table& self = watchers();
  if (::pthread_equal(
          self.holder_.load(std::memory_order_relaxed), ::pthread_self()))
    return; // memory is allocated, by a function that makes a process
  self.lock();
  self.is_forking_ = true;
}

void watcher_table::end_fork() noexcept
{
  watcher_table& self = watchers();
  if (std::exchange(self.is_forking_, false))
    self.unlock();
}

void watcher_table::begin_child() noexcept
{
  watcher_table& self = watchers();
  self.is_forking_ = false;
  self.holder_.store(::pthread_t(), std::memory_order_relaxed);
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_WATCHER_TABLE_IPP
