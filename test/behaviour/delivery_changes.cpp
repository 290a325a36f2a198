// What an object has not delivered yet is its own: it goes with the object, and
// with the signals that the object no longer watches, and the others' stays.

#include <sigfd/signal_fd.hpp>

#include "support/delivery.hpp"
#include "support/outcome.hpp"
#include "support/process_state.hpp"
#include "support/source.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <optional>
#include <utility>

namespace {

namespace net = boost::asio;
using sigfd::basic_signalfd;
using sigfd::overflow_policy;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;
using support::options;
using support::options_with;
using support::outcome;
using support::range;
using support::settle;
using support::take;
using support::value_of;
using support::values;

// Three objects, of which one has taken ten signals of each of two numbers, and
// the others have not yet.
struct fixture : support::delivery_fixture
{
  const signal_mask both{SIGRTMIN, SIGRTMIN + 1};
  signal_fd takes{context, both, options()};
  std::optional<signal_fd> changes;
  signal_fd stays{context, both, options()};

  fixture()
  {
    changes.emplace(context, both, options());
    fill(0);
  }

  void fill(int first)
  {
    send(SIGRTMIN, first, first + 10);
    send(SIGRTMIN + 1, first + 10, first + 20);
    settle();
    BOOST_TEST(take(takes) == range(first, first + 20));
  }

