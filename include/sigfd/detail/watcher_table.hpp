//
// detail/watcher_table.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_WATCHER_TABLE_HPP
#define SIGFD_DETAIL_WATCHER_TABLE_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/fork_reset.hpp>
#include <sigfd/detail/free_list.hpp>
#include <sigfd/detail/signal_bits.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/detail/signal_store.hpp>
#include <sigfd/detail/watcher.hpp>
#include <sigfd/open_options.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>

namespace sigfd::detail {

// Who takes signals from the kernel as they come, for all that cannot wait for
// them otherwise: pipe_thread.
class background_taker
{
public:
  // As many as are taken before they are distributed.
  static constexpr std::size_t burst = 32;

  // These are to be taken from now on, and no others. Even if they are the
  // same, is_new has it ask again what there is room for. With the lock of the
  // table; it does not wait for the taker.
  virtual void want(signal_bits numbers, bool is_new) noexcept = 0;

protected:
  ~background_taker() = default;
};

// The open objects of this process, and who of them hears what. One lock for
// all of it, so that what is taken from the kernel comes to everybody in the
// same order. It comes before any object's own lock.
// - Each number has takers: the objects that watch it, each when it delivers;
//   or the background taker alone, if any of them cannot take by itself. Who
//   takes a signal puts it into the stores of the others.
// - A number of which a store is full is held back: nobody takes it from the
//   kernel, until the store has room.
// After fork(2) the stores are empty, and the list is what it was: it is whole
// at every moment, because one store to memory adds or removes an object.
class watcher_table
{
public:
  SIGFD_DECL watcher_table() noexcept;
  watcher_table(const watcher_table&) = delete;
  watcher_table& operator=(const watcher_table&) = delete;

  // Adds an object; an error if another one watches a signal with another
  // policy. If there is a predecessor, removes that, and hands over what it has
  // not delivered.
  SIGFD_DECL void add(watcher& w, const signal_mask& mask,
      const open_options& options, bool is_pipe, watcher* predecessor,
      boost::system::error_code& ec) noexcept;

  // Changes what an object watches, or fails as add() does. What it has of the
  // signals that go is discarded; it goes back to the process if no object ever
  // delivered it, and no other has it.
  SIGFD_DECL void update(watcher& w, const signal_mask& mask,
      boost::system::error_code& ec) noexcept;

  // Removes an object, and discards what it has, as update() does. No effect if
  // it is not there.
  SIGFD_DECL void remove(watcher& w) noexcept;

  // In the child of fork(2), for an object with a new descriptor.
  SIGFD_DECL void restart(watcher& w) noexcept;

  // Who takes what objects with pipes watch; null if there is nobody any more.
  SIGFD_DECL void set_background_taker(background_taker* taker) noexcept;

  // For which signals any object calls the program's handlers.
  SIGFD_DECL signal_bits handled() noexcept;

  // Whether an object has undelivered signals. Needs no lock.
  bool has_any(const watcher& w) const noexcept
  {
    return (w.store_.numbers() | (common_.numbers() & w.mask_)) != 0;
  }

  // BasicLockable.
  SIGFD_DECL void lock() noexcept;
  SIGFD_DECL void unlock() noexcept;

  // With the lock, as everything below: moves as many signals as an object has
  // and fit to the front of infos, in the order of their numbers; how many.
  // A bit of to_handle is set for each of which the program's handler is to be
  // called.
  SIGFD_DECL std::size_t take(watcher& w, std::span<signal_info> infos,
      std::uint64_t& to_handle) noexcept;

  // Whether an object that has signals is to look first for others in the
  // kernel: sometimes, because they may have lower numbers.
  bool is_kernel_due(watcher& w) const noexcept
  {
    return w.from_kernel_ != 0 && has_any(w) && ++w.from_store_ % 16 == 0;
  }

  // Whether an object calls the program's handlers.
  bool calls_handlers(const watcher& w) const noexcept
  {
    return w.calls_handlers_;
  }

