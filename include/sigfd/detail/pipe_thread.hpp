//
// detail/pipe_thread.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_PIPE_THREAD_HPP
#define SIGFD_DETAIL_PIPE_THREAD_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/speculative_read.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <atomic>
#include <cstddef>
#include <span>
#include <vector>

namespace sigfd::detail {

// A thread that waits for signals and writes their records into a pipe.
//
// It does nothing else, so it never runs code of the user's. Writing blocks: a
// full pipe holds the thread, and what it does not take stays in the kernel's
// queue, where nothing is dropped.
//
// The thread can be paused. It then has nothing in its hands: whatever it took
// was written into the pipe, in front of a sentinel. Only then are the mask and
// the backlog changed; that is all there is to synchronise.
class pipe_thread
{
public:
  pipe_thread() noexcept = default;
  pipe_thread(const pipe_thread&) = delete;
  pipe_thread& operator=(const pipe_thread&) = delete;

  // Starts the thread, at work.
  SIGFD_DECL void start(unique_fd write_end, const signal_mask& mask,
      boost::system::error_code& ec) noexcept;

  // Tells the thread to pause. The caller reads the pipe until it finds a
  // sentinel, and has then taken everything that the thread ever took.
  SIGFD_DECL void request_pause() noexcept;

  // Whether a record is a sentinel, which stands for no signal.
  static bool is_sentinel(const signal_info& info) noexcept
  {
    return info.number() == 0;
  }

  // While paused: changes what is waited for.
  SIGFD_DECL void set_mask(const signal_mask& mask) noexcept;

  // While paused: puts records into the empty pipe again, before anything new.
  // What does not fit now, the thread writes when it is at work.
  SIGFD_DECL void put_back(std::vector<signal_info> infos) noexcept;

  // While paused: lets the thread work again.
  SIGFD_DECL void resume() noexcept;

  // While paused: ends the thread, and waits for its end.
  SIGFD_DECL void stop() noexcept;

  // In a child of fork(2), where the thread's state is left as it is.
  SIGFD_DECL void forget() noexcept;

private:
  // The thread is interrupted by a signal directed at it alone, of a number
  // that nobody can watch, so it is never mistaken for one of those waited for.
  // A private signal is taken before any of the process: once it was sent, the
  // thread takes no other.
  static constexpr int pause_signal = SIGFPE;

  SIGFD_DECL int create(std::size_t stack_size) noexcept;

  // The thread.
  SIGFD_DECL void run() noexcept;

  SIGFD_DECL bool is_pause_requested() const noexcept;

  // Waits for a signal and writes its record, and with it those of the signals
  // that are pending already: as long as that is worth the look.
  SIGFD_DECL void forward() noexcept;

  // Waits for a signal, within a time, and appends what is to be written;
  // whether another may follow.
  SIGFD_DECL bool wait(std::span<signal_info> infos, std::size_t& count,
      const ::timespec* within) noexcept;

  SIGFD_DECL static void take_pause_signal() noexcept;

  SIGFD_DECL static void pass_on() noexcept;

  // Whether a record can be written without blocking.
  SIGFD_DECL bool has_room() const noexcept;

  // Writes records, blocking. Up to PIPE_BUF bytes are written whole (pipe(7)),
  // and the reader never closes first.
  SIGFD_DECL void write(std::span<const signal_info> infos) noexcept;

  ::pthread_t thread_{};
  unique_fd write_end_;
  signal_mask mask_;
  ::sigset_t waited_{}; // the mask, and the pause signal
  std::vector<signal_info> backlog_;
  std::atomic<unsigned> pauses_requested_{0};
  std::atomic<unsigned> pauses_ended_{0};
  bool stopped_ = false;

  // The thread's own: how many pauses have ended for it, and whether it took
  // the signal of the one that comes.
  unsigned pauses_ = 0;
  bool interrupted_ = false;
  speculative_read speculative_read_;
};

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/pipe_thread.ipp)

#endif // SIGFD_DETAIL_PIPE_THREAD_HPP
