//
// detail/pipe_thread.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_PIPE_THREAD_HPP
#define SIGFD_DETAIL_PIPE_THREAD_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/fork_reset.hpp>
#include <sigfd/detail/keep_mapped.hpp>
#include <sigfd/detail/signal_bits.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/detail/speculative_read.hpp>
#include <sigfd/detail/watcher_table.hpp>
#include <sigfd/signal_info.hpp>

#include <boost/system/error_code.hpp>

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <atomic>
#include <cstddef>
#include <new>
#include <span>

namespace sigfd::detail {

// The thread that waits for signals on behalf of all objects with pipes, and of
// those that watch the same signals. It takes them from the kernel as they come
// and has watchers() put them into the objects' stores; as long as it is there,
// nobody else takes these numbers, so their order is the kernel's. It does
// nothing else, so it never runs code of the user's.
// There is one in a process, while anybody uses it.
class pipe_thread final : public background_taker
{
public:
  pipe_thread() noexcept = default;
  pipe_thread(const pipe_thread&) = delete;
  pipe_thread& operator=(const pipe_thread&) = delete;

  // To be called before add_user(), without a lock: whoever starts the thread,
  // it runs until the last user goes.
  // Once for each copy of the code: in a child of fork(2), the loader's lock
  // may be held by a thread that is not there.
  static void stay_mapped() noexcept
  {
    static constinit std::atomic<void*> last{nullptr};
    void* const own = reinterpret_cast<void*>(&start_routine);
    if (last.exchange(own) != own)
      keep_mapped(own);
  }

  // Counts a user; the first one starts the thread.
  SIGFD_DECL void add_user(boost::system::error_code& ec) noexcept;

  // Counts a user less. With the last one the thread ends.
  SIGFD_DECL void remove_user() noexcept;

  // BasicLockable: while it is locked, the thread pauses, and has nothing in
  // its hands: whatever it took is in the stores. Not to be locked with the
  // lock of watchers(), or of an object.
  SIGFD_DECL void lock() noexcept;
  SIGFD_DECL void unlock() noexcept;

private:
  // The thread is interrupted by a signal directed at it alone, of a number
  // that nobody can watch: one that the C library keeps for its own threads.
  // The kernel takes that for a real-time signal, and may refuse it at
  // RLIMIT_SIGPENDING. A SIGFPE it always takes; but valgrind hands that over
  // whether or not it is blocked, so it is the second choice.
  static constexpr int interruption = first_reserved_number;
  static constexpr int second_interruption = SIGFPE;

  SIGFD_DECL void want(signal_bits numbers, bool is_new) noexcept override;

  SIGFD_DECL void interrupt() noexcept;

  // With the mutex, as what follows.
  SIGFD_DECL void leave_to_parent() noexcept;

  SIGFD_DECL void start(boost::system::error_code& ec) noexcept;

  SIGFD_DECL int create(std::size_t stack_size) noexcept;

  SIGFD_DECL void stop() noexcept;

  // The thread.
  SIGFD_DECL static void* start_routine(void* self) noexcept;

  SIGFD_DECL void run() noexcept;

  SIGFD_DECL bool is_pause_requested() const noexcept;

  // Waits for a signal, or only looks for one, and takes with it those that are
  // pending already: as long as that is worth the look.
  SIGFD_DECL void forward(bool waits) noexcept;

  // Waits for a signal, within a time, and appends it; whether another may
  // follow.
  SIGFD_DECL bool wait(signal_bits set, std::span<signal_info> infos,
      std::size_t& count, const ::timespec* within) noexcept;

  // Whether a signal was sent by interrupt(), or else by somebody to this
  // process.
  SIGFD_DECL bool is_own_second(const signal_info& info) const noexcept;

  fork_reset_mutex mutex_;
  fork_reset_value is_own_; // whether what follows is not the parent's
  std::size_t users_ = 0;
  ::pthread_t thread_{};
  std::atomic<::pid_t> thread_id_{0}; // not 0 once it can be interrupted
  std::atomic<signal_bits> wanted_{0};
  std::atomic<bool> is_interrupted_{false}; // until the thread takes that
  std::atomic<unsigned> seconds_begun_{0};
  std::atomic<unsigned> seconds_sent_{0};
  unsigned seconds_seen_ = 0; // the thread's own
  std::atomic<bool> is_stopped_{false};
  std::atomic<unsigned> pauses_requested_{0};
  std::atomic<unsigned> pauses_begun_{0};
  std::atomic<unsigned> pauses_ended_{0};
  speculative_read speculative_read_; // the thread's own
};

// The one of this process. Never destroyed, as watchers().
[[gnu::visibility("default")]] inline pipe_thread& the_pipe_thread() noexcept
{
  alignas(pipe_thread) static unsigned char memory[sizeof(pipe_thread)];
  static pipe_thread& instance = *::new (memory) pipe_thread;
  return instance;
}

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/pipe_thread.ipp)

#endif // SIGFD_DETAIL_PIPE_THREAD_HPP
