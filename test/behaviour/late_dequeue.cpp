// A wait that loses against another operation leaves its signal: nothing is
// lost and nothing comes out of order, whatever the rival and wherever the
// loser is when it loses.
//
// Needs per-operation cancellation, and so Boost 1.77.

#include <sigfd/signal_fd.hpp>

#include "support/paced_sender.hpp"
#include "support/process.hpp"
#include "support/source.hpp"

#include <boost/test/unit_test.hpp>
#include <boost/version.hpp>

#if BOOST_VERSION >= 107800

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

namespace {

namespace net = boost::asio;
using namespace net::experimental::awaitable_operators;
using boost::system::error_code;
using net::use_awaitable;
using sigfd::signal_fd;
using sigfd::signal_info;
using std::chrono::microseconds;

constexpr int count = 10'000;
constexpr int each = 10; // are sent at once

// What a run received, and in how many rounds the wait lost.
struct tally
{
  std::vector<int> values;
  int lost_rounds = 0;

  void add(const signal_info& info)
  {
    values.push_back(info.value()->sival_int);
  }

  void check_all_arrived_in_order() const
  {
    BOOST_TEST(values.size() == std::size_t{count});
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] != static_cast<int>(i))
      {
        BOOST_ERROR("number " << i << " is the value " << values[i]);
        break;
      }
  }
};

// Something for a wait to lose against.
using rival = std::function<net::awaitable<void>(int round)>;

rival make_post()
{
  return [](int) -> net::awaitable<void> { co_await net::post(use_awaitable); };
}

rival make_timer()
{
  return [](int round) -> net::awaitable<void> {
    net::steady_timer timer(
        co_await net::this_coro::executor, microseconds(round % 8));
    co_await timer.async_wait(use_awaitable);
  };
}

rival make_channel()
{
  return [](int) -> net::awaitable<void> {
    net::experimental::channel<void(error_code, int)> channel(
        co_await net::this_coro::executor, 1);
    channel.try_send(error_code(), 1);
    co_await channel.async_receive(use_awaitable);
  };
}

// One round: the rival beside a wait, on either side of the operator.
net::awaitable<void> race(
    signal_fd& signals, const rival& other, int round, tally& result)
{
  if (round % 2 == 0)
  {
    auto winner = co_await (other(round) || signals.async_wait(use_awaitable));
    if (winner.index() == 1)
      result.add(std::get<1>(winner));
    else
      ++result.lost_rounds;
  }
  else
  {
    auto winner = co_await (signals.async_wait(use_awaitable) || other(round));
    if (winner.index() == 0)
      result.add(std::get<0>(winner));
    else
      ++result.lost_rounds;
  }
}

// The same with async_wait_some.
net::awaitable<void> race_some(
    signal_fd& signals, const rival& other, int round, tally& result)
{
  std::array<signal_info, 8> infos;
  auto winner = co_await (
      other(round) || signals.async_wait_some(infos, use_awaitable));
  if (winner.index() == 1)
    for (std::size_t i = 0; i < std::get<1>(winner); ++i)
      result.add(infos[i]);
  else
    ++result.lost_rounds;
}

// As many rounds as there are signals, and then the rest of the signals. More
// are sent when all have arrived and a wait has lost, so that however slow this
// process is, some do.
template <typename Race>
net::awaitable<void> run_races(signal_fd& signals,
    support::paced_sender& sender, Race race_once, const rival& other,
    tally& result)
{
  std::size_t sent = 0;
  for (int round = 0; round < count; ++round)
  {
    const int lost_before = result.lost_rounds;
    co_await race_once(signals, other, round, result);
    if (result.lost_rounds > lost_before && result.values.size() == sent
        && sent < count)
    {
      sender.go_on();
      sent += each;
    }
  }
  for (; sent < count; sent += each)
    sender.go_on();
  while (result.values.size() < count)
    result.add(co_await signals.async_wait(use_awaitable));
}

