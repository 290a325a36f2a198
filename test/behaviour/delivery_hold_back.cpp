// An object that does not read, and holds back the signals of one number from
// the others: nothing is lost, and they go on by themselves.

#include <sigfd/signal_fd.hpp>

#include "support/delivery.hpp"
#include "support/no_room.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <functional>
#include <optional>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
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

struct fixture : support::delivery_fixture
{
  const signal_mask numbers{SIGTERM, SIGRTMIN, SIGRTMIN + 1};
  signal_fd fast{context, numbers, options()};
  std::optional<signal_fd> slow;

  // Sends signals, of which the fast object gets as many as the slow one has
  // room for.
  void fill(std::size_t backlog, int sent)
  {
    slow.emplace(context, numbers, options_with(backlog));
    settle(); // a pipe's thread may have begun to wait for a burst before
    send(SIGRTMIN, 0, sent);
    settle();
    const int room = std::max(static_cast<int>(backlog), 1);
    BOOST_TEST(take(fast) == range(0, room));
    settle();
    BOOST_TEST(take(fast).empty());
  }

  // What the fast object's wait hears within a moment; -1 if nothing.
  int hears()
  {
    outcome<signal_info> wait;
    fast.async_wait(wait.handler());
    context.restart();
    context.run_for(support::patience());
    BOOST_TEST(wait.succeeded());
    return value_of(wait.result);
  }
};

constexpr std::size_t backlogs[] = {0, 1, 2, 3, 10, 64, 1024};

} // namespace

BOOST_FIXTURE_TEST_SUITE(delivery_hold_back, fixture)

BOOST_AUTO_TEST_CASE(the_slow_one_has_as_many_as_its_backlog)
{
  for (const std::size_t backlog : backlogs)
    BOOST_TEST_CONTEXT("backlog " << backlog)
    {
      const int sent = 3 * static_cast<int>(backlog) + 5;
      fill(backlog, sent);
      // By turns, until both have everything.
      values heard = range(0, std::max(static_cast<int>(backlog), 1));
      values late;
      BOOST_TEST(support::wait_until([&] {
        for (const int i : take(*slow, backlog / 3 + 1))
          late.push_back(i);
        for (const int i : take(fast))
          heard.push_back(i);
        return static_cast<int>(heard.size()) >= sent
            && static_cast<int>(late.size()) >= sent;
      }));
      BOOST_TEST(heard == range(0, sent));
      BOOST_TEST(late == range(0, sent));
      BOOST_TEST(slow->dropped() == 0u);
    }
}

