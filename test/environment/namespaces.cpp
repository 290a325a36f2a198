// Pid namespaces, where the process may be their init, and time namespaces,
// where the clocks are others. Root can have them, others by a user namespace.

#include <sigfd/signal_fd.hpp>
#include <sigfd/spawn.hpp>
#include <sigfd/stray_counts.hpp>

#include "environment/receiver.hpp"
#include "support/no_room.hpp"
#include "support/process.hpp"
#include "support/skip.hpp"
#include "support/source.hpp"
#include "support/unblocked_threads.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>
#include <boost/version.hpp>

#if BOOST_VERSION >= 107700 && defined(BOOST_ASIO_HAS_CO_AWAIT)
#include <boost/asio/awaitable.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#endif

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <fstream>
#include <functional>
#include <variant>
#include <vector>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using environment::are_all;
using environment::channel;
using environment::receive;
using environment::way;
using sigfd::signal_fd;
using sigfd::signal_info;
using support::process;

constexpr int count = 100;

// From here on, children are in a namespace of this kind.
bool enter(int kind)
{
  return ::unshare(::geteuid() == 0 ? kind : kind | CLONE_NEWUSER) == 0;
}

// Runs a function in a namespace, and another one beside it, which gets the pid
// of the first as it is outside. The exit status of the first; what is not
// allowed is skipped.
int run_in(int kind, const std::function<bool()>& set_up,
    const std::function<int()>& inside,
    const std::function<bool(::pid_t)>& outside)
{
  process other([&] {
    if (!enter(kind) || !set_up())
      return support::skipped;
    process init([&] { return inside(); });
    if (!outside(init.pid()))
      return 101;
    return init.wait();
  });
  const int result = other.wait_for(support::child_bound());
  if (result == support::skipped)
    support::skip("this user may have no such namespace");
  return result;
}

int run_in_pid_namespace(
    const std::function<int()>& inside,
    const std::function<bool(::pid_t)>& outside = [](::pid_t) { return true; })
{
  return run_in(CLONE_NEWPID, [] { return true; }, inside, outside);
}

bool set_clock_ahead()
{
  std::ofstream offsets("/proc/self/timens_offsets");
  offsets << "monotonic 1000000 0\nboottime 1000000 0\n" << std::flush;
  return offsets.good();
}

// The clock is ahead of what it is here, or the test shows nothing.
int run_in_time_namespace(const std::function<int()>& inside)
{
  ::timespec before{};
  ::clock_gettime(CLOCK_MONOTONIC, &before);
  return run_in(
      CLONE_NEWTIME, &set_clock_ahead,
      [&] {
        ::timespec now{};
        ::clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec < before.tv_sec + 1'000'000 ? 102 : inside();
      },
      [](::pid_t) { return true; });
}

} // namespace

BOOST_AUTO_TEST_SUITE(pid_namespaces)

// A sender outside has no pid inside.
BOOST_AUTO_TEST_CASE(init_gets_signals_from_inside_and_outside)
{
  const channel ready;
  const auto inside = [&] {
    net::io_context context;
    signal_fd signals(
        context, {SIGTERM, SIGUSR1, SIGRTMIN}, support::options());
    if (::getpid() != 1)
      return 1;
    ready.tell();
    for (int i = 0; i < 2; ++i) // SIGUSR1 by kill, SIGRTMIN with a value
    {
      const signal_info info = signals.wait();
      if (info.sender() || info.native().ssi_pid != 0)
        return 2;
      if (info == SIGRTMIN && info.value()->sival_int != 7)
        return 3;
    }
    process child([] {
      return ::kill(1, SIGTERM) == 0 && support::queue(1, SIGRTMIN, 8) ? 0 : 1;
    });
    for (int i = 0; i < 2; ++i)
      if (signals.wait().sender()->pid != child.pid())
        return 4;
    if (child.wait() != 0)
      return 5;
    // Opening, changing and closing interrupt the thread of a pipe.
    for (int i = 0; i < 100; ++i)
    {
      signal_fd other(context, {SIGUSR2, SIGRTMIN}, support::options());
      other.update({SIGHUP});
    }
    return signals.try_wait() ? 6 : 0;
  };
  const auto outside = [&](::pid_t init) {
    return ready.hear() == 0 && ::kill(init, SIGUSR1) == 0
        && support::queue(init, SIGRTMIN, 7);
  };
  BOOST_TEST(run_in_pid_namespace(inside, outside) == 0);
}

