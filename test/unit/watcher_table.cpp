// detail/watcher_table: who hears what, and what is held back.

#include <sigfd/detail/watcher_table.hpp>
#include <sigfd/error.hpp>

#include "support/drain.hpp"
#include "support/plain_watcher.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/raw_siginfo.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <ctime>
#include <mutex>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace {

using sigfd::delivery_policy;
using sigfd::overflow_policy;
using sigfd::signal_info;
using sigfd::signal_mask;
using support::plain_watcher;

using list = std::vector<int>;

const signal_mask mask{SIGUSR1, SIGUSR2, SIGRTMIN, SIGRTMIN + 1};

signal_info make(int number, int value)
{
  ::siginfo_t raw = support::make_siginfo(number, SI_QUEUE);
  raw.si_value.sival_int = value;
  return signal_info(raw);
}

// So many of a number, with the values from 0.
std::vector<signal_info> make_many(int number, int count)
{
  std::vector<signal_info> infos;
  for (int i = 0; i < count; ++i)
    infos.push_back(make(number, i));
  return infos;
}

list range(int first, int end)
{
  list values(static_cast<std::size_t>(end - first));
  std::iota(values.begin(), values.end(), first);
  return values;
}

} // namespace

BOOST_AUTO_TEST_CASE(one_that_shares_no_signal_is_alone)
{
  plain_watcher a({SIGUSR1, SIGRTMIN});
  BOOST_TEST(a.is_alone());
  BOOST_TEST((a.takes() == signal_mask{SIGUSR1, SIGRTMIN}));
  plain_watcher other({SIGUSR2});
  BOOST_TEST(a.is_alone());
  {
    plain_watcher b({SIGRTMIN});
    BOOST_TEST(!a.is_alone());
    BOOST_TEST(!b.is_alone());
    BOOST_TEST(other.is_alone());
    b.update({SIGUSR2});
    BOOST_TEST(a.is_alone());
    BOOST_TEST(!other.is_alone());
    b.update({SIGUSR1});
    BOOST_TEST(!a.is_alone());
  }
  BOOST_TEST(a.is_alone());
}

