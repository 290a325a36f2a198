// fork(2) after several signals came at once, of which a part was taken: the
// parent gets the rest, in order, and the child none of it.

#include <sigfd/signal_fd.hpp>

#include "support/drain.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/settle.hpp"
#include "support/source.hpp"
#include "support/take_all.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cstddef>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

namespace {

namespace net = boost::asio;
using sigfd::signal_fd;
using sigfd::signal_info;
using support::outcome;

using list = std::vector<int>;

list range(int first, int end)
{
  list values(static_cast<std::size_t>(end - first));
  std::iota(values.begin(), values.end(), first);
  return values;
}

struct fixture
{
  net::io_context context;
  signal_fd signals{context, {SIGRTMIN}, support::options()};

  ~fixture()
  {
    signals.close();
    support::drain(SIGRTMIN);
  }

  // Sends signals with these values, and takes some from the front.
  void burst(int first, int end, int taken)
  {
    for (int i = first; i < end; ++i)
      BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
    if (signals.source() == sigfd::source::pipe)
      BOOST_REQUIRE(support::settle(SIGRTMIN));
    for (int i = first; i < first + taken; ++i)
      BOOST_TEST_REQUIRE(value_of(signals.wait()) == i);
  }

  // Forks, and runs a function in the child.
  template <typename Function>
  support::process fork(Function function)
  {
    context.notify_fork(net::io_context::fork_prepare);
    support::process child([&] {
      context.notify_fork(net::io_context::fork_child);
      return function();
    });
    context.notify_fork(net::io_context::fork_parent);
    return child;
  }

  // Takes so many, and what comes beyond.
  list take(std::size_t count)
  {
    list values;
    support::wait_until([&] {
      while (const auto info = signals.try_wait())
        values.push_back(value_of(*info));
      return values.size() >= count;
    });
    return values;
  }

  static int value_of(const signal_info& info)
  {
    return info.value() ? info.value()->sival_int : -1;
  }
};

// How many are sent, and how many are taken before the fork.
constexpr std::pair<int, int> parts[] = {
    {2, 0}, {2, 1}, {20, 3}, {32, 31}, {40, 33}, {200, 50}};

} // namespace

BOOST_AUTO_TEST_SUITE(fork_after_a_burst)

