// A program that tells its context of a fork that then fails, and forgets to
// tell of that: signals still arrive, at the latest with the next call.

#include <sigfd/signal_fd.hpp>

#include "support/drain.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <optional>

namespace {

namespace net = boost::asio;
using sigfd::signal_fd;
using sigfd::signal_info;

struct fixture
{
  net::io_context context;
  signal_fd signals{context, {SIGRTMIN, SIGRTMIN + 1}, support::options()};

  // fork(2) has failed after this.
  fixture()
  {
    context.notify_fork(net::io_context::fork_prepare);
  }

  ~fixture()
  {
    signals.close();
    support::drain(SIGRTMIN);
    support::drain(SIGRTMIN + 1);
    support::drain(SIGRTMIN + 2);
  }

  void send(int number = SIGRTMIN)
  {
    BOOST_REQUIRE(support::queue(::getpid(), number, 1));
  }

  // Whether a wait that was started completes with the signal, without another
  // call to the object.
  bool completes(const support::outcome<signal_info>& wait, int number)
  {
    context.restart();
    context.run_for(support::patience());
    return wait.succeeded() && wait.result == number;
  }

  // Whether the descriptor becomes readable, without another call.
  bool becomes_readable()
  {
    ::pollfd p{signals.native_handle(), POLLIN, 0};
    return support::wait_until([&] { return ::poll(&p, 1, 0) == 1; });
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(fork_failed, fixture)

BOOST_AUTO_TEST_CASE(an_asynchronous_wait_gets_a_signal)
{
  for (int i = 0; i < 3; ++i)
  {
    support::outcome<signal_info> wait;
    signals.async_wait(wait.handler());
    context.restart();
    context.poll();
    send();
    BOOST_TEST(completes(wait, SIGRTMIN));
  }
}

BOOST_AUTO_TEST_CASE(an_asynchronous_wait_gets_what_was_there_before)
{
  send();
  support::outcome<signal_info> wait;
  signals.async_wait(wait.handler());
  BOOST_TEST(completes(wait, SIGRTMIN));
}

// After some that found nothing, waits do not look first.
BOOST_AUTO_TEST_CASE(a_wait_that_expects_nothing_gets_a_signal)
{
  context.notify_fork(net::io_context::fork_parent);
  for (int i = 0; i < 10; ++i)
  {
    support::outcome<signal_info> wait;
    signals.async_wait(wait.handler());
    context.restart();
    context.poll();
    send();
    BOOST_REQUIRE(completes(wait, SIGRTMIN));
  }
  context.notify_fork(net::io_context::fork_prepare);
  for (int i = 0; i < 3; ++i)
  {
    support::outcome<signal_info> wait;
    signals.async_wait(wait.handler());
    send();
    BOOST_TEST(completes(wait, SIGRTMIN));
  }
}

BOOST_AUTO_TEST_CASE(trying_again_and_again_gets_a_signal)
{
  send();
  std::optional<signal_info> info;
  BOOST_TEST(
      support::wait_until([&] { return !!(info = signals.try_wait()); }));
  BOOST_TEST((info && *info == SIGRTMIN));
}

BOOST_AUTO_TEST_CASE(trying_for_several_gets_a_signal)
{
  send();
  std::array<signal_info, 4> infos;
  BOOST_TEST(
      support::wait_until([&] { return signals.try_wait_some(infos) == 1; }));
}

BOOST_AUTO_TEST_CASE(an_update_lets_signals_through)
{
  signals.update({SIGRTMIN + 2});
  send(SIGRTMIN + 2);
  BOOST_TEST(becomes_readable());
}

BOOST_AUTO_TEST_CASE(an_update_that_changes_nothing_lets_signals_through)
{
  signals.update(signals.signals());
  send();
  BOOST_TEST(becomes_readable());
}

BOOST_AUTO_TEST_CASE(an_added_signal_lets_signals_through)
{
  signals.add(SIGRTMIN + 2);
  send();
  BOOST_TEST(becomes_readable());
}

BOOST_AUTO_TEST_CASE(a_signal_that_is_watched_already_lets_signals_through)
{
  signals.add(SIGRTMIN);
  send();
  BOOST_TEST(becomes_readable());
}

BOOST_AUTO_TEST_CASE(a_removed_signal_lets_signals_through)
{
  signals.remove(SIGRTMIN + 1);
  send();
  BOOST_TEST(becomes_readable());
}

BOOST_AUTO_TEST_CASE(the_next_fork_lets_signals_through)
{
  context.notify_fork(net::io_context::fork_prepare);
  context.notify_fork(net::io_context::fork_parent);
  send();
  BOOST_TEST(becomes_readable());
}

BOOST_AUTO_TEST_CASE(two_failed_forks_are_like_one)
{
  context.notify_fork(net::io_context::fork_prepare);
  support::outcome<signal_info> wait;
  signals.async_wait(wait.handler());
  send();
  BOOST_TEST(completes(wait, SIGRTMIN));
}

BOOST_AUTO_TEST_CASE(opening_again_lets_signals_through)
{
  signals.close();
  signals.open({SIGRTMIN}, support::options());
  send();
  BOOST_TEST(becomes_readable());
}

// What a pipe held before the fork keeps its place.
BOOST_AUTO_TEST_CASE(what_came_before_the_fork_comes_first)
{
  context.notify_fork(net::io_context::fork_parent);
  for (int i = 0; i < 10; ++i)
    BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
  BOOST_TEST(becomes_readable());
  context.notify_fork(net::io_context::fork_prepare);
  for (int i = 10; i < 20; ++i)
    BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
  for (int i = 0; i < 20; ++i)
  {
    std::optional<signal_info> info;
    BOOST_REQUIRE(
        support::wait_until([&] { return !!(info = signals.try_wait()); }));
    BOOST_TEST(info->value()->sival_int == i);
  }
}

// In a process of its own, where it may hang.
BOOST_AUTO_TEST_CASE(a_blocking_wait_gets_a_signal)
{
  support::process child([] {
    net::io_context own;
    signal_fd fd(own, {SIGRTMIN}, support::options());
    own.notify_fork(net::io_context::fork_prepare);
    return support::queue(::getpid(), SIGRTMIN, 7)
            && fd.wait().value()->sival_int == 7
        ? 0
        : 1;
  });
  BOOST_TEST(child.wait_for(support::child_bound()) == 0);
}

// In the child of a fork that the context was told of before, and not after.
BOOST_AUTO_TEST_CASE(a_child_that_closes_does_not_hang)
{
  support::process child([&] {
    signals.close();
    return 0;
  });
  BOOST_TEST(child.wait_for(support::child_bound()) == 0);
  support::outcome<signal_info> wait;
  signals.async_wait(wait.handler());
  send();
  BOOST_TEST(completes(wait, SIGRTMIN));
}

BOOST_AUTO_TEST_SUITE_END()