  // The others have what they had, and hear what comes next, once.
  void check_others()
  {
    BOOST_TEST(take(stays) == range(0, 20));
    fill(100);
    BOOST_TEST(take(stays) == range(100, 120));
    settle();
    for (signal_fd* signals : {&takes, &stays})
      BOOST_TEST(take(*signals).empty());
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(delivery_changes, fixture)

BOOST_AUTO_TEST_CASE(destruction_discards_the_objects_alone)
{
  changes.reset();
  BOOST_TEST(!support::is_pending(SIGRTMIN));
  check_others();
}

BOOST_AUTO_TEST_CASE(close_discards_the_objects_alone)
{
  changes->close();
  BOOST_TEST(!support::is_pending(SIGRTMIN));
  changes->open(both, options());
  settle();
  BOOST_TEST(take(*changes).empty());
  check_others();
  BOOST_TEST(take(*changes) == range(100, 120));
}

BOOST_AUTO_TEST_CASE(clear_discards_everything)
{
  changes->clear();
  settle();
  BOOST_TEST(take(*changes).empty());
  changes->add(SIGRTMIN);
  settle();
  BOOST_TEST(take(*changes).empty());
  check_others();
  BOOST_TEST(take(*changes) == range(100, 110));
}

BOOST_AUTO_TEST_CASE(remove_discards_that_number)
{
  for (const int number : {SIGRTMIN, SIGRTMIN + 1})
  {
    changes->remove(number);
    changes->add(number);
    settle();
    if (number == SIGRTMIN)
      BOOST_TEST(take(*changes, 5) == range(10, 15));
    else
      BOOST_TEST(take(*changes).empty());
  }
  check_others();
  BOOST_TEST(take(*changes) == range(100, 120));
}

BOOST_AUTO_TEST_CASE(update_discards_what_goes)
{
  changes->update({SIGRTMIN, SIGUSR1});
  settle();
  BOOST_TEST(take(*changes, 5) == range(0, 5));
  changes->update({SIGRTMIN + 1, SIGRTMIN});
  BOOST_TEST(take(*changes) == range(5, 10));
  check_others();
  BOOST_TEST(take(*changes) == range(100, 120));
}

BOOST_AUTO_TEST_CASE(who_is_alone_again_keeps_what_it_has)
{
  changes.reset();
  takes.close();
  send(SIGRTMIN, 20, 30);
  settle();
  BOOST_TEST(support::value_of(stays.wait()) == 0);
  send(SIGRTMIN + 1, 30, 40);
  settle();
  // Lower numbers do not always come first, but each in its order.
  values lower;
  values higher;
  while (const auto info = stays.try_wait())
    (info->number() == SIGRTMIN ? lower : higher).push_back(value_of(*info));
  values expected = range(1, 10);
  for (const int i : range(20, 30))
    expected.push_back(i);
  BOOST_TEST(lower == expected);
  expected = range(10, 20);
  for (const int i : range(30, 40))
    expected.push_back(i);
  BOOST_TEST(higher == expected);
}

// What nobody has delivered stays pending, or goes back, as with one object.
BOOST_AUTO_TEST_CASE(what_nobody_delivered_is_there_for_the_next)
{
  changes.reset();
  stays.close();
  takes.close();
  {
    signal_fd one(context, {SIGRTMIN}, options());
    signal_fd two(context, {SIGRTMIN}, options());
    send(SIGRTMIN, 0, 10);
    settle();
    one.close();
    BOOST_TEST(take(two, 3) == range(0, 3));
  }
  signal_fd next(context, {SIGRTMIN}, options());
  settle();
  BOOST_TEST(take(next) == range(3, 10), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_somebody_delivered_does_not_come_again)
{
  takes.close(); // who delivered it goes first
  changes->close();
  stays.close();
  BOOST_TEST(!support::is_pending(SIGRTMIN));
  signal_fd next(context, both, options());
  settle();
  BOOST_TEST(take(next).empty());
}

BOOST_AUTO_TEST_CASE(move_construction_takes_it_along)
{
  BOOST_TEST(take(*changes, 3) == range(0, 3));
  outcome<signal_info> wait;
  signal_fd moved(std::move(*changes));
  changes.reset();
  BOOST_TEST(take(moved) == range(3, 20));
  moved.async_wait(wait.handler());
  context.restart();
  context.poll();
  signal_fd again(std::move(moved));
  send(SIGRTMIN, 20);
  BOOST_TEST(value_of(takes.wait()) == 20);
  context.run();
  BOOST_TEST(wait.succeeded());
  BOOST_TEST(value_of(wait.result) == 20);
  BOOST_TEST(value_of(stays.wait()) == 0);
  BOOST_TEST(!again.try_wait());
}

BOOST_AUTO_TEST_CASE(move_assignment_takes_it_along_and_discards_the_targets)
{
  signal_fd target(context, {SIGRTMIN}, options());
  fill(20);
  target = std::move(*changes);
  changes.reset();
  settle();
  values expected = range(0, 10);
  for (const int first : {20, 10, 30})
    for (const int i : range(first, first + 10))
      expected.push_back(i);
  BOOST_TEST(take(target) == expected);
  BOOST_TEST(take(stays) == expected);
  fill(100);
  BOOST_TEST(take(target) == range(100, 120));
  BOOST_TEST(take(stays) == range(100, 120));
}

BOOST_AUTO_TEST_CASE(a_move_to_another_type_takes_it_along)
{
  using other_signal_fd = basic_signalfd<net::io_context::executor_type>;
  other_signal_fd source(
      context, both, options_with(4, overflow_policy::drop_oldest));
  outcome<signal_info> wait;
  source.async_wait(wait.handler());
  context.restart();
  context.poll();
  fill(20);
  BOOST_TEST(source.dropped() == 12u);
  signal_fd moved(std::move(source));
  BOOST_TEST(!source.is_open());
  context.run();
  BOOST_TEST(wait.aborted());
  BOOST_TEST(moved.dropped() == 12u);
  values expected = {26, 27, 28, 29, 36, 37, 38, 39};
  BOOST_TEST(take(moved) == expected);
  // With its options.
  fill(40);
  BOOST_TEST(moved.dropped() == 24u);
  expected = {46, 47, 48, 49, 56, 57, 58, 59};
  BOOST_TEST(take(moved) == expected);
}

// A wait of the object that it was moved to hears of what came before.
BOOST_AUTO_TEST_CASE(a_move_to_another_type_wakes)
{
  using other_signal_fd = basic_signalfd<net::io_context::executor_type>;
  other_signal_fd source(context, both, options());
  fill(20);
  signal_fd moved(std::move(source));
  outcome<signal_info> wait;
  moved.async_wait(wait.handler());
  context.restart();
  context.run();
  BOOST_TEST(wait.succeeded());
  BOOST_TEST(value_of(wait.result) == 20);
}

BOOST_AUTO_TEST_SUITE_END()
