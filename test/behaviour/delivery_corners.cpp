//
// delivery_corners.cpp
// ~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

// Several objects that watch a signal: what happens while one of them, or the
// thread of the pipes, has just asked, taken, or been copied to a child.

#include <sigfd/signal_fd.hpp>

#include "support/delivery.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <list>
#include <optional>

namespace {

namespace net = boost::asio;
using sigfd::delivery_policy;
using sigfd::handler_policy;
using sigfd::open_options;
using sigfd::overflow_policy;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::source;
using support::options;
using support::options_with;
using support::outcome;
using support::range;
using support::settle;
using support::take;
using support::values;

// What a handler closes.
signal_fd* to_close = nullptr;

void close_it(int)
{
  to_close->close();
}

// What an object finds that a child makes for itself, of so many signals that
// it takes one by one.
bool hears_as_many_in_a_child(int count)
{
  net::io_context context;
  signal_fd own(context, {SIGRTMIN}, options());
  for (int i = 0; i < count; ++i)
  {
    if (!support::queue(::getpid(), SIGRTMIN, i))
      return false;
    std::optional<signal_info> info;
    if (!support::wait_until(
            [&] { return (info = own.try_wait()).has_value(); })
        || support::value_of(*info) != i)
      return false;
  }
  return true;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(delivery_corners, support::delivery_fixture)

// Who takes signals has memory ready for all that watch them when it takes
// them, not when it began to wait for them.
BOOST_AUTO_TEST_CASE(many_are_opened_while_another_one_waits)
{
  signal_fd first(context, {SIGRTMIN}, {.source = source::pipe});
  settle(source::pipe);
  std::list<signal_fd> others;
  for (int i = 0; i < 200; ++i)
    others.emplace_back(context, sigfd::signal_mask{SIGRTMIN}, options());
  send(SIGRTMIN, 7); // nothing else may have the thread begin anew
  BOOST_TEST(support::value_of(first.wait()) == 7);
  settle(source::pipe);
  for (signal_fd& other : others)
    BOOST_TEST(take(other) == values{7});
}

BOOST_AUTO_TEST_CASE(others_need_memory_while_one_waits)
{
  signal_fd waits(context, {SIGRTMIN}, {.source = source::pipe});
  signal_fd takes(context, {SIGRTMIN + 1}, options());
  signal_fd keeps(context, {SIGRTMIN + 1}, options());
  for (int end = 1; end <= 200; ++end)
  {
    send(SIGRTMIN + 1, end);
    BOOST_REQUIRE(
        support::wait_until([&] { return takes.try_wait().has_value(); }));
    if (end % 64 != 0)
      continue;
    send(SIGRTMIN, end);
    BOOST_REQUIRE(
        support::wait_until([&] { return waits.try_wait().has_value(); }));
  }
  BOOST_TEST(take(keeps) == range(1, 201));
}

// What the parent had open is there in its memory, and does nothing.
BOOST_AUTO_TEST_CASE(child_opens_its_own)
{
  for (const source which : {source::kernel, source::pipe})
  {
    const signal_fd parents(context, {SIGRTMIN}, {.source = which});
    support::process child(
        [] { return hears_as_many_in_a_child(2500) ? 0 : 1; });
    BOOST_TEST(child.wait_for(support::child_bound()) == 0);
  }
}

BOOST_AUTO_TEST_CASE(child_tells_one_context_of_two)
{
  for (const source which : {source::kernel, source::pipe})
  {
    net::io_context other;
    signal_fd told(context, {SIGRTMIN}, options());
    const signal_fd untold(other, {SIGRTMIN}, {.source = which});
    context.notify_fork(net::execution_context::fork_prepare);
    support::process child([&] {
      context.notify_fork(net::execution_context::fork_child);
      for (int i = 0; i < 2500; ++i)
      {
        std::optional<signal_info> info;
        if (!support::queue(::getpid(), SIGRTMIN, i)
            || !support::wait_until(
                [&] { return (info = told.try_wait()).has_value(); })
            || support::value_of(*info) != i)
          return 1;
      }
      return 0;
    });
    context.notify_fork(net::execution_context::fork_parent);
    BOOST_TEST(child.wait_for(support::child_bound()) == 0);
  }
}

// A signal comes between.
BOOST_AUTO_TEST_CASE(child_tells_two_contexts)
{
  for (const source which : {source::kernel, source::pipe})
  {
    net::io_context other;
    signal_fd first(context, {SIGRTMIN}, options());
    signal_fd second(other, {SIGRTMIN}, {.source = which});
    for (net::io_context* c : {&context, &other})
      c->notify_fork(net::execution_context::fork_prepare);
    support::process child([&] {
      context.notify_fork(net::execution_context::fork_child);
      for (int i = 0; i < 10; ++i)
        support::queue(::getpid(), SIGRTMIN, i);
      values taken;
      support::wait_until([&] {
        const values more = take(first);
        taken.insert(taken.end(), more.begin(), more.end());
        return taken.size() == 10;
      });
      other.notify_fork(net::execution_context::fork_child);
      for (int i = 10; i < 20; ++i)
        support::queue(::getpid(), SIGRTMIN, i);
      values others;
      support::wait_until([&] {
        const values more = take(second);
        others.insert(others.end(), more.begin(), more.end());
        return others.size() == 20;
      });
      return taken == range(0, 10) && others == range(0, 20)
              && take(first) == range(10, 20)
          ? 0
          : 1;
    });
    for (net::io_context* c : {&context, &other})
      c->notify_fork(net::execution_context::fork_parent);
    BOOST_TEST(child.wait_for(support::child_bound()) == 0);
  }
}

// One that waits hears of what another one has taken for all who compete.
BOOST_AUTO_TEST_CASE(signal_is_added_that_another_one_has_taken)
{
  signal_fd has(context, {SIGRTMIN},
      {.source = source::pipe, .delivery = delivery_policy::one});
  signal_fd waits(context, {SIGRTMIN + 1}, options_with(delivery_policy::one));
  outcome<signal_info> wait;
  waits.async_wait(wait.handler());
  context.poll();
  send(SIGRTMIN, 7);
  settle(source::pipe);
  waits.add(SIGRTMIN);
  BOOST_REQUIRE(support::wait_until([&] {
    context.poll();
    return wait.completions != 0;
  }));
  BOOST_REQUIRE(wait.succeeded());
  BOOST_TEST(support::value_of(wait.result) == 7);
}

BOOST_AUTO_TEST_CASE(handler_closes_the_object_that_takes)
{
  struct ::sigaction old{};
  struct ::sigaction action{};
  action.sa_handler = &close_it;
  ::sigaction(SIGRTMIN, &action, &old);
  open_options calls = options();
  calls.handlers = handler_policy::call;
  signal_fd signals(context, {SIGRTMIN}, calls);
  to_close = &signals;
  send(SIGRTMIN, 0, 100);
  settle();
  std::array<signal_info, 100> infos;
  std::size_t count = 0;
  BOOST_REQUIRE(support::wait_until(
      [&] { return (count = signals.try_wait_some(infos)) != 0; }));
  BOOST_TEST(count <= 64u);
  BOOST_TEST(!signals.is_open());
  ::sigaction(SIGRTMIN, &old, nullptr);
}

// What an object has dropped does not come again, also not when the last one
// that had it is closed.
BOOST_AUTO_TEST_CASE(dropped_does_not_come_again)
{
  signal_fd has(context, {SIGRTMIN}, {.source = source::pipe});
  signal_fd drops(
      context, {SIGRTMIN}, options_with(2, overflow_policy::drop_oldest));
  send(SIGRTMIN, 0, 5);
  settle(source::pipe);
  BOOST_TEST(drops.dropped() == 3u);
  has.close();
  BOOST_TEST(take(drops) == range(3, 5));
  settle();
  BOOST_TEST(take(drops).empty());
}

BOOST_AUTO_TEST_CASE(nor_does_it_when_both_are_closed)
{
  signal_fd has(context, {SIGRTMIN}, {.source = source::pipe});
  signal_fd drops(
      context, {SIGRTMIN}, options_with(2, overflow_policy::drop_oldest));
  send(SIGRTMIN, 0, 5);
  settle(source::pipe);
  drops.close();
  has.close();
  signal_fd next(context, {SIGRTMIN}, {.source = source::kernel});
  BOOST_TEST(take(next) == range(3, 5));
}

// What the thread took goes to an object that is alone on the number by then,
// and has yet to hear that there is something in its store.
BOOST_AUTO_TEST_CASE(the_last_one_gets_what_the_thread_took)
{
  const signal_fd keeps_the_thread(
      context, {SIGUSR1}, {.source = source::pipe});
  signal_fd has(context, {SIGRTMIN}, {.source = source::pipe});
  send(SIGRTMIN, 0, 3);
  settle(source::pipe);
  signal_fd last(context, {SIGRTMIN}, {.source = source::kernel});
  outcome<signal_info> wait;
  last.async_wait(wait.handler());
  context.poll();
  has.close();
  send(SIGRTMIN, 3, 4);
  context.restart();
  context.run_for(support::patience());
  BOOST_REQUIRE(wait.succeeded());
  values all = take(last);
  all.insert(all.begin(), support::value_of(wait.result));
  BOOST_TEST(all == range(0, 4));
}

// A standard signal that coalesced with the one that an object had does not
// come to it later, when another one is closed that had it.
BOOST_AUTO_TEST_CASE(coalesced_does_not_come_again)
{
  signal_fd stays(context, {SIGUSR1}, options());
  signal_fd leaves(context, {SIGUSR1}, {.source = source::pipe});
  send(SIGUSR1, 0);
  settle(source::pipe);
  BOOST_TEST(take(leaves) == range(0, 1));
  send(SIGUSR1, 1); // leaves has it; stays has the one before it
  settle(source::pipe);
  BOOST_TEST(take(stays) == range(0, 1));
  send(SIGUSR1, 2);
  settle(source::pipe);
  BOOST_TEST(take(stays) == range(2, 3));
  leaves.close();
  settle();
  BOOST_TEST(take(stays).empty());
}

// But to one that came later, and where nobody watches any more.
BOOST_AUTO_TEST_CASE(coalesced_comes_to_those_who_have_not_heard)
{
  signal_fd first(context, {SIGUSR1}, options());
  signal_fd second(context, {SIGUSR1}, {.source = source::pipe});
  send(SIGUSR1, 0);
  settle(source::pipe);
  BOOST_TEST(take(second) == range(0, 1));
  send(SIGUSR1, 1);
  settle(source::pipe);
  signal_fd late(context, {SIGUSR1}, options());
  signal_fd later(context);
  later.add(SIGUSR2);
  later.add(SIGUSR1);
  first.close(); // without having heard
  second.close();
  settle();
  BOOST_TEST(take(late) == range(1, 2));
  BOOST_TEST(take(later) == range(1, 2));
}

// The same where what an object had was before the other one came.
BOOST_AUTO_TEST_CASE(coalesced_with_what_was_before_the_other)
{
  for (const bool has_late : {false, true})
  {
    signal_fd stays(context, {SIGUSR1}, {.source = source::pipe});
    send(SIGUSR1, 0);
    settle(source::pipe);
    signal_fd leaves(context, {SIGUSR1}, options());
    send(SIGUSR1, 1); // leaves has it; stays has the one before it
    settle(source::pipe);
    std::optional<signal_fd> late;
    if (has_late)
      late.emplace(context, sigfd::signal_mask{SIGUSR1}, options());
    BOOST_TEST(take(stays) == range(0, 1));
    leaves.close();
    settle();
    BOOST_TEST(take(stays).empty());
    if (has_late)
      BOOST_TEST(take(*late) == range(1, 2));
  }
}

BOOST_AUTO_TEST_SUITE_END()
