// A process that watches and ignores signals, and what its children get of it.

#ifndef SIGFD_TEST_SUPPORT_SPAWNING_HPP
#define SIGFD_TEST_SUPPORT_SPAWNING_HPP

#include <sigfd/signal_fd.hpp>

#include "signals_of.hpp"
#include "source.hpp"
#include "wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>

namespace support {

// What the children execute; it changes no signals. A failing test leaves one
// behind for so many seconds at the most.
inline constexpr const char* sleep_program = "/bin/sleep";
inline constexpr const char* sleep_time = "60";

// The action of two signals for the time of a test.
class ignored_signals
{
public:
  ignored_signals()
  {
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGRTMIN + 1, SIG_IGN);
  }

  ignored_signals(const ignored_signals&) = delete;
  ignored_signals& operator=(const ignored_signals&) = delete;

  ~ignored_signals()
  {
    ::signal(SIGPIPE, SIG_DFL);
    ::signal(SIGRTMIN + 1, SIG_DFL);
  }
};

// The parent: blocks what it watches, ignores two signals, handles one.
struct spawning
{
  boost::asio::io_context context;
  sigfd::signal_fd signals{
      context, {SIGINT, SIGTERM, SIGCHLD, SIGRTMIN}, options()};
  ignored_signals ignored;

  const std::uint64_t blocked_bits = bits({SIGINT, SIGTERM, SIGCHLD, SIGRTMIN});
  const std::uint64_t ignored_bits = bits({SIGPIPE, SIGRTMIN + 1});

  spawning()
  {
    ::signal(SIGUSR1, [](int) {});
    const signal_sets own = signals_of(::getpid());
    BOOST_TEST_REQUIRE((own.blocked & blocked_bits) == blocked_bits);
    BOOST_TEST_REQUIRE((own.ignored & ignored_bits) == ignored_bits);
  }

  ~spawning()
  {
    ::signal(SIGUSR1, SIG_DFL);
  }
};

// Waits until a child of this process executes sleep_program.
inline void await_exec(::pid_t pid)
{
  BOOST_TEST_REQUIRE(pid > 0);
  BOOST_TEST_REQUIRE(wait_until([&] {
    std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
    std::string name;
    return std::getline(file, name) && name == "sleep";
  }));
}

// A child that the test started; gone when the object is.
class started_child
{
public:
  explicit started_child(::pid_t pid)
    : pid_(pid)
  {
  }

  started_child(const started_child&) = delete;
  started_child& operator=(const started_child&) = delete;

  ~started_child()
  {
    if (pid_ > 0)
    {
      ::kill(pid_, SIGKILL);
      ended_by();
    }
  }

  ::pid_t pid() const
  {
    return pid_;
  }

  // Waits for its end and returns the signal that ended it, or 0.
  int ended_by()
  {
    int status = 0;
    while (::waitpid(pid_, &status, 0) == -1 && errno == EINTR)
      continue;
    pid_ = -1;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

private:
  ::pid_t pid_;
};

// That a child, which executes sleep_program, has nothing of its parent's, and
// that SIGTERM ends it. Its end is left to be waited for.
inline void expect_clean(::pid_t pid)
{
  await_exec(pid);
  const signal_sets sets = signals_of(pid);
  BOOST_TEST(sets.blocked == 0u);
  BOOST_TEST(sets.ignored == 0u);
  BOOST_TEST(sets.caught == 0u);
  ::kill(pid, SIGTERM);
  ::siginfo_t info{};
  BOOST_TEST_REQUIRE(wait_until([&] {
    return ::waitid(P_PID, static_cast<::id_t>(pid), &info,
               WEXITED | WNOWAIT | WNOHANG)
        == 0
        && info.si_pid == pid;
  }));
  BOOST_TEST(info.si_code == CLD_KILLED);
  BOOST_TEST(info.si_status == SIGTERM);
}

// That it inherited what the parent blocks and ignores, but for the signals of
// more, which may be ignored as well; and that SIGTERM does not end it. It is
// gone afterwards.
inline void expect_inherited(
    const spawning& parent, ::pid_t pid, std::uint64_t more = 0)
{
  started_child child(pid);
  await_exec(pid);
  const signal_sets before = signals_of(pid);
  BOOST_TEST(before.blocked == parent.blocked_bits);
  BOOST_TEST((before.ignored & ~more) == parent.ignored_bits);
  BOOST_TEST(before.caught == 0u);
  ::kill(pid, SIGTERM);
  // It is there, it waits, and only SIGKILL ends the process.
  BOOST_TEST(signals_of(pid).pending == bits({SIGTERM}));
  ::kill(pid, SIGKILL);
  BOOST_TEST(child.ended_by() == SIGKILL);
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_SPAWNING_HPP
