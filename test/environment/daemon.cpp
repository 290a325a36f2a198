// A program that becomes a daemon, after or before it has opened an object: the
// daemon gets its signals, and the parent its own.

#include <sigfd/signal_fd.hpp>

#include "environment/receiver.hpp"
#include "support/process.hpp"
#include "support/signals_of.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <initializer_list>
#include <vector>

namespace {

namespace net = boost::asio;
using environment::are_all;
using environment::channel;
using environment::receive;
using environment::way;
using sigfd::signal_fd;
using support::process;

constexpr int count = 200;
// A daemon that hangs has nobody.
void end_if_it_hangs()
{
  ::alarm(static_cast<unsigned>(support::child_bound().count()));
}

// Daemons whose parents have ended are children of this process.
struct reaper
{
  reaper()
  {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  }
};

// The exit status of a daemon. It is a child of this process only when the one
// between has ended.
int end_of(::pid_t daemon)
{
  int status = 0;
  while (::waitpid(daemon, &status, 0) == -1)
  {
    if (errno != EINTR && (errno != ECHILD || ::kill(daemon, 0) == -1))
      return -1;
    ::usleep(200);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// What the daemon does: says who it is, and receives what is sent to it.
int serve(net::io_context& context, signal_fd& signals, const channel& pid)
{
  end_if_it_hangs();
  pid.tell(::getpid());
  const auto values = receive(context, signals, way::asynchronous, count);
  return are_all(values, count) && !signals.try_wait() ? 0 : 1;
}

// Sends to the daemon, and has its exit status.
int send_to(::pid_t daemon)
{
  const support::signal_sets sets = support::signals_of(daemon);
  BOOST_TEST((sets.blocked & support::bits({SIGTERM, SIGRTMIN})) != 0u);
  for (int i = 0; i < count; ++i)
    BOOST_REQUIRE(support::queue(daemon, SIGRTMIN, i));
  return end_of(daemon);
}

void close_standard_descriptors()
{
  for (const int fd : {0, 1, 2})
    ::close(fd);
}

// Forks as a program does that goes on with its context in the child.
::pid_t fork_with(net::io_context& context)
{
  context.notify_fork(net::io_context::fork_prepare);
  const ::pid_t pid = ::fork();
  context.notify_fork(
      pid == 0 ? net::io_context::fork_child : net::io_context::fork_parent);
  return pid;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(daemons, reaper)

BOOST_AUTO_TEST_CASE(opened_before_daemon_3)
{
  const channel pid;
  process program([&] {
    net::io_context context;
    signal_fd signals(context, {SIGTERM, SIGRTMIN}, support::options());
    support::queue(::getpid(), SIGRTMIN, 1'000); // the old process's
    context.notify_fork(net::io_context::fork_prepare);
    if (::daemon(0, 0) == -1)
      return 2;
    context.notify_fork(net::io_context::fork_child);
    return serve(context, signals, pid);
  });
  const int daemon = pid.hear();
  BOOST_TEST(program.wait() == 0);
  BOOST_TEST(send_to(daemon) == 0);
}

BOOST_AUTO_TEST_CASE(opened_after_daemon_3)
{
  const channel pid;
  process program([&] {
    if (::daemon(0, 0) == -1)
      return 2;
    net::io_context context;
    signal_fd signals(context, {SIGTERM, SIGRTMIN}, support::options());
    return serve(context, signals, pid);
  });
  const int daemon = pid.hear();
  BOOST_TEST(program.wait() == 0);
  BOOST_TEST(send_to(daemon) == 0);
}

// The reactor's and the object's own descriptors are 0 and up then.
BOOST_AUTO_TEST_CASE(opened_with_no_standard_descriptors)
{
  const channel pid;
  process program([&] {
    ::setsid();
    close_standard_descriptors();
    net::io_context context;
    signal_fd signals(context, {SIGTERM, SIGRTMIN}, support::options());
    return serve(context, signals, pid);
  });
  const int daemon = pid.hear();
  for (int i = 0; i < count; ++i)
    BOOST_REQUIRE(support::queue(daemon, SIGRTMIN, i));
  BOOST_TEST(program.wait() == 0);
}

// Of what is sent to the program while it forks, and goes on, nothing is lost
// and nothing comes to the daemon.
BOOST_AUTO_TEST_CASE(opened_before_a_double_fork)
{
  for (const bool wait_is_outstanding : {false, true})
  {
    const channel ready;
    const channel pid;
    process program([&] {
      net::io_context context;
      signal_fd signals(context, {SIGTERM, SIGRTMIN}, support::options());
      std::vector<int> values;
      if (wait_is_outstanding)
      {
        signals.async_wait(
            [&](boost::system::error_code, const sigfd::signal_info& info) {
              values.push_back(info.value()->sival_int);
            });
        context.poll();
      }
      ready.tell();
      values = [&] {
        auto some = receive(context, signals, way::blocking, count / 4);
        some.insert(some.end(), values.begin(), values.end());
        return some;
      }();
      if (fork_with(context) == 0)
      {
        ::setsid();
        if (fork_with(context) != 0)
          ::_exit(0);
        if (::chdir("/") == -1)
          return 2;
        close_standard_descriptors();
        values.clear();
        end_if_it_hangs();
        pid.tell(::getpid());
        if (wait_is_outstanding) // the parent's wait goes on here, too
          while (values.empty())
            context.run_one();
        const auto rest = receive(
            context, signals, way::asynchronous, count - values.size());
        values.insert(values.end(), rest.begin(), rest.end());
        return are_all(values, count) && !signals.try_wait() ? 0 : 3;
      }
      if (wait_is_outstanding)
        while (values.size() == count / 4)
          context.run_one();
      const auto rest = receive(
          context, signals, way::asynchronous, count - values.size());
      values.insert(values.end(), rest.begin(), rest.end());
      return are_all(values, count) && !signals.try_wait() ? 0 : 4;
    });
    BOOST_REQUIRE(ready.hear() == 0);
    process sender([&] {
      for (int i = 0; i < count; ++i)
        if (!support::queue(program.pid(), SIGRTMIN, i) || ::usleep(20) != 0)
          return 1;
      return 0;
    });
    const int daemon = pid.hear();
    BOOST_TEST(send_to(daemon) == 0);
    BOOST_TEST(sender.wait() == 0);
    BOOST_TEST(program.wait() == 0);
  }
}

BOOST_AUTO_TEST_SUITE_END()