BOOST_AUTO_TEST_CASE(a_backlog_is_1024_by_default)
{
  BOOST_TEST(sigfd::open_options().backlog == 1024u);
  slow.emplace(context, numbers, options());
  send(SIGRTMIN, 0, 1'500);
  settle();
  BOOST_TEST((take(fast) == range(0, 1'024)));
}

// Also what a pipe's thread takes, which waited when it had more room.
BOOST_AUTO_TEST_CASE(a_new_objects_backlog_counts_at_once)
{
  settle();
  for (int i = 0; i < 50; ++i)
  {
    slow.emplace(context, numbers, options_with(1));
    send(SIGRTMIN, 0, 10);
    settle();
    BOOST_TEST(take(fast) == values{0});
    slow.reset();
    settle();
    BOOST_TEST(take(fast) == range(1, 10));
  }
}

BOOST_AUTO_TEST_CASE(the_others_numbers_go_on)
{
  fill(4, 10);
  for (int i = 0; i < 50; ++i)
  {
    send(SIGTERM, i);
    BOOST_TEST(hears() == i);
    BOOST_TEST((support::is_pending(SIGRTMIN)));
  }
  // So does another real-time signal, until there are too many of that.
  send(SIGRTMIN + 1, 100, 104);
  for (int i = 100; i < 104; ++i)
    BOOST_TEST(hears() == i);
  send(SIGRTMIN + 1, 104, 106);
  settle();
  BOOST_TEST(take(fast).empty());
  send(SIGTERM, 50);
  BOOST_TEST(hears() == 50);
  // The slow one has one SIGTERM, and the rest when there is room.
  slow->remove(SIGRTMIN);
  BOOST_TEST(value_of(slow->wait()) == 0);
  BOOST_TEST(take(*slow, 4) == range(100, 104));
  for (int i = 4; i < 10; ++i)
    BOOST_TEST(hears() == i);
  for (int i = 104; i < 106; ++i)
    BOOST_TEST(hears() == i);
}

// What each way to make room does for waits that are held.
BOOST_AUTO_TEST_CASE(a_held_wait_goes_on_by_itself)
{
  const std::function<void(fixture&)> ways[] = {
      [](fixture& f) { take(*f.slow, 3); },
      [](fixture& f) {
        std::array<signal_info, 4> infos;
        f.slow->try_wait_some(infos);
      },
      [](fixture& f) { f.slow->close(); },
      [](fixture& f) { f.slow.reset(); },
      [](fixture& f) { f.slow->remove(SIGRTMIN); },
      [](fixture& f) { f.slow->clear(); },
      [](fixture& f) { f.slow->update({SIGTERM}); },
      [](fixture& f) { f.fast.add(SIGUSR1), f.slow->close(); },
  };
  int way = 0;
  for (const auto& make_room : ways)
    BOOST_TEST_CONTEXT("way " << way++)
    {
      fill(4, 6);
      outcome<signal_info> waits[2];
      for (auto& wait : waits)
        fast.async_wait(wait.handler());
      context.restart();
      context.poll();
      BOOST_TEST(waits[0].completions + waits[1].completions == 0);
      make_room(*this);
      context.run_for(support::patience());
      BOOST_TEST(waits[0].succeeded());
      BOOST_TEST(waits[1].succeeded());
      BOOST_TEST(value_of(waits[0].result) + value_of(waits[1].result) == 9);
      slow.reset();
      settle();
      BOOST_TEST(take(fast).empty());
    }
}

BOOST_AUTO_TEST_CASE(a_wait_of_the_slow_one_makes_room)
{
  fill(1, 1'000);
  std::size_t count = 0;
  values heard{0};
  values late;
  const std::function<void(signal_fd&, values&)> listen =
      [&](signal_fd& signals, values& to) {
        signals.async_wait([&](error_code ec, const signal_info& info) {
          BOOST_TEST(!ec);
          to.push_back(value_of(info));
          ++count;
          if (to.size() < 1'000)
            listen(signals, to);
        });
      };
  listen(fast, heard);
  listen(*slow, late);
  context.restart();
  context.run_for(std::chrono::seconds(60));
  BOOST_TEST((heard == range(0, 1'000)));
  BOOST_TEST((late == range(0, 1'000)));
}

// It blocks, rather than to spin: the descriptor of a pipe, or of signalfd(2),
// would be readable all the time.
BOOST_AUTO_TEST_CASE(a_held_wait_costs_no_time)
{
  fill(4, 10);
  outcome<signal_info> wait;
  fast.async_wait(wait.handler());
  context.restart();
  context.poll();
  const auto begin = std::clock();
  context.run_for(std::chrono::milliseconds(300));
  const auto used = std::clock() - begin;
  BOOST_TEST(wait.completions == 0);
  BOOST_TEST(used < CLOCKS_PER_SEC / 10);
  fast.cancel();
  context.restart();
  context.run();
  BOOST_TEST(wait.aborted());
}

BOOST_AUTO_TEST_CASE(a_full_queue_is_what_senders_see)
{
  ::rlimit old{};
  ::getrlimit(RLIMIT_SIGPENDING, &old);
  slow.emplace(context, numbers, options_with(4));
  settle();
  // No interruption of a pipe's thread is on its way.
  BOOST_TEST(support::wait_until([] { return !support::is_any_pending(); }));
  support::set_queue_room(20);
  int sent = 0;
  const auto send_one = [&] {
    ::sigval value{};
    value.sival_int = sent;
    if (::sigqueue(::getpid(), SIGRTMIN, value) == -1)
      return errno == EAGAIN ? 0 : -1;
    ++sent;
    return 1;
  };
  values heard;
  const auto hear = [&] {
    for (const int i : take(fast))
      heard.push_back(i);
  };
  int result = 0;
  BOOST_TEST(support::wait_until([&] {
    while ((result = send_one()) == 1)
      hear();
    hear();
    return result == -1 || (heard.size() >= 4 && sent >= 24);
  }));
  BOOST_TEST(result == 0);
  BOOST_TEST(heard == range(0, 4));
  BOOST_TEST(sent == 24);
  // Also then, what is not queued is heard.
  BOOST_REQUIRE(::kill(::getpid(), SIGTERM) == 0);
  BOOST_TEST(fast.wait().number() == SIGTERM);
  ::setrlimit(RLIMIT_SIGPENDING, &old);
  slow->remove(SIGTERM);
  values late;
  BOOST_TEST(support::wait_until([&] {
    for (const int i : take(*slow))
      late.push_back(i);
    hear();
    return heard.size() >= 24 && late.size() >= 24;
  }));
  BOOST_TEST(heard == range(0, 24));
  BOOST_TEST(late == range(0, 24));
}

// What is held back and finds no room in the kernel is kept in this process,
// where it wakes nobody by itself.
BOOST_AUTO_TEST_CASE(what_was_kept_goes_on_by_itself)
{
  send(SIGRTMIN, 0, 3);
  settle();
  slow.emplace(context, numbers, options_with(1));
  send(SIGRTMIN, 3);
  settle();
  signal_fd third(context, {SIGRTMIN}, options());
  values heard;
  const std::function<void()> listen = [&] {
    third.async_wait([&](error_code ec, const signal_info& info) {
      BOOST_TEST(!ec);
      heard.push_back(value_of(info));
      if (heard.size() < 4)
        listen();
    });
  };
  listen();
  context.poll();
  {
    const support::no_room limit;
    fast.close();
    slow.reset();
  }
  context.restart();
  context.run_for(support::patience());
  BOOST_TEST(heard == range(0, 4));
}

BOOST_AUTO_TEST_SUITE_END()
