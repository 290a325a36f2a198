// Each object that watches a signal hears each occurrence once, with everything
// that came with it.

#include <sigfd/signal_fd.hpp>

#include "support/delivery.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace {

using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;
using support::options;
using support::outcome;
using support::range;
using support::settle;
using support::take;
using support::values;

} // namespace

BOOST_FIXTURE_TEST_SUITE(delivery_every, support::delivery_fixture)

BOOST_AUTO_TEST_CASE(two_objects_hear_what_another_process_sends)
{
  for (const int number : {SIGTERM, SIGUSR1, SIGRTMIN})
  {
    signal_fd first(context, signal_mask{number}, options());
    signal_fd second(context, signal_mask{number}, options());
    outcome<signal_info> one;
    outcome<signal_info> two;
    first.async_wait(one.handler());
    second.async_wait(two.handler());
    context.restart();
    context.poll();
    support::process sender([number, parent = ::getpid()] {
      return support::queue(parent, number, 42) ? 0 : 1;
    });
    context.run();
    for (const auto& heard : {one, two})
    {
      BOOST_TEST(heard.succeeded());
      BOOST_TEST(heard.result.number() == number);
      BOOST_TEST(heard.result.code() == SI_QUEUE);
      BOOST_TEST(support::value_of(heard.result) == 42);
      BOOST_TEST(heard.result.sender()->pid == sender.pid());
      BOOST_TEST(heard.result.sender()->uid == ::getuid());
    }
    BOOST_TEST(sender.wait() == 0);
    BOOST_TEST((one.result == two.result));
    BOOST_TEST(!first.try_wait());
    BOOST_TEST(!second.try_wait());
  }
}

BOOST_AUTO_TEST_CASE(also_one_that_does_not_wait)
{
  signal_fd waits(context, {SIGRTMIN}, options());
  signal_fd idle(context, {SIGRTMIN}, options());
  for (int i = 0; i < 100; ++i)
  {
    outcome<signal_info> heard;
    waits.async_wait(heard.handler());
    send(SIGRTMIN, i);
    context.restart();
    context.run();
    BOOST_TEST_REQUIRE(heard.succeeded());
    BOOST_TEST(support::value_of(heard.result) == i);
  }
  // A wait that is started later.
  outcome<signal_info> late;
  idle.async_wait(late.handler());
  context.restart();
  context.run();
  BOOST_TEST(late.succeeded());
  BOOST_TEST(support::value_of(late.result) == 0);
  BOOST_TEST(support::value_of(idle.wait()) == 1);
  BOOST_TEST(take(idle) == range(2, 100), boost::test_tools::per_element());
  BOOST_TEST(take(waits).empty());
}

BOOST_AUTO_TEST_CASE(standard_signals_coalesce_for_each_object)
{
  signal_fd reads(context, {SIGTERM, SIGUSR1}, options());
  signal_fd sleeps(context, {SIGTERM, SIGUSR1}, options());
  for (int i = 0; i < 20; ++i)
    for (const int number : {SIGTERM, SIGUSR1})
    {
      send(number, i);
      BOOST_TEST(support::value_of(reads.wait()) == i);
    }
  // It never read, held nobody back, and has the first of each.
  BOOST_TEST(take(sleeps) == values({0, 0}), boost::test_tools::per_element());
  send(SIGUSR1, 20);
  BOOST_TEST(support::value_of(sleeps.wait()) == 20);
  settle();
  BOOST_TEST(take(reads) == values{20});
}

BOOST_AUTO_TEST_CASE(masks_may_overlap)
{
  signal_fd one(context, {SIGUSR1, SIGRTMIN}, options());
  signal_fd two(context, {SIGRTMIN, SIGRTMIN + 1}, options());
  signal_fd three(context, {SIGRTMIN + 1}, options());
  send(SIGUSR1, 100);
  for (int i = 0; i < 10; ++i)
  {
    send(SIGRTMIN, i);
    send(SIGRTMIN + 1, 10 + i);
  }
  settle();
  const auto of = [](int number, std::vector<signal_info>& all) {
    values v;
    for (const signal_info& info : all)
      if (info.number() == number)
        v.push_back(support::value_of(info));
    return v;
  };
  for (signal_fd* signals : {&two, &one, &three})
  {
    std::vector<signal_info> all;
    while (const auto info = signals->try_wait())
      all.push_back(*info);
    BOOST_TEST(of(SIGUSR1, all) == (signals == &one ? values{100} : values{}));
    BOOST_TEST(
        of(SIGRTMIN, all) == (signals == &three ? values{} : range(0, 10)));
    BOOST_TEST(
        of(SIGRTMIN + 1, all) == (signals == &one ? values{} : range(10, 20)));
  }
}

BOOST_AUTO_TEST_CASE(who_comes_after_the_delivery_does_not_hear_of_it)
{
  signal_fd early(context, {SIGRTMIN}, options());
  signal_fd sleeps(context, {SIGRTMIN}, options());
  send(SIGRTMIN, 1);
  BOOST_TEST(support::value_of(early.wait()) == 1);
  signal_fd late(context, {SIGRTMIN}, options());
  BOOST_TEST(!late.try_wait());
  send(SIGRTMIN, 2);
  BOOST_TEST(support::value_of(late.wait()) == 2);
  BOOST_TEST(take(sleeps) == range(1, 3));
  BOOST_TEST(take(early) == values{2});
}

// What others took comes first, then what they did not.
BOOST_AUTO_TEST_CASE(several_are_taken_at_once_in_their_order)
{
  for (const bool async : {false, true})
  {
    signal_fd one(context, {SIGRTMIN}, options());
    signal_fd two(context, {SIGRTMIN}, options());
    send(SIGRTMIN, 0, 50);
    settle();
    BOOST_TEST(take(one, 20) == range(0, 20));
    std::array<signal_info, 64> infos;
    std::size_t count = 0;
    if (async)
    {
      outcome<std::size_t> some;
      two.async_wait_some(infos, some.handler());
      context.restart();
      context.run();
      BOOST_TEST(some.succeeded());
      count = some.result;
    }
    else
      count = two.try_wait_some(infos);
    BOOST_TEST_REQUIRE(count == 50u);
    for (std::size_t i = 0; i < count; ++i)
      BOOST_TEST(support::value_of(infos[i]) == static_cast<int>(i));
    BOOST_TEST(one.wait_some(std::span(infos).first(25)) == 25u);
    BOOST_TEST(support::value_of(infos[0]) == 20);
    BOOST_TEST(take(one) == range(45, 50));
  }
}

// A flood that another object has taken does not keep an object from hearing
// what only it watches.
BOOST_AUTO_TEST_CASE(a_lower_number_is_not_behind_all_that_another_object_took)
{
  signal_fd fast(context, {SIGRTMIN}, options());
  signal_fd slow(context, {SIGTERM, SIGRTMIN}, options());
  send(SIGRTMIN, 0, 500);
  settle();
  BOOST_TEST((take(fast) == range(0, 500)));
  send(SIGTERM, 1'000);
  settle();
  const values first = take(slow, 20);
  BOOST_TEST((std::find(first.begin(), first.end(), 1'000) != first.end()));
  BOOST_TEST(take(slow).size() == 481u);
}

BOOST_AUTO_TEST_SUITE_END()
