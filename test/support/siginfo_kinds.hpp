// An object that hears of signals of every kind, and what they say.

#ifndef SIGFD_TEST_SUPPORT_SIGINFO_KINDS_HPP
#define SIGFD_TEST_SUPPORT_SIGINFO_KINDS_HPP

#include <sigfd/signal_fd.hpp>

#include "drain.hpp"
#include "source.hpp"
#include "wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace support {

// The views of a signal_info, as bits.
enum view : unsigned
{
  no_view = 0,
  sender_view = 1,
  value_view = 2,
  child_view = 4,
  timer_view = 8,
  io_view = 16,
  fault_view = 32,
  syscall_view = 64
};

// Which views have something.
inline unsigned views_of(const sigfd::signal_info& info)
{
  return (info.sender() ? sender_view : 0u) | (info.value() ? value_view : 0u)
      | (info.child() ? child_view : 0u) | (info.timer() ? timer_view : 0u)
      | (info.io() ? io_view : 0u) | (info.fault() ? fault_view : 0u)
      | (info.syscall() ? syscall_view : 0u);
}

inline std::string print(const sigfd::signal_info& info)
{
  std::ostringstream os;
  os << info;
  return os.str();
}

// Whether a line begins with a text.
inline boost::test_tools::predicate_result begins_with(
    const std::string& line, const std::string& text)
{
  boost::test_tools::predicate_result result(line.rfind(text, 0) == 0);
  if (!result)
    result.message() << "\"" << line << "\" does not begin with \"" << text
                     << "\"";
  return result;
}

// " from pid 42 (uid 1000"
inline std::string from(::pid_t pid)
{
  return " from pid " + std::to_string(pid) + " (uid "
      + std::to_string(::getuid());
}

// Whether the kernel can keep what it is to tell: all processes of the user
// share a limit, and another test may be at it (RLIMIT_SIGPENDING).
inline bool queue_has_room()
{
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word)
    if (word == "SigQ:")
    {
      long used = 0;
      long limit = 0;
      char slash = 0;
      return status >> used >> slash >> limit && used < limit / 2;
    }
  return false;
}

// An object, and what it hears.
struct siginfo_fixture
{
  // SIGCHLD is for siginfo_child_fixture: the other cases have children, too,
  // and no wish to hear of them.
  explicit siginfo_fixture(
      const sigfd::signal_mask& mask = {SIGHUP, SIGUSR1, SIGUSR2, SIGALRM,
          SIGIO, SIGBUS, SIGSYS, SIGTRAP, SIGRTMIN, SIGRTMIN + 1})
    : signals(context, mask, options())
  {
    BOOST_REQUIRE(wait_until(queue_has_room));
  }

  // What came late, such as a timer's last expiry, is not for the next case.
  ~siginfo_fixture()
  {
    const sigfd::signal_mask mask = signals.signals();
    signals.close();
    for (const int n : mask)
      drain(n);
  }

  // The next signal; the test fails if none comes.
  sigfd::signal_info next()
  {
    std::optional<sigfd::signal_info> got;
    signals.async_wait(
        [&](boost::system::error_code ec, const sigfd::signal_info& info) {
          BOOST_TEST(!ec);
          got = info;
        });
    context.restart();
    context.run_for(support::patience());
    BOOST_REQUIRE(got.has_value());

    // Whatever it is, a siginfo_t says the same.
    BOOST_TEST((sigfd::signal_info(got->to_siginfo()) == *got));
    return *got;
  }

  boost::asio::io_context context;
  sigfd::signal_fd signals;
};

// One that hears of children, and unblocks SIGCHLD at the end: what is left of
// it is discarded then.
struct siginfo_child_fixture : private sigfd::scoped_signal_block,
                               siginfo_fixture
{
  siginfo_child_fixture()
    : sigfd::scoped_signal_block({SIGCHLD}),
      siginfo_fixture({SIGCHLD})
  {
  }
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_SIGINFO_KINDS_HPP
