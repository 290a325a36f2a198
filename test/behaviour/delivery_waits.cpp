// A wait that ends without a signal leaves in its object what the object has,
// also what another object took from the kernel.

#include <sigfd/detail/initiate_wait.hpp>
#include <sigfd/signal_fd.hpp>

#include "support/delivery.hpp"
#include "support/outcome.hpp"
#include "support/source.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>
#include <boost/version.hpp>

#if BOOST_VERSION >= 107800
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#endif

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <optional>
#include <stdexcept>
#include <thread>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;
using support::options;
using support::outcome;
using support::range;
using support::settle;
using support::take;
using support::value_of;
using support::values;

// How far the wait has got when the other object takes the signal.
enum class phase
{
  queued,    // on the executor
  waiting,   // in the reactor
  completing // the reactor has seen that there is something
};

constexpr phase phases[] = {phase::queued, phase::waiting, phase::completing};

struct fixture : support::delivery_fixture
{
  net::io_context reactor;
  std::optional<net::io_context> handlers{std::in_place};
  net::executor_work_guard<net::io_context::executor_type> work{
      reactor.get_executor()};
  signal_fd waits{reactor, {SIGRTMIN}, options()};
  signal_fd takes{context, {SIGRTMIN}, options()};

  template <typename Handler>
  auto bound(Handler handler)
  {
    return net::bind_executor(handlers->get_executor(), std::move(handler));
  }

  // Has the other object take what is sent.
  void let_take(int value)
  {
    send(SIGRTMIN, value);
    BOOST_TEST_REQUIRE(value_of(takes.wait()) == value);
  }

  // With a wait that was just started.
  void let_take(int value, phase p)
  {
    if (p != phase::queued)
      poll();
    let_take(value);
    if (p == phase::completing)
    {
      reactor.restart();
      while (reactor.poll() == 0)
        continue;
    }
  }