// Each once, and as it was sent.
BOOST_AUTO_TEST_CASE(strays_from_inside_and_outside)
{
  const channel ready;
  const auto inside = [&] {
    net::io_context context;
    signal_fd signals(context, {SIGRTMIN, SIGRTMIN + 1}, support::options());
    std::vector<int> values;
    int bare = 0;
    {
      const support::unblocked_threads others(4);
      const support::passing_threads more;
      ready.tell();
      process child([] {
        return support::queue_range(1, SIGRTMIN, count, 2 * count) ? 0 : 1;
      });
      while (values.size() < 2 * count || bare < count)
      {
        const signal_info info = signals.wait();
        if (info == SIGRTMIN + 1)
          bare += info.code() == SI_USER && !info.sender() ? 1 : 1000;
        else
        {
          values.push_back(info.value()->sival_int);
          const bool is_inside = values.back() >= count;
          if (info.sender().has_value() != is_inside
              || (is_inside && info.sender()->pid != child.pid()))
            return 1;
        }
      }
      if (child.wait() != 0)
        return 2;
    }
    // The pipe's thread may take each before another thread does.
    const bool is_pipe = signals.source() == sigfd::source::pipe;
    if (!is_pipe && sigfd::count_strays().caught == 0)
      return 3;
    return are_all(values, 2 * count) && bare == count && !signals.try_wait()
        ? 0
        : 4;
  };
  const auto outside = [&](::pid_t init) {
    if (ready.hear() != 0)
      return false;
    for (int i = 0; i < count; ++i)
      if (!support::queue(init, SIGRTMIN, i)
          || ::kill(init, SIGRTMIN + 1) == -1)
        return false;
    return true;
  };
  BOOST_TEST(run_in_pid_namespace(inside, outside) == 0);
}

// The thread of a pipe is interrupted in another way where there is no room for
// a signal; it is told from others by its pid.
BOOST_AUTO_TEST_CASE(a_full_queue_in_a_namespace)
{
  const auto inside = [] {
    net::io_context context;
    signal_fd signals(context, {SIGUSR1}, support::options());
    const support::no_room none;
    for (int i = 0; i < 20; ++i)
    {
      signal_fd other(context, {SIGUSR2}, support::options());
      other.update({SIGHUP});
      ::kill(1, SIGUSR1);
      if (signals.wait() != SIGUSR1)
        return 1;
    }
    return 0;
  };
  BOOST_TEST(run_in_pid_namespace(inside) == 0);
}

