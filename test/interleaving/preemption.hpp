// Delays threads at the library's preemption points. To be included before the
// library, by the one source file of a program.

#ifndef SIGFD_TEST_INTERLEAVING_PREEMPTION_HPP
#define SIGFD_TEST_INTERLEAVING_PREEMPTION_HPP

#define SIGFD_PREEMPTION_POINT(name)                                           \
  ::preemption::pass(::preemption::point::name)

#include <sched.h>
#include <sys/mman.h>
#include <time.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>
#include <stdexcept>

namespace preemption {

// What it takes to come to a point.
enum class needs
{
  nothing,
  kernel, // an object that takes by signalfd(2)
  pipe, // the thread of pipes
  stray, // a thread that catches a signal
  child, // a fork
  limit // strays where there is no room to queue them again
};

// Each point, and what others may do there.
#define PREEMPTION_POINTS(POINT)                                               \
  /* The last watcher goes, or the first one comes. */                         \
  POINT(handler_called, stray)                                                 \
  POINT(handler_counted, stray)                                                \
  POINT(handler_saw_watchers, stray)                                           \
  POINT(handler_saw_no_watchers, child)                                        \
  POINT(lowest_action_is_back, child)                                          \
  /* A handler runs, that saw no watcher, or still does. */                    \
  POINT(no_handler_runs, nothing)                                              \
  POINT(handler_installed, nothing)                                            \
  POINT(first_watcher_counted, nothing)                                        \
  POINT(last_watcher_gone, nothing)                                            \
  POINT(pending_is_kept, nothing)                                              \
  POINT(previous_action_is_back, nothing)                                      \
  /* A reader looks into the queue of strays. */                               \
  POINT(stray_refused, limit)                                                  \
  POINT(slot_reserved, limit)                                                  \
  POINT(stray_counted, limit)                                                  \
  POINT(stray_put, limit)                                                      \
  /* A handler puts another one in, or somebody takes what was requeued. */    \
  POINT(stray_taken, limit)                                                    \
  POINT(stray_requeued, limit)                                                 \
  POINT(slot_vacated, limit)                                                   \
  /* A stray comes, or another reader takes it. */                             \
  POINT(wakeup_read, limit)                                                    \
  POINT(records_read, kernel)                                                  \
  /* Somebody looks for what is kept, or takes it. */                          \
  POINT(about_to_keep, limit)                                                  \
  POINT(kept_seen, limit)                                                      \
  /* A second object comes. */                                                 \
  POINT(found_alone, kernel)                                                   \
  /* Signals come, from the kernel or from those who take them. */             \
  POINT(hint_read, nothing)                                                    \
  POINT(about_to_wait, nothing)                                                \
  POINT(nothing_in_store, nothing)                                             \
  POINT(about_to_poll, nothing)                                                \
  /* The thread of pipes looks, takes, or waits; somebody interrupts it. */    \
  POINT(pause_requested, pipe)                                                 \
  POINT(pause_begun, pipe)                                                     \
  POINT(pause_ended, pipe)                                                     \
  POINT(pause_over, pipe)                                                      \
  POINT(wanted_changed, pipe)                                                  \
  POINT(wanted_read, pipe)                                                     \
  POINT(interruption_begun, pipe)                                              \
  POINT(interruption_taken, pipe)                                              \
  POINT(interruption_over, pipe)                                               \
  POINT(signals_in_hands, pipe)                                                \
  /* Another thread changes the same value; a fork copies it. */               \
  POINT(process_has_no_number, child)                                          \
  POINT(value_to_exchange_read, nothing)                                       \
  POINT(value_to_add_to_read, stray)                                           \
  POINT(mutex_released, nothing)                                               \
  /* A fork copies the table. */                                               \
  POINT(object_ready_to_link, nothing)                                         \
  POINT(table_locked, nothing)                                                 \
  POINT(table_given_up, nothing)

enum class point
{
#define PREEMPTION_ENUMERATOR(name, needed) name,
  PREEMPTION_POINTS(PREEMPTION_ENUMERATOR)
#undef PREEMPTION_ENUMERATOR
      count
};

inline constexpr std::size_t points = static_cast<std::size_t>(point::count);

struct description
{
  const char* name;
  needs needed;
};

inline constexpr std::array<description, points> descriptions{{
#define PREEMPTION_DESCRIPTION(name, needed) {#name, needs::needed},
    PREEMPTION_POINTS(PREEMPTION_DESCRIPTION)
#undef PREEMPTION_DESCRIPTION
}};

// Shared with child processes, which count, too.
struct shared_state
{
  std::uint64_t seed = 0;
  std::atomic<std::uint64_t> threads{0};
  // Where delays are long and frequent, and else they are not.
  std::atomic<std::size_t> first_hot{points};
  std::atomic<std::size_t> end_hot{points};
  std::array<std::atomic<std::uint64_t>, points> passed{};
  std::array<std::atomic<std::uint64_t>, points> delayed{};
};

inline shared_state* state = nullptr; // nobody is delayed before start()

inline void start(std::uint64_t seed)
{
  void* const memory = ::mmap(nullptr, sizeof(shared_state),
      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw std::runtime_error("mmap failed");
  state = ::new (memory) shared_state;
  state->seed = seed;
}

inline std::uint64_t mix(std::uint64_t x) noexcept
{
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

// A generator for each thread, in the order in which they come to a point
// first. In an executable its memory is there from the thread's start, so a
// handler may use it; and a handler that interrupts it gets the same number at
// the worst.
inline std::uint64_t next_random() noexcept
{
  static constinit thread_local std::atomic<std::uint64_t> own{0};
  std::uint64_t x = own.load(std::memory_order_relaxed);
  if (x == 0)
    x = mix(state->seed + (state->threads.fetch_add(1) + 1)) | 1;
  x += 0x9e3779b97f4a7c15;
  own.store(x, std::memory_order_relaxed);
  return mix(x);
}

inline void sleep_for(std::uint64_t nanoseconds) noexcept
{
  const ::timespec time{0, static_cast<long>(nanoseconds)};
  ::nanosleep(&time, nullptr);
}

// A thread comes to a point. Async-signal-safe.
inline void pass(point p) noexcept
{
  if (state == nullptr)
    return;
  const int saved_errno = errno;
  const auto index = static_cast<std::size_t>(p);
  state->passed[index].fetch_add(1, std::memory_order_relaxed);
  const bool is_hot = index >= state->first_hot.load(std::memory_order_relaxed)
      && index < state->end_hot.load(std::memory_order_relaxed);
  const std::uint64_t random = next_random();
  const unsigned chance = random % 1024;
  const std::uint64_t rest = random >> 10;
  const bool delays = chance < (is_hot ? 768u : 256u);
  if (delays)
    state->delayed[index].fetch_add(1, std::memory_order_relaxed);
  if (chance < (is_hot ? 16u : 1u))
    sleep_for(1'000'000);
  else if (chance < (is_hot ? 384u : 24u))
    sleep_for(rest % 100'000);
  else if (chance < (is_hot ? 512u : 88u))
    ::sched_yield();
  else if (delays)
    for (std::atomic<unsigned> i{0}; i < rest % 500;)
      i.fetch_add(1, std::memory_order_relaxed);
  errno = saved_errno;
}

} // namespace preemption

#endif // SIGFD_TEST_INTERLEAVING_PREEMPTION_HPP