  // How many signals of these numbers can be taken at once, at most so many: as
  // there is memory, and room in every store; -ENOMEM if there is none.
  SIGFD_DECL std::ptrdiff_t room(
      signal_bits numbers, std::size_t most) noexcept;

  std::ptrdiff_t room(const watcher& w, std::size_t most) noexcept
  {
    return room(w.mask_, most);
  }

  // Puts what one took from the kernel, and delivers, into the stores of all
  // others that watch it.
  SIGFD_DECL void distribute(
      std::span<const signal_info> infos, const watcher& from) noexcept;

  // The same for what was taken for all of them. What nobody watches any more
  // goes back to the process.
  SIGFD_DECL void distribute(std::span<const signal_info> infos) noexcept;

  // Says after every take that an object may have made room.
  void note_room(watcher& w) noexcept
  {
    if ((held_ != 0 && has_made_room(w)) || (!w.is_alone() && may_be_alone(w)))
      make_room(w);
  }

  // Of what it watches, what an object may take at all.
  signal_bits takeable(const watcher& w) const noexcept
  {
    return w.mask_ & ~held_;
  }

private:
  // How many objects watch a number.
  struct tally
  {
    int watching = 0;
    int competing = 0; // of these, with delivery_policy::one
    int with_pipe = 0; // and not the parent's
  };

  // What everybody was told of last.
  struct told_bits
  {
    signal_bits watched_twice = 0;
    signal_bits competing = 0;
    signal_bits taken_in_background = 0;
    signal_bits held = 0;

    friend bool operator==(const told_bits&, const told_bits&) = default;
  };

  tally& tally_of(int number) noexcept
  {
    return tallies_[static_cast<std::size_t>(number)];
  }

  // However much room somebody asks for.
  static constexpr std::size_t most_at_once = 1024;

  // Calls a function for each object.
  template <typename Function>
  void for_each(Function function) noexcept
  {
    for (watcher* w = first_.load(); w != nullptr; w = w->next_.load())
      function(*w);
  }

  // Has memory for so many signals, and beside it for those that the background
  // taker may have in its hands: it waits for them without the lock.
  SIGFD_DECL bool reserve(std::size_t most, std::size_t objects) noexcept;

  SIGFD_DECL boost::system::error_code check_policy(
      const watcher& w, signal_bits added) noexcept;

  // Has fork(2) wait for the lock, from the first object on; an error without
  // memory for that.
  SIGFD_DECL boost::system::error_code see_forks() noexcept;

  // Puts an object into the list, and its signals into the tallies.
  SIGFD_DECL void link(watcher& w) noexcept;

  // The opposite; false if it is not there.
  SIGFD_DECL bool unlink(watcher& w) noexcept;

  // Counts an object more, or less, for each of these numbers.
  SIGFD_DECL void adjust(
      const watcher& w, signal_bits numbers, int amount) noexcept;

  // Remembers that it watches these from now on.
  SIGFD_DECL void begin_to_watch(watcher& w, signal_bits numbers) noexcept;

  // Whether it watched already when that was taken; so it has it, or had one
  // that the kernel would have merged it with.
  static bool has_heard(const watcher& w, const occurrence& o) noexcept
  {
    return w.since_[static_cast<std::size_t>(o.info.number() - 1)] < o.position;
  }

  // To all but the one that took it; or again, to those alone who came later.
  SIGFD_DECL void distribute_one(const signal_info& info, const watcher* from,
      const occurrence* again = nullptr) noexcept;

  // Puts a signal into a store, which wakes nobody.
  SIGFD_DECL void append(signal_store& store, occurrence& o) noexcept;

  SIGFD_DECL void append(watcher& w, occurrence& o) noexcept;

  // Has an object look into its store: also one that was alone, to which
  // something is passed on.
  SIGFD_DECL static void wake(watcher& w) noexcept;

  // Removes a signal that a store had.
  SIGFD_DECL void release(stored& item) noexcept;