// Runs a coroutine on a strand with a number of threads, beside a process that
// queues the signals, with pauses of so many microseconds, so that now the wait
// and now the rival wins. It ends after a minute if signals are missing.
template <typename Race>
void test(Race race_once, rival other, int threads, unsigned pause = 0)
{
  net::io_context context(threads);
  const auto strand = net::make_strand(context);
  signal_fd signals(strand, {SIGRTMIN}, support::options());
  support::paced_sender sender(SIGRTMIN, each, pause);
  tally result;
  std::exception_ptr failure;
  net::co_spawn(strand, run_races(signals, sender, race_once, other, result),
      [&](std::exception_ptr e) {
        failure = e;
        context.stop();
      });

  // Not run_for(), which crashes in several threads with io_uring(7): there
  // Asio takes a timeout on another thread's stack for an operation
  // (chriskohlhoff/asio#1284).
  net::steady_timer end(context, std::chrono::minutes(1));
  end.async_wait([&](error_code) { context.stop(); });
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i)
    others.emplace_back([&] { context.run(); });
  context.run();
  for (std::thread& thread : others)
    thread.join();

  BOOST_TEST(!failure);
  BOOST_TEST(sender.wait() == 0);
  result.check_all_arrived_in_order();
  BOOST_TEST(result.lost_rounds >= count / (each + 1));
  BOOST_TEST(!signals.try_wait());
}

} // namespace

BOOST_AUTO_TEST_SUITE(late_dequeue)

BOOST_AUTO_TEST_CASE(against_post)
{
  test(race, make_post(), 1);
}

BOOST_AUTO_TEST_CASE(against_a_timer_of_0_to_7_microseconds)
{
  test(race, make_timer(), 1, 200);
}

BOOST_AUTO_TEST_CASE(against_a_channel)
{
  test(race, make_channel(), 1);
}

BOOST_AUTO_TEST_CASE(on_a_strand_of_4_threads)
{
  test(race, make_post(), 4);
  test(race, make_timer(), 4, 200);
  test(race, make_channel(), 4);
}

BOOST_AUTO_TEST_CASE(with_async_wait_some)
{
  test(race_some, make_post(), 1);
  test(race_some, make_timer(), 1, 200);
  test(race_some, make_timer(), 4, 200);
}

// The control: a plain read of a signalfd in the place of the wait must lose,
// or the tests above could not fail.
BOOST_AUTO_TEST_CASE(a_plain_read_loses)
{
  const sigfd::signal_mask mask{SIGRTMIN};
  const sigfd::scoped_signal_block block(mask);
  net::io_context context;
  net::posix::stream_descriptor descriptor(
      context, ::signalfd(-1, &mask.native(), SFD_NONBLOCK | SFD_CLOEXEC));
  support::process sender = support::queue_many(SIGRTMIN, count);
  BOOST_TEST(sender.wait() == 0);

  int received = 0;
  net::co_spawn(
      context,
      [&]() -> net::awaitable<void> {
        for (int round = 0; round < count; ++round)
        {
          signal_info info;
          auto winner = co_await (net::post(use_awaitable)
              || descriptor.async_read_some(
                  net::buffer(&info, sizeof info), use_awaitable));
          if (winner.index() == 1)
            ++received;
        }
      },
      [](std::exception_ptr e) { BOOST_TEST(!e); });
  context.run();

  signal_info info;
  while (::read(descriptor.native_handle(), &info, sizeof info)
      == ::ssize_t{sizeof info})
    ++received;
  BOOST_TEST(received < count);
  BOOST_TEST_MESSAGE("a plain read received " << received << " of " << count);
}

BOOST_AUTO_TEST_SUITE_END()

#else

BOOST_AUTO_TEST_CASE(has_no_per_operation_cancellation)
{
  BOOST_TEST_MESSAGE("needs Boost 1.78 or newer, for channel and operators");
  BOOST_TEST(BOOST_VERSION < 107800);
}

#endif
