// An object that does not read, and drops its oldest signals; and what one that
// is stopped for a while does to the others.

#include <sigfd/signal_fd.hpp>

#include "support/delivery.hpp"
#include "support/process.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <thread>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::overflow_policy;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;
using support::options;
using support::options_with;
using support::range;
using support::settle;
using support::take;
using support::value_of;
using support::values;

struct fixture : support::delivery_fixture
{
  const signal_mask numbers{SIGTERM, SIGRTMIN, SIGRTMIN + 1};
  signal_fd fast{context, numbers, options_with(10'000)};
};

constexpr std::size_t backlogs[] = {0, 1, 2, 3, 10, 64, 1024};

} // namespace

BOOST_FIXTURE_TEST_SUITE(delivery_overflow, fixture)

BOOST_AUTO_TEST_CASE(the_latest_are_there_and_the_others_are_counted)
{
  for (const std::size_t backlog : backlogs)
    BOOST_TEST_CONTEXT("backlog " << backlog)
    {
      signal_fd slow(context, numbers,
          options_with(backlog, overflow_policy::drop_oldest));
      signal_fd patient(context, numbers, options_with(10'000));
      const int room = std::max(static_cast<int>(backlog), 1);
      const int sent = 3 * room + 5;
      send(SIGRTMIN, 0, sent);
      settle();
      BOOST_TEST(take(fast) == range(0, sent));
      BOOST_TEST(slow.dropped() == static_cast<std::size_t>(sent - room));
      BOOST_TEST(take(slow) == range(sent - room, sent));
      BOOST_TEST(slow.dropped() == static_cast<std::size_t>(sent - room));
      BOOST_TEST(take(patient) == range(0, sent));
      BOOST_TEST(patient.dropped() == 0u);
      BOOST_TEST(fast.dropped() == 0u);
    }
}

BOOST_AUTO_TEST_CASE(each_number_has_its_own_backlog)
{
  signal_fd slow(
      context, numbers, options_with(3, overflow_policy::drop_oldest));
  send(SIGRTMIN, 0, 10);
  send(SIGRTMIN + 1, 10, 13);
  send(SIGTERM, 13);
  settle();
  BOOST_TEST(take(fast).size() == 14u);
  BOOST_TEST(slow.dropped() == 7u);
  BOOST_TEST(take(slow) == values({13, 7, 8, 9, 10, 11, 12}));
}

BOOST_AUTO_TEST_CASE(coalescing_is_not_dropping)
{
  signal_fd slow(
      context, numbers, options_with(1, overflow_policy::drop_oldest));
  for (int i = 0; i < 20; ++i)
  {
    send(SIGTERM, i);
    BOOST_TEST(value_of(fast.wait()) == i);
  }
  BOOST_TEST(slow.dropped() == 0u);
  BOOST_TEST(take(slow) == values{0});
}

BOOST_AUTO_TEST_CASE(it_is_counted_from_open_on)
{
  signal_fd slow(
      context, numbers, options_with(1, overflow_policy::drop_oldest));
  send(SIGRTMIN, 0, 10);
  settle();
  take(fast);
  BOOST_TEST(slow.dropped() == 9u);
  slow.close();
  BOOST_TEST(slow.dropped() == 0u);
  slow.open(numbers, options_with(1, overflow_policy::drop_oldest));
  BOOST_TEST(slow.dropped() == 0u);
}

// Where one drops and one holds back, the second decides.
BOOST_AUTO_TEST_CASE(both_policies_at_once)
{
  signal_fd drops(
      context, numbers, options_with(2, overflow_policy::drop_oldest));
  signal_fd holds(context, numbers, options_with(5));
  send(SIGRTMIN, 0, 8);
  settle();
  BOOST_TEST(take(fast) == range(0, 5));
  BOOST_TEST(drops.dropped() == 3u);
  holds.close();
  settle();
  BOOST_TEST(take(fast) == range(5, 8));
  BOOST_TEST(drops.dropped() == 6u);
  BOOST_TEST(take(drops) == range(6, 8));
}

// An object alone has no others that take its signals: they stay in the kernel.
BOOST_AUTO_TEST_CASE(an_object_alone_drops_nothing)
{
  fast.close();
  signal_fd slow(
      context, numbers, options_with(3, overflow_policy::drop_oldest));
  send(SIGRTMIN, 0, 100);
  settle();
  values heard;
  BOOST_TEST(support::wait_until([&] {
    for (const int i : take(slow))
      heard.push_back(i);
    return heard.size() >= 100;
  }));
  BOOST_TEST(heard == range(0, 100));
  BOOST_TEST(slow.dropped() == 0u);
}

namespace {

constexpr int flood = 50'000;

// Takes many at a time, until there are so many, or it has seen the last.
struct reader
{
  signal_fd& signals;
  values heard{};
  bool failed = false;
  std::array<signal_info, 64> infos{};
  std::atomic<std::size_t> count{0}; // for another thread

  void operator()()
  {
    signals.async_wait_some(infos, [this](error_code ec, std::size_t taken) {
      failed = failed || ec;
      for (std::size_t i = 0; i < taken; ++i)
        heard.push_back(value_of(infos[i]));
      count = heard.size();
      if (!failed && heard.back() != flood - 1)
        (*this)();
    });
  }
};

// One object's thread is stopped until the others have as many as it has room
// for, or more, if they can.
void test_stopped(fixture& f, overflow_policy overflow)
{
  constexpr std::size_t room = 1024;
  net::io_context stopped_context;
  signal_fd stopped(stopped_context, f.numbers, options_with(room, overflow));
  signal_fd third(f.context, f.numbers, options());
  reader readers[] = {{f.fast}, {third}, {stopped}};
  for (reader& r : readers)
    r();
  std::thread thread([&] {
    const std::atomic<std::size_t>& heard = readers[0].count;
    if (overflow == overflow_policy::hold_back)
    {
      support::wait_until([&] { return heard >= room; });
      ::usleep(100'000); // in which nothing more comes
    }
    else
      support::wait_until([&] { return heard > room; });
    stopped_context.run();
  });
  support::process sender = support::queue_many(SIGRTMIN, flood);
  f.context.restart();
  f.context.run();
  thread.join();
  BOOST_TEST(sender.wait() == 0);
  for (const reader& r : readers)
    BOOST_TEST(!r.failed);
  BOOST_TEST((readers[0].heard == range(0, flood)));
  BOOST_TEST((readers[1].heard == range(0, flood)));
  const values& heard = readers[2].heard;
  BOOST_TEST(heard.size() + stopped.dropped() == std::size_t{flood});
  BOOST_TEST(std::is_sorted(heard.begin(), heard.end()));
  BOOST_TEST((std::adjacent_find(heard.begin(), heard.end()) == heard.end()));
  BOOST_TEST(
      (stopped.dropped() == 0) == (overflow == overflow_policy::hold_back));
}

} // namespace

BOOST_AUTO_TEST_CASE(one_that_is_stopped_holds_the_others_back)
{
  test_stopped(*this, overflow_policy::hold_back);
}

BOOST_AUTO_TEST_CASE(one_that_is_stopped_drops)
{
  test_stopped(*this, overflow_policy::drop_oldest);
}

BOOST_AUTO_TEST_SUITE_END()