BOOST_AUTO_TEST_CASE(the_parent_gets_the_rest_and_the_child_none)
{
  for (const auto& [count, taken] : parts)
    BOOST_TEST_CONTEXT(taken << " of " << count)
    {
      fixture f;
      f.burst(0, count, taken);
      support::process child = f.fork([&] {
        if (!support::take_all(f.signals, 0).empty())
          return 1;
        if (!support::queue(::getpid(), SIGRTMIN, 1'000))
          return 2;
        return support::take_all(f.signals, 1) == std::multiset{1'000} ? 0 : 3;
      });
      BOOST_TEST(child.wait_for(support::child_bound()) == 0);
      BOOST_TEST(f.take(static_cast<std::size_t>(count - taken))
              == range(taken, count),
          boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(also_a_child_that_closes_it_and_opens_another)
{
  fixture f;
  f.burst(0, 20, 3);
  support::process child = f.fork([&] {
    f.signals.close();
    f.signals.open({SIGRTMIN}, support::options());
    return support::take_all(f.signals, 0).empty() ? 0 : 1;
  });
  BOOST_TEST(child.wait_for(support::child_bound()) == 0);
  BOOST_TEST(f.take(17) == range(3, 20), boost::test_tools::per_element());
}

// A child that only ends, or executes another program.
BOOST_AUTO_TEST_CASE(and_one_that_is_not_told)
{
  for (const bool prepared : {false, true})
  {
    fixture f;
    f.burst(0, 20, 3);
    if (prepared)
      f.context.notify_fork(net::io_context::fork_prepare);
    support::process child([&] {
      f.signals.close();
      return support::is_pending(SIGRTMIN) ? 1 : 0;
    });
    if (prepared)
      f.context.notify_fork(net::io_context::fork_parent);
    BOOST_TEST(child.wait_for(support::child_bound()) == 0);
    BOOST_TEST(f.take(17) == range(3, 20), boost::test_tools::per_element());
  }
}

// As a program that clears the flag FD_CLOEXEC, or hands the descriptor over.
BOOST_AUTO_TEST_CASE(a_child_that_is_not_told_can_ask_for_the_descriptor)
{
  using function = ::pid_t (*)();
  for (const function make : {function(::fork), support::clone_process})
    for (const bool prepared : {false, true})
    {
      fixture f;
      f.burst(0, 5, 1);
      if (prepared)
        f.context.notify_fork(net::io_context::fork_prepare);
      support::process child(
          [&] { return f.signals.native_handle() >= 0 ? 0 : 1; }, make);
      BOOST_TEST(child.wait_for(support::child_bound()) == 0);
      if (prepared)
        f.context.notify_fork(net::io_context::fork_parent);
      BOOST_TEST(f.take(4) == range(1, 5), boost::test_tools::per_element());
    }
}

// What comes between, or later, comes later.
BOOST_AUTO_TEST_CASE(what_comes_during_the_fork_comes_behind)
{
  fixture f;
  f.burst(0, 20, 3);
  f.context.notify_fork(net::io_context::fork_prepare);
  for (int i = 20; i < 40; ++i)
    BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
  support::process child([&] {
    f.context.notify_fork(net::io_context::fork_child);
    return support::take_all(f.signals, 0).empty() ? 0 : 1;
  });
  BOOST_TEST(child.wait_for(support::child_bound()) == 0);
  f.context.notify_fork(net::io_context::fork_parent);
  for (int i = 40; i < 60; ++i)
    BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
  BOOST_TEST(f.take(57) == range(3, 60), boost::test_tools::per_element());
}

// A wait that is outstanding gets, in each of both, the next of its own.
BOOST_AUTO_TEST_CASE(waits_go_on_with_the_rest_in_the_parent_alone)
{
  for (const bool expects : {false, true})
  {
    fixture f;
    f.burst(0, 5, 1);
    outcome<signal_info> wait;
    f.signals.async_wait(wait.handler());
    support::process child = f.fork([&] {
      f.context.poll();
      if (wait.completions != 0 || !support::queue(::getpid(), SIGRTMIN, 9))
        return 1;
      f.context.restart();
      f.context.run_for(support::patience());
      return wait.succeeded() && fixture::value_of(wait.result) == 9
              && support::take_all(f.signals, 0).empty()
          ? 0
          : 2;
    });
    if (expects)
      BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 5));
    f.context.run_for(support::patience());
    BOOST_TEST_REQUIRE(wait.succeeded());
    BOOST_TEST(fixture::value_of(wait.result) == 1);
    const int end = expects ? 6 : 5;
    BOOST_TEST(f.take(static_cast<std::size_t>(end - 2)) == range(2, end),
        boost::test_tools::per_element());
    BOOST_TEST(child.wait_for(support::child_bound()) == 0);
  }
}

// Who polls the descriptor finds it readable in the parent, and in the child
// when there is something of its own.
BOOST_AUTO_TEST_CASE(the_descriptor_tells_of_the_rest)
{
  for (const bool shown_before : {false, true})
  {
    fixture f;
    if (shown_before)
      f.signals.native_handle();
    f.burst(0, 3, 1);
    const auto is_readable = [&] {
      ::pollfd p{f.signals.native_handle(), POLLIN, 0};
      return ::poll(&p, 1, 0) == 1;
    };
    support::process child = f.fork([&] {
      if (is_readable() || !support::queue(::getpid(), SIGRTMIN, 9))
        return 1;
      return support::wait_until(is_readable) ? 0 : 2;
    });
    BOOST_TEST(child.wait_for(support::child_bound()) == 0);
    for (int i = 1; i < 3; ++i)
    {
      BOOST_TEST_REQUIRE(is_readable());
      BOOST_TEST(fixture::value_of(*f.signals.try_wait()) == i);
    }
    BOOST_TEST(!is_readable());
  }
}

BOOST_AUTO_TEST_SUITE_END()
