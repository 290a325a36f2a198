// What a failed operation must not change: descriptors, threads, the mask.

#ifndef SIGFD_TEST_SUPPORT_PROCESS_STATE_HPP
#define SIGFD_TEST_SUPPORT_PROCESS_STATE_HPP

#include "wait_until.hpp"

#include <signal.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>

namespace support {

// How many entries a folder of /proc/self has.
inline std::size_t count_entries(const char* folder)
{
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(folder), {}));
}

// How many descriptors are open; the one that counts is counted, always.
inline std::size_t count_descriptors()
{
  return count_entries("/proc/self/fd");
}

// How many threads there are. One that was joined leaves a moment later.
inline std::size_t count_threads()
{
  return count_entries("/proc/self/task");
}

// Whether the calling thread blocks a signal.
inline bool is_blocked(int signal_number)
{
  ::sigset_t set;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &set);
  return ::sigismember(&set, signal_number) == 1;
}

// Whether a signal is pending for the calling thread or the process.
inline bool is_pending(int signal_number)
{
  ::sigset_t set;
  ::sigpending(&set);
  return ::sigismember(&set, signal_number) == 1;
}

// Whether any signal is pending for the process or one of its threads.
inline bool is_any_pending()
{
  for (const auto& task :
      std::filesystem::directory_iterator("/proc/self/task"))
  {
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("SigPnd:") || line.starts_with("ShdPnd:"))
        if (line.find_first_not_of("0 \t", line.find(':') + 1)
            != std::string::npos)
          return true;
  }
  return false;
}

// The action of a signal as sigaction(2) reports it.
inline struct ::sigaction action_of(int signal_number)
{
  struct ::sigaction action{};
  ::sigaction(signal_number, nullptr, &action);
  return action;
}

// Whether a signal has a handler that is told the siginfo, as the library's is.
inline bool has_siginfo_handler(int signal_number)
{
  return (action_of(signal_number).sa_flags & SA_SIGINFO) != 0;
}

// The state that must come back after a failure.
struct process_state
{
  std::size_t descriptors = count_descriptors();
  std::size_t threads = count_threads();
  std::array<bool, 65> blocked = blocked_signals();

  friend bool operator==(const process_state&, const process_state&) = default;

  friend std::ostream& operator<<(std::ostream& os, const process_state& s)
  {
    os << s.descriptors << " descriptors, " << s.threads << " threads, blocked";
    for (std::size_t n = 1; n < s.blocked.size(); ++n)
      if (s.blocked[n])
        os << ' ' << n;
    return os;
  }

private:
  static std::array<bool, 65> blocked_signals()
  {
    std::array<bool, 65> all{};
    for (std::size_t n = 1; n < all.size(); ++n)
      all[n] = is_blocked(static_cast<int>(n));
    return all;
  }
};

// Whether the state comes back, at once or when a joined thread has left.
inline bool returns_to(const process_state& before)
{
  return wait_until([&] { return process_state() == before; });
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_PROCESS_STATE_HPP