  void poll()
  {
    reactor.restart();
    handlers->restart();
    while (reactor.poll() + handlers->poll() != 0)
      continue;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(delivery_waits, fixture)

// First that they would have got it.
BOOST_AUTO_TEST_CASE(a_wait_hears_what_another_object_took)
{
  int i = 0;
  for (const phase p : phases)
  {
    outcome<signal_info> wait;
    waits.async_wait(bound(wait.handler()));
    let_take(++i, p);
    BOOST_TEST(wait.completions == 0);
    BOOST_TEST(support::wait_until([&] {
      poll();
      return wait.completions != 0;
    }));
    BOOST_TEST(wait.succeeded());
    BOOST_TEST(value_of(wait.result) == i);
  }
  BOOST_TEST(!waits.try_wait());
}

BOOST_AUTO_TEST_CASE(several_waits_hear_one_each)
{
  outcome<signal_info> first[5];
  for (auto& wait : first)
    waits.async_wait(bound(wait.handler()));
  poll();
  for (int i = 0; i < 3; ++i)
    let_take(i);
  const auto completed = [&] {
    poll();
    int count = 0;
    for (const auto& wait : first)
      count += wait.completions;
    return count;
  };
  BOOST_TEST(support::wait_until([&] { return completed() == 3; }));
  let_take(3);
  let_take(4);
  BOOST_TEST(support::wait_until([&] { return completed() == 5; }));
  values heard;
  for (const auto& wait : first)
    heard.push_back(value_of(wait.result));
  std::sort(heard.begin(), heard.end());
  BOOST_TEST(heard == range(0, 5));
}

BOOST_AUTO_TEST_CASE(cancel_leaves_it)
{
  for (const phase p : phases)
  {
    outcome<signal_info> wait;
    waits.async_wait(bound(wait.handler()));
    let_take(1, p);
    waits.cancel();
    poll();
    BOOST_TEST(wait.aborted());
    BOOST_TEST(take(waits) == values{1});
    BOOST_TEST(take(takes).empty());
  }
}

// The next wait gets it, and those after it what comes next.
BOOST_AUTO_TEST_CASE(the_next_wait_gets_it)
{
  outcome<signal_info> wait;
  waits.async_wait(bound(wait.handler()));
  let_take(1, phase::completing);
  waits.cancel();
  outcome<signal_info> next;
  outcome<signal_info> last;
  waits.async_wait(bound(next.handler()));
  waits.async_wait(bound(last.handler()));
  poll();
  BOOST_TEST(wait.aborted());
  BOOST_TEST(support::wait_until([&] {
    poll();
    return next.completions + last.completions == 1;
  }));
  let_take(2);
  BOOST_TEST(support::wait_until([&] {
    poll();
    return next.completions + last.completions == 2;
  }));
  BOOST_TEST(value_of(next.result) + value_of(last.result) == 3);
}

BOOST_AUTO_TEST_CASE(a_wait_that_is_destroyed_leaves_it)
{
  for (const phase p : phases)
  {
    outcome<signal_info> wait;
    waits.async_wait(bound(wait.handler()));
    let_take(1, p);
    if (p != phase::waiting)
      handlers.reset(); // and what is queued there
    else
      waits.cancel();
    if (!handlers)
      handlers.emplace();
    BOOST_TEST(wait.completions == 0);
    BOOST_TEST(take(waits) == values{1});
    poll();
  }
}

// The other object may have taken one a moment before a wait begins.
BOOST_FIXTURE_TEST_CASE(no_wait_begins_where_there_is_something, fixture)
{
  const auto impl = sigfd::detail::make_impl(reactor.get_executor());
  error_code ec;
  impl->open({SIGRTMIN}, options(), nullptr, ec);
  BOOST_TEST_REQUIRE(!ec);
  let_take(1);
  sigfd::detail::started_wait wait;
  wait.generation = impl->current_generation();
  sigfd::detail::wait_handle none(nullptr);
  BOOST_TEST(!impl->async_wait_readable(wait, none));
  impl->close();
}

#if BOOST_VERSION >= 107800

BOOST_AUTO_TEST_CASE(a_slot_leaves_it)
{
  for (const phase p : phases)
  {
    net::cancellation_signal cancellation;
    outcome<signal_info> wait;
    waits.async_wait(net::bind_cancellation_slot(
        cancellation.slot(), bound(wait.handler())));
    let_take(1, p);
    cancellation.emit(net::cancellation_type::total);
    poll();
    BOOST_TEST(wait.aborted());
    BOOST_TEST(take(waits) == values{1});
  }
}

// A wait that loses, again and again, against something that is ready.
BOOST_AUTO_TEST_CASE(a_wait_that_loses_a_race_leaves_it)
{
  using namespace net::experimental::awaitable_operators;
  constexpr int count = 2'000;
  values heard;
  std::atomic<int> heard_so_far{0};
  std::atomic<int> lost{0};
  const auto rival = []() -> net::awaitable<void> {
    for (int i = 0; i < 3; ++i)
      co_await net::post(net::use_awaitable);
  };
  net::co_spawn(
      reactor,
      [&]() -> net::awaitable<void> {
        while (heard.size() < count)
        {
          const auto result = co_await (
              waits.async_wait(net::use_awaitable) || rival());
          if (result.index() == 0)
          {
            heard.push_back(value_of(std::get<0>(result)));
            ++heard_so_far;
          }
          else
            ++lost;
        }
        reactor.stop();
      },
      [](std::exception_ptr e) {
        if (e)
          std::rethrow_exception(e);
      });
  std::thread thread([&] {
    for (int i = 0; i < count; ++i)
    {
      // Now and then nothing comes until the wait has lost once more.
      for (const int before = lost; i % 100 == 0 && lost == before;)
        std::this_thread::yield();
      if (!support::queue(::getpid(), SIGRTMIN, i)
          || value_of(takes.wait()) != i)
        throw std::logic_error("another signal");
      while (heard_so_far + 3 < i) // so that it has something to wait for
        std::this_thread::yield();
    }
  });
  reactor.run();
  thread.join();
  BOOST_TEST((heard == range(0, count)));
  BOOST_TEST(lost.load() >= count / 100);
}

#endif

BOOST_AUTO_TEST_SUITE_END()
