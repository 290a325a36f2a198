// Second processes: tests that claim something about signals from outside run
// against real senders.

#ifndef SIGFD_TEST_SUPPORT_PROCESS_HPP
#define SIGFD_TEST_SUPPORT_PROCESS_HPP

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <utility>

// Of gcov, where the job coverage links it.
extern "C" [[gnu::weak]] void __gcov_dump();

namespace support {

// Whether it counts what is reached, which makes it slow.
inline bool counts_coverage()
{
  return __gcov_dump != nullptr;
}

// Ends the process at once; what it reached counts nevertheless.
[[noreturn]] inline void exit_at_once(int status)
{
  if (counts_coverage())
    __gcov_dump();
  ::_exit(status);
}

// A child process that runs a function and exits with what it returns. It is
// made by fork(3), or by what is given in its place.
class process
{
public:
  template <typename Function>
  explicit process(Function&& function, ::pid_t (*fork)() = ::fork)
    : pid_(fork())
  {
    if (pid_ == -1)
      throw std::runtime_error("fork failed");
    if (pid_ == 0)
    {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that is killed leaves nobody
      exit_at_once(std::forward<Function>(function)());
    }
  }

  process(process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1))
  {
  }

  process& operator=(process&&) = delete;

  ~process()
  {
    if (pid_ != -1)
    {
      ::kill(pid_, SIGKILL);
      wait_status();
    }
  }

  ::pid_t pid() const noexcept
  {
    return pid_;
  }

  // Waits for its end; the status as waitpid(2) gives it.
  int wait_status() noexcept
  {
    int status = 0;
    while (::waitpid(pid_, &status, 0) == -1 && errno == EINTR)
      continue;
    pid_ = -1;
    return status;
  }

  // Waits for its end; the exit status, or -1 if it ended otherwise.
  int wait() noexcept
  {
    const int status = wait_status();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  // As wait(), but no longer than that: one that hangs is killed, and gives -2.
  int wait_for(std::chrono::milliseconds most) noexcept
  {
    const auto end = std::chrono::steady_clock::now() + most;
    while (!has_ended())
    {
      if (std::chrono::steady_clock::now() > end)
      {
        ::kill(pid_, SIGKILL);
        wait_status();
        return -2;
      }
      ::usleep(200);
    }
    return wait();
  }

private:
  // Whether it can be waited for without blocking.
  bool has_ended() const noexcept
  {
    ::siginfo_t info{};
    return ::waitid(P_PID, static_cast<::id_t>(pid_), &info,
               WEXITED | WNOHANG | WNOWAIT)
        != 0
        || info.si_pid != 0;
  }

  ::pid_t pid_;
};

// A fork of which the C library knows nothing.
inline ::pid_t clone_process()
{
  return static_cast<::pid_t>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

// Queues a signal with a value; waits while the receiver's queue is full
// (EAGAIN: RLIMIT_SIGPENDING). False on any other error.
inline bool queue(::pid_t pid, int signal_number, int value) noexcept
{
  ::sigval v{};
  v.sival_int = value;
  while (::sigqueue(pid, signal_number, v) == -1)
  {
    if (errno != EAGAIN)
      return false;
    ::usleep(50);
  }
  return true;
}

// Queues it with each value from first to before end, with a pause of so many
// microseconds after each.
inline bool queue_range(::pid_t pid, int signal_number, int first, int end,
    unsigned pause = 0) noexcept
{
  for (int i = first; i < end; ++i)
  {
    if (!queue(pid, signal_number, i))
      return false;
    if (pause != 0)
      ::usleep(pause);
  }
  return true;
}

// A process that queues a signal to this one count times, with the values 0,
// 1, 2 and so on, or from another first one, and a pause of so many
// microseconds after each. It exits with 0 if every signal was accepted.
inline process queue_many(
    int signal_number, int count, unsigned pause = 0, int first = 0)
{
  const ::pid_t receiver = ::getpid();
  return process([=] {
    return queue_range(receiver, signal_number, first, first + count, pause)
        ? 0
        : 1;
  });
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_PROCESS_HPP