// Also where the child has the parent's pid: it is the init of a namespace in
// the namespace.
BOOST_AUTO_TEST_CASE(children_of_init)
{
  const auto gets_own = [](net::io_context& context, signal_fd& signals) {
    for (int i = 0; i < count; ++i)
      support::queue(::getpid(), SIGRTMIN, i);
    return are_all(receive(context, signals, way::asynchronous, count), count)
        && !signals.try_wait();
  };
  const auto inside = [&] {
    net::io_context context;
    signal_fd signals(context, {SIGRTMIN}, support::options());
    for (const bool nested : {false, true})
    {
      support::queue(1, SIGRTMIN, 1'000); // the parent's
      if (nested && ::unshare(CLONE_NEWPID) == -1)
        return 1;
      context.notify_fork(net::io_context::fork_prepare);
      process child([&] {
        context.notify_fork(net::io_context::fork_child);
        if ((::getpid() == 1) != nested)
          return 1;
        return gets_own(context, signals) ? 0 : 2;
      });
      context.notify_fork(net::io_context::fork_parent);
      if (child.wait() != 0)
        return 2;
      if (signals.wait().value()->sival_int != 1'000)
        return 3;
    }
    return gets_own(context, signals) ? 0 : 4;
  };
  BOOST_TEST(run_in_pid_namespace(inside) == 0);
}

// What a PID 1 does, as tini: it forwards SIGTERM to its child, and reaps it
// and the orphans of others.
BOOST_AUTO_TEST_CASE(an_init_that_forwards_and_reaps)
{
  constexpr int orphans = 20;
  const channel ready;
  const auto inside = [&] {
    net::io_context context;
    signal_fd signals(context, {SIGTERM, SIGCHLD}, support::options());
    const ::pid_t main = ::fork();
    if (main == 0)
    {
      sigfd::reset_signals();
      for (int i = 0; i < orphans; ++i)
        if (const ::pid_t parent = ::fork(); parent == 0)
          ::_exit(::fork() == -1 ? 1 : 0); // its child has no parent then
        else
          ::waitpid(parent, nullptr, 0);
      ready.tell();
      for (;;)
        ::pause();
    }
    int reaped = 0;
    int status = -1;
    while (status == -1 || reaped < orphans)
    {
      const signal_info info = signals.wait();
      if (info == SIGTERM)
        ::kill(main, SIGTERM);
      int one = 0;
      for (::pid_t pid; (pid = ::waitpid(-1, &one, WNOHANG)) > 0;)
        if (pid == main)
          status = one;
        else
          ++reaped;
    }
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM
            && reaped == orphans
        ? 0
        : 2;
  };
  const auto outside = [&](::pid_t init) {
    return ready.hear() == 0 && ::kill(init, SIGTERM) == 0;
  };
  BOOST_TEST(run_in_pid_namespace(inside, outside) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(time_namespaces)

BOOST_AUTO_TEST_CASE(a_wait_with_a_timeout)
{
  const auto inside = [] {
    net::io_context context;
    signal_fd signals(context, {SIGRTMIN}, support::options());
    for (int i = 0; i < 50; ++i)
    {
      net::steady_timer timer(context, std::chrono::milliseconds(1));
      error_code result;
      signals.async_wait([&](error_code ec, const signal_info&) {
        result = ec;
        timer.cancel();
      });
      timer.async_wait([&](error_code ec) {
        if (!ec)
          signals.cancel();
      });
      context.restart();
      context.run();
      if (result != net::error::operation_aborted)
        return 1;
    }
    support::queue(::getpid(), SIGRTMIN, 1);
    return signals.wait().value()->sival_int == 1 ? 0 : 2;
  };
  BOOST_TEST(run_in_time_namespace(inside) == 0);
}

#if BOOST_VERSION >= 107700 && defined(BOOST_ASIO_HAS_CO_AWAIT)

// The timer wins most of the time, and takes no signal with it.
BOOST_AUTO_TEST_CASE(a_wait_or_a_timer)
{
  const auto inside = [] {
    using namespace net::experimental::awaitable_operators;
    net::io_context context;
    signal_fd signals(context, {SIGRTMIN}, support::options());
    std::vector<int> values;
    const auto race = [&]() -> net::awaitable<void> {
      while (values.size() < count)
      {
        net::steady_timer timer(context, std::chrono::microseconds(100));
        const auto first = co_await (signals.async_wait(net::use_awaitable)
            || timer.async_wait(net::use_awaitable));
        if (first.index() == 0)
          values.push_back(std::get<0>(first).value()->sival_int);
      }
    };
    process sender([receiver = ::getpid()] {
      for (int i = 0; i < count; ++i)
        if (!support::queue(receiver, SIGRTMIN, i) || ::usleep(100) != 0)
          return 1;
      return 0;
    });
    net::co_spawn(context, race(), net::detached);
    context.run();
    return sender.wait() == 0 && are_all(values, count) ? 0 : 1;
  };
  BOOST_TEST(run_in_time_namespace(inside) == 0);
}

#endif // BOOST_VERSION >= 107700 && defined(BOOST_ASIO_HAS_CO_AWAIT)

// The time of such a timer is that of the namespace.
BOOST_AUTO_TEST_CASE(signals_of_posix_timers)
{
  const auto inside = [] {
    net::io_context context;
    signal_fd signals(context, {SIGRTMIN}, support::options());
    ::sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGRTMIN;
    event.sigev_value.sival_int = 42;
    ::timer_t timer{};
    if (::timer_create(CLOCK_MONOTONIC, &event, &timer) == -1)
      return 1;
    for (int i = 0; i < 20; ++i)
    {
      ::itimerspec at{};
      ::clock_gettime(CLOCK_MONOTONIC, &at.it_value);
      at.it_value.tv_nsec += 100'000;
      if (at.it_value.tv_nsec >= 1'000'000'000)
      {
        at.it_value.tv_nsec -= 1'000'000'000;
        ++at.it_value.tv_sec;
      }
      if (::timer_settime(timer, TIMER_ABSTIME, &at, nullptr) == -1)
        return 2;
      const signal_info info = signals.wait();
      if (info.code() != SI_TIMER || info.value()->sival_int != 42)
        return 3;
    }
    ::timer_delete(timer);
    return signals.try_wait() ? 4 : 0;
  };
  BOOST_TEST(run_in_time_namespace(inside) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