BOOST_AUTO_TEST_CASE(all_others_hear_it_and_are_woken_once)
{
  plain_watcher a(mask);
  plain_watcher b({SIGRTMIN});
  plain_watcher c({SIGRTMIN, SIGUSR1});
  plain_watcher d({SIGUSR1});
  a.distribute(make_many(SIGRTMIN, 5));
  BOOST_TEST(a.take_values().empty());
  BOOST_TEST(b.wakes == 1);
  BOOST_TEST(c.wakes == 1);
  BOOST_TEST(d.wakes == 0);
  BOOST_TEST(b.take_values() == range(0, 5), boost::test_tools::per_element());
  c.distribute(make_many(SIGRTMIN, 1));
  BOOST_TEST(b.wakes == 2);
  BOOST_TEST(c.take_values(2) == range(0, 2), boost::test_tools::per_element());
  BOOST_TEST(c.take_values() == range(2, 5), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(lower_numbers_come_first)
{
  plain_watcher a(mask);
  plain_watcher b(mask);
  a.distribute(std::array{make(SIGRTMIN + 1, 1), make(SIGRTMIN, 2),
      make(SIGRTMIN + 1, 3), make(SIGUSR2, 4), make(SIGUSR1, 5)});
  BOOST_TEST(b.take_values() == (list{5, 4, 2, 1, 3}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(standard_signals_coalesce_in_each)
{
  plain_watcher a(mask);
  plain_watcher slow(mask);
  plain_watcher quick(mask);
  for (int i = 0; i < 3; ++i)
  {
    a.distribute(std::array{make(SIGUSR1, i)});
    BOOST_TEST(quick.take_values() == list{i});
  }
  BOOST_TEST(slow.take_values() == list{0});
  BOOST_TEST(slow.take_values().empty());
}

// As the thread of pipes takes them, for all: the first stays, and what nobody
// has heard goes back.
BOOST_AUTO_TEST_CASE(what_was_merged_with_what_was_heard_goes_back_alone)
{
  const sigfd::scoped_signal_block block(signal_mask{SIGUSR1});
  sigfd::detail::watcher_table& table = sigfd::detail::watchers();
  const auto distribute = [&](int value) {
    const std::lock_guard lock(table);
    BOOST_REQUIRE(table.room(~sigfd::detail::signal_bits{0}, 1) == 1);
    table.distribute(std::array{make(SIGUSR1, value)});
  };
  for (const bool hears : {true, false})
  {
    plain_watcher quick(mask);
    plain_watcher slow(mask, {.handlers = sigfd::handler_policy::call});
    for (int i = 0; i < 3; ++i)
    {
      distribute(i);
      BOOST_TEST(quick.take_values() == list{i});
    }
    distribute(3);
    quick.close();
    if (hears)
    {
      BOOST_TEST(slow.take_values() == list{0});
      BOOST_TEST(slow.to_handle == 1u);
      BOOST_TEST(slow.take_values().empty());
    }
    slow.close();
    const signal_mask only{SIGUSR1};
    const ::timespec at_once{};
    ::siginfo_t raw{};
    const bool came_back = ::sigtimedwait(&only.native(), &raw, &at_once) != -1;
    BOOST_TEST(came_back == !hears);
    BOOST_TEST((hears || raw.si_value.sival_int == 3));
  }
}

BOOST_AUTO_TEST_CASE(a_number_without_room_is_held_back_for_all)
{
  plain_watcher a(mask);
  plain_watcher slow({SIGRTMIN, SIGUSR1}, {.backlog = 4});
  BOOST_TEST(a.room(100) == 4);
  a.distribute(make_many(SIGRTMIN, 3));
  BOOST_TEST((a.takes() == mask));
  BOOST_TEST(a.room(100) == 1);
  a.distribute(std::array{make(SIGRTMIN, 3)});
  BOOST_TEST((a.takes() == mask - signal_mask{SIGRTMIN}));
  BOOST_TEST((slow.takes() == signal_mask{SIGUSR1}));
  BOOST_TEST(a.room(100) == 100); // of the others
  BOOST_TEST(slow.take_values(1) == list{0});
  BOOST_TEST(!a.takes().contains(SIGRTMIN));
  BOOST_TEST(slow.take_values(1) == list{1}); // half of it is free
  BOOST_TEST((a.takes() == mask));
  BOOST_TEST((slow.takes() == signal_mask{SIGRTMIN, SIGUSR1}));

  // And again, until it does not want them, or is gone.
  for (const bool closes : {false, true})
  {
    slow.update({SIGRTMIN, SIGUSR1});
    a.distribute(make_many(SIGRTMIN, 4));
    BOOST_TEST(!a.takes().contains(SIGRTMIN));
    if (closes)
      slow.close();
    else
      slow.update({SIGUSR1});
    BOOST_TEST((a.takes() == mask));
    BOOST_TEST(a.is_alone() == closes);
  }
}

BOOST_AUTO_TEST_CASE(a_backlog_is_at_least_one)
{
  plain_watcher a(mask);
  plain_watcher slow(mask, {.backlog = 0});
  BOOST_TEST(a.room(100) == 1);
  a.distribute(make_many(SIGRTMIN, 1));
  BOOST_TEST(!a.takes().contains(SIGRTMIN));
  BOOST_TEST(slow.take_values() == list{0});
  BOOST_TEST(a.takes().contains(SIGRTMIN));
}

BOOST_AUTO_TEST_CASE(the_oldest_of_that_number_is_dropped)
{
  plain_watcher a(mask);
  plain_watcher slow(
      mask, {.backlog = 4, .overflow = overflow_policy::drop_oldest});
  BOOST_TEST(a.room(100) == 100);
  a.distribute(make_many(SIGRTMIN, 10));
  a.distribute(make_many(SIGRTMIN + 1, 2));
  BOOST_TEST((a.takes() == mask));
  BOOST_TEST(slow.dropped() == 6u);
  BOOST_TEST(slow.take_values() == (list{6, 7, 8, 9, 0, 1}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_successor_has_what_was_not_delivered)
{
  plain_watcher a(mask);
  plain_watcher old(
      mask, {.backlog = 2, .overflow = overflow_policy::drop_oldest});
  a.distribute(make_many(SIGRTMIN, 3));
  plain_watcher fresh(
      mask, {.backlog = 2, .overflow = overflow_policy::drop_oldest}, &old);
  BOOST_TEST(fresh.wakes == 1);
  BOOST_TEST(fresh.dropped() == 1u);
  old.close();
  a.distribute(std::array{make(SIGUSR1, 7)});
  BOOST_TEST(
      fresh.take_values() == (list{7, 1, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(policies_do_not_mix)
{
  plain_watcher a({SIGUSR1, SIGRTMIN});
  {
    const plain_watcher b(mask, {.delivery = delivery_policy::one});
    BOOST_TEST((b.ec.category() == sigfd::error_category()));
    BOOST_TEST((b.ec == boost::system::errc::device_or_resource_busy));
    BOOST_TEST(b.ec.message().find("SIGUSR1") != std::string::npos);
    BOOST_TEST(a.is_alone());
  }
  plain_watcher b({SIGUSR2}, {.delivery = delivery_policy::one});
  BOOST_TEST(!b.ec);
  b.update({SIGUSR2, SIGRTMIN});
  BOOST_TEST((b.ec == sigfd::make_delivery_conflict_error(SIGRTMIN)));
  BOOST_TEST((b.takes() == signal_mask{SIGUSR2}));
  a.update({SIGUSR1, SIGUSR2});
  BOOST_TEST((a.ec == sigfd::make_delivery_conflict_error(SIGUSR2)));
  BOOST_TEST((a.takes() == signal_mask{SIGUSR1, SIGRTMIN}));
  b.close();
  a.update({SIGUSR1, SIGUSR2});
  BOOST_TEST(!a.ec);
}

BOOST_AUTO_TEST_CASE(those_who_compete_are_alone)
{
  const plain_watcher a(mask, {.delivery = delivery_policy::one});
  const plain_watcher b(mask, {.delivery = delivery_policy::one});
  BOOST_TEST(a.is_alone());
  BOOST_TEST(b.is_alone());
}

BOOST_AUTO_TEST_CASE(who_competes_has_nothing_that_another_one_delivers)
{
  plain_watcher a(mask, {.delivery = delivery_policy::one});
  plain_watcher b(mask, {.delivery = delivery_policy::one});
  a.distribute(make_many(SIGRTMIN, 3));
  BOOST_TEST(a.take_values().empty());
  BOOST_TEST(b.take_values().empty());
}

BOOST_AUTO_TEST_CASE(a_handler_is_called_once_for_all)
{
  plain_watcher a(mask);
  plain_watcher caller(mask, {.handlers = sigfd::handler_policy::call});
  plain_watcher second(mask, {.handlers = sigfd::handler_policy::call});
  a.distribute(make_many(SIGRTMIN, 3));
  BOOST_TEST(caller.take(2).size() == 2u);
  BOOST_TEST(caller.to_handle == 3u);
  BOOST_TEST(second.take().size() == 3u);
  BOOST_TEST(second.to_handle == 4u);
  BOOST_TEST(caller.take().size() == 1u);
  BOOST_TEST(caller.to_handle == 0u);
  caller.distribute(make_many(SIGRTMIN, 3)); // it has called
  BOOST_TEST(second.take().size() == 3u);
  BOOST_TEST(second.to_handle == 0u);
}

BOOST_AUTO_TEST_CASE(a_child_has_nothing_of_its_parents)
{
  plain_watcher a(mask);
  plain_watcher b(mask, {.backlog = 3});
  a.distribute(make_many(SIGRTMIN, 3));
  BOOST_TEST(!a.takes().contains(SIGRTMIN));
  support::process child([&] {
    a.restart();
    b.restart();
    if (!b.take_values().empty() || a.room(100) != 3 || a.takes() != mask)
      return 1;
    b.restart(); // told twice
    a.distribute(make_many(SIGRTMIN, 2));
    return b.take_values() == range(0, 2) ? 0 : 2;
  });
  BOOST_TEST(child.wait() == 0);
  BOOST_TEST(b.take_values() == range(0, 3), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_object_that_was_not_told_holds_nothing_back_in_a_child)
{
  plain_watcher a(mask, {.backlog = 3});
  plain_watcher b(mask);
  support::process child([&] {
    b.restart();
    plain_watcher own(mask);
    for (int i = 0; i < 10; ++i)
    {
      own.distribute(make_many(SIGRTMIN, 3));
      if (b.take_values() != range(0, 3) || own.takes() != mask)
        return 1;
    }
    a.restart(); // it has what came last, and is full
    if (own.takes().contains(SIGRTMIN) || a.take_values() != range(0, 3))
      return 2;
    return own.takes() == mask ? 0 : 3;
  });
  BOOST_TEST(child.wait() == 0);
  a.distribute(make_many(SIGRTMIN, 3));
  BOOST_TEST(b.take_values() == range(0, 3), boost::test_tools::per_element());
}