  // The same for one store less that has an occurrence.
  SIGFD_DECL void release(occurrence& o) noexcept;

  // Returns a signal that no object has delivered, and none has any more.
  SIGFD_DECL void pass_on(const occurrence& o) noexcept;

  // Discards what a store has of these numbers.
  SIGFD_DECL void discard(signal_store& store, signal_bits numbers) noexcept;

  // Where the signals of a number are that an object is to have.
  signal_store& store_of(watcher& w) noexcept
  {
    return w.delivery_ == delivery_policy::one ? common_ : w.store_;
  }

  bool is_realtime(int number) const noexcept
  {
    return (realtime_ & bit_of(number)) != 0;
  }

  // Whether an object drops its oldest, rather than to hold others back. Where
  // there are none, the kernel keeps what there is no room for. One of the
  // parent process's may never take anything.
  bool drops(const watcher& w, int number) const noexcept
  {
    return is_realtime(number)
        && (w.is_parents_
            || (w.overflow_ == overflow_policy::drop_oldest
                && w.delivery_ == delivery_policy::every
                && (watched_twice_ & bit_of(number)) != 0));
  }

  // Whether a number is to be held back on behalf of an object: from when there
  // is no room until half of it is free.
  SIGFD_DECL bool is_full(watcher& w, int number) noexcept;

  // Whether it has room again for any number that it holds back. Those that
  // compete do so together.
  SIGFD_DECL bool has_made_room(watcher& w) noexcept;

  // Sees what is to be held back, and whether an object is alone.
  SIGFD_DECL void make_room(watcher& w) noexcept;

  // Sets what is held back anew.
  SIGFD_DECL void hold_back(signal_bits held) noexcept;

  // What was held back may be kept, where the kernel had no room, and wakes
  // nobody: puts it into the stores of those who watch it.
  SIGFD_DECL void distribute_kept(signal_bits numbers) noexcept;

  // Does what follows for an object that watches other signals than before.
  SIGFD_DECL void follow(watcher& w) noexcept;

  SIGFD_DECL bool may_be_alone(const watcher& w) const noexcept;

  // Tells everybody what follows from who watches what, and what is held back;
  // or only the object that changed, if nothing follows for others.
  SIGFD_DECL void refresh(watcher* changed) noexcept;

  SIGFD_DECL void leave_to_parent() noexcept;

  SIGFD_DECL static void prepare_fork() noexcept;
  SIGFD_DECL static void end_fork() noexcept;
  SIGFD_DECL static void begin_child() noexcept;

  fork_reset_mutex mutex_;
  std::atomic<::pthread_t> holder_{}; // of the lock
  bool is_forking_ = false;
  bool sees_forks_ = false;
  fork_reset_value is_own_; // whether the stores are not the parent's
  std::atomic<watcher*> first_{nullptr};
  signal_bits realtime_ = 0;
  signal_bits held_ = 0; // nobody takes these from the kernel
  signal_bits watched_twice_ = 0; // or more often
  signal_bits competing_ = 0; // watched with delivery_policy::one
  signal_bits taken_in_background_ = 0;
  std::array<tally, last_signal_number + 1> tallies_{};
  told_bits told_;
  bool others_may_be_full_ = false;
  std::size_t count_ = 0; // of objects
  std::uint64_t taken_ = 0; // signals that were distributed
  background_taker* taker_ = nullptr;
  signal_store common_; // for delivery_policy::one, taken in the background
  free_list<occurrence> occurrences_;
  free_list<stored> stored_;
};

// The one of this process. Never destroyed, as undelivered().
[[gnu::visibility("default")]] inline watcher_table& watchers() noexcept
{
  alignas(watcher_table) static unsigned char memory[sizeof(watcher_table)];
  static watcher_table& instance = *::new (memory) watcher_table;
  return instance;
}

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/watcher_table.ipp)

#endif // SIGFD_DETAIL_WATCHER_TABLE_HPP
