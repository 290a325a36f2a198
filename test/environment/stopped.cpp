// A process that is stopped and continued again and again: no signal is lost,
// and those for stopping and continuing can be watched. More stops by "--".

#include <sigfd/signal_fd.hpp>

#include "environment/argument.hpp"
#include "environment/receiver.hpp"
#include "support/process.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace {

namespace net = boost::asio;
using environment::channel;
using environment::way;
using sigfd::signal_fd;
using support::process;

// What became of a child since it was asked last; 0 if it does not come.
int next_state(::pid_t pid, int options)
{
  ::siginfo_t info{};
  support::wait_until([&] {
    return ::waitid(P_PID, static_cast<::id_t>(pid), &info,
               options | WEXITED | WNOHANG | WNOWAIT)
        != 0
        || info.si_pid != 0;
  });
  if (info.si_code == CLD_STOPPED || info.si_code == CLD_CONTINUED)
    ::waitid(P_PID, static_cast<::id_t>(pid), &info, options);
  return info.si_code;
}

// Stops it for a moment, and has it continue; false if it has ended.
bool stop_for_a_moment(::pid_t pid)
{
  ::kill(pid, SIGSTOP);
  if (next_state(pid, WSTOPPED) != CLD_STOPPED)
    return false;
  ::kill(pid, SIGCONT);
  return next_state(pid, WCONTINUED) == CLD_CONTINUED;
}

} // namespace

BOOST_AUTO_TEST_SUITE(stopped)

BOOST_AUTO_TEST_CASE(nothing_is_lost_and_the_order_is_kept)
{
  const int stops = environment::argument(300);
  for (const way how : environment::ways)
  {
    const std::size_t count = 3 * static_cast<std::size_t>(stops);
    const channel ready;
    process receiver([&] {
      net::io_context context;
      signal_fd signals(context, {SIGRTMIN, SIGUSR1}, support::options());
      ready.tell();
      std::vector<int> expected = environment::receive(
          context, signals, how, count);
      if (!environment::are_all(expected, count))
        return 1;
      if (!std::is_sorted(expected.begin(), expected.end()))
        return 2;
      return signals.try_wait() ? 3 : 0;
    });
    BOOST_REQUIRE(ready.hear() == 0);

    // Three come around each stop, but for the last.
    const ::pid_t pid = receiver.pid();
    const channel stop;
    process sender([&] {
      for (std::size_t i = 0; i + 1 < count; ++i)
        if ((i % 3 == 0 && stop.hear() != 0)
            || !support::queue(pid, SIGRTMIN, static_cast<int>(i)))
          return 1;
      return 0;
    });
    int done = 0;
    for (int i = 0; i < stops; ++i)
    {
      BOOST_REQUIRE(stop.tell());
      if (done == i && stop_for_a_moment(pid))
        ++done;
    }
    BOOST_TEST(done == stops);
    BOOST_TEST(sender.wait() == 0);
    support::queue(pid, SIGRTMIN, static_cast<int>(count) - 1);
    BOOST_TEST(receiver.wait_for(support::child_bound()) == 0);
  }
}

// SIGTSTP does not stop a process that watches it, SIGCONT continues one and
// arrives; what came while it was stopped is there, too.
BOOST_AUTO_TEST_CASE(signals_for_stopping_can_be_watched)
{
  const int rounds = environment::argument(300) / 3;
  const channel heard;
  process receiver([&] {
    net::io_context context;
    signal_fd signals(
        context, {SIGTSTP, SIGCONT, SIGRTMIN}, support::options());
    heard.tell();
    while (heard.tell(signals.wait().number()))
      continue;
    return 1;
  });
  BOOST_REQUIRE(heard.hear() == 0);
  const ::pid_t pid = receiver.pid();
  for (int i = 0; i < rounds; ++i)
  {
    ::kill(pid, SIGTSTP);
    BOOST_REQUIRE(heard.hear() == SIGTSTP);

    ::kill(pid, SIGSTOP);
    BOOST_REQUIRE(next_state(pid, WSTOPPED) == CLD_STOPPED);
    BOOST_REQUIRE(support::queue(pid, SIGRTMIN, i));
    ::kill(pid, SIGCONT);
    BOOST_REQUIRE(next_state(pid, WCONTINUED) == CLD_CONTINUED);
    const int first = heard.hear();
    const int second = heard.hear();
    BOOST_REQUIRE(std::min(first, second) == SIGCONT);
    BOOST_REQUIRE(std::max(first, second) == SIGRTMIN);
  }
  ::siginfo_t info{};
  BOOST_TEST(::waitid(P_PID, static_cast<::id_t>(pid), &info,
                 WSTOPPED | WEXITED | WNOHANG)
      == 0);
  BOOST_TEST(info.si_pid == 0); // no SIGTSTP has stopped it
}

BOOST_AUTO_TEST_SUITE_END()
