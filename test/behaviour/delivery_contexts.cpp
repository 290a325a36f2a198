// Objects that watch one signal, in several contexts, on several threads, and
// of both sources: each hears everything, in order.

#include <sigfd/signal_fd.hpp>

#include "support/delivery.hpp"
#include "support/process.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;
using support::options;
using support::range;
using support::settle;
using support::take;
using support::values;

// Waits again and again, until it has heard so many.
class listener
{
public:
  listener(net::io_context& context, std::size_t expected,
      const sigfd::open_options& how = options())
    : signals_(context, {SIGRTMIN}, how),
      expected_(expected)
  {
    wait();
  }

  const values& heard() const
  {
    return heard_;
  }

private:
  void wait()
  {
    signals_.async_wait([this](error_code ec, const signal_info& info) {
      heard_.push_back(ec ? -2 : support::value_of(info));
      if (heard_.size() < expected_)
        wait();
    });
  }

  signal_fd signals_;
  std::size_t expected_;
  values heard_;
};

// As wait_until, but without a pause at first: so what is sent next comes when
// others have just begun to wait.
template <typename Condition>
bool wait_briefly(Condition condition)
{
  for (int i = 0; i < 10'000; ++i)
  {
    if (condition())
      return true;
    std::this_thread::yield();
  }
  return support::wait_until(condition);
}

sigfd::open_options other_options()
{
  return {.source = support::test_source() == sigfd::source::pipe
          ? sigfd::source::kernel
          : sigfd::source::pipe};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(delivery_contexts, support::delivery_fixture)

BOOST_AUTO_TEST_CASE(in_one_context_in_several_and_on_several_threads)
{
  constexpr int count = 2'000;
  std::array<net::io_context, 3> contexts;
  std::vector<std::unique_ptr<listener>> listeners;
  for (std::size_t i = 0; i < 6; ++i)
    listeners.push_back(std::make_unique<listener>(contexts[i % 3], count));
  std::vector<std::thread> threads;
  for (net::io_context& each : contexts)
    threads.emplace_back([&] { each.run(); });
  support::process sender = support::queue_many(SIGRTMIN, count);
  for (std::thread& thread : threads)
    thread.join();
  BOOST_TEST(sender.wait() == 0);
  for (const auto& l : listeners)
    BOOST_TEST((l->heard() == range(0, count)));
}

// One by one: no later signal makes up for a wait that was not woken, because
// the pipe's thread took the signal while it began.
BOOST_AUTO_TEST_CASE(no_wait_misses_what_is_taken_while_it_begins)
{
  constexpr int count = support::has_sanitizer ? 1'000 : 20'000;
  std::array<net::io_context, 2> contexts;
  std::array<std::optional<signal_fd>, 2> objects;
  std::array<std::atomic<int>, 2> heard{};
  std::array<std::function<void()>, 2> listen;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 2; ++i)
  {
    objects[i].emplace(contexts[i], sigfd::signal_mask{SIGRTMIN},
        i == 0 ? sigfd::open_options{.source = sigfd::source::pipe}
               : options());
    listen[i] = [&, i] {
      objects[i]->async_wait([&, i](error_code ec, const signal_info&) {
        if (ec || ++heard[i] == count)
          return;
        // The next one comes before, while or after the wait begins.
        const auto end = std::chrono::steady_clock::now()
            + std::chrono::nanoseconds(100 * (heard[i] % 300));
        while (std::chrono::steady_clock::now() < end)
          continue;
        listen[i]();
      });
    };
    listen[i]();
  }
  for (net::io_context& each : contexts)
    threads.emplace_back([&] { each.run(); });
  bool all = true;
  for (int sent = 0; all && sent < count;)
  {
    send(SIGRTMIN, sent++);
    all = wait_briefly([&] { return heard[0] == sent && heard[1] == sent; });
  }
  BOOST_TEST(all);
  for (net::io_context& each : contexts)
    each.stop();
  for (std::thread& thread : threads)
    thread.join();
}

BOOST_AUTO_TEST_CASE(one_with_the_kernel_and_one_with_a_pipe)
{
  for (const bool is_first : {false, true})
  {
    constexpr int count = 2'000;
    net::io_context other;
    listener one(context, count, is_first ? options() : other_options());
    listener two(other, count, is_first ? other_options() : options());
    std::thread thread([&] { other.run(); });
    support::process sender = support::queue_many(SIGRTMIN, count);
    context.restart();
    context.run();
    thread.join();
    BOOST_TEST(sender.wait() == 0);
    BOOST_TEST((one.heard() == range(0, count)));
    BOOST_TEST((two.heard() == range(0, count)));
  }
}

BOOST_AUTO_TEST_CASE(the_other_source_may_come_and_go)
{
  signal_fd stays(context, {SIGRTMIN, SIGUSR1}, options());
  for (int i = 0; i < 50; ++i)
  {
    send(SIGRTMIN, 3 * i);
    {
      signal_fd guest(context, {SIGRTMIN}, other_options());
      send(SIGRTMIN, 3 * i + 1);
      settle(sigfd::source::pipe);
      const values heard = take(guest); // with what was pending, perhaps
      BOOST_TEST(!heard.empty());
      BOOST_TEST(heard.back() == 3 * i + 1);
      BOOST_TEST((i % 2 != 0 || take(stays, 2) == range(3 * i, 3 * i + 2)));
    }
    send(SIGRTMIN, 3 * i + 2);
    settle(sigfd::source::pipe);
    if (i % 2 == 0)
      BOOST_TEST(take(stays) == values{3 * i + 2});
    else
      BOOST_TEST(take(stays) == range(3 * i, 3 * i + 3));
  }
}

// It has the kernel's source and is alone from then on, but for what is passed
// on to it. The thread of pipes goes on for another object.
BOOST_AUTO_TEST_CASE(who_is_left_hears_what_a_pipe_had_taken)
{
  const sigfd::open_options pipe{.source = sigfd::source::pipe};
  for (const bool waits : {false, true})
  {
    signal_fd other(context, {SIGUSR1}, pipe);
    signal_fd first(context, {SIGRTMIN}, pipe);
    for (int i = 0; i < 3; ++i)
      send(SIGRTMIN, i);
    settle(sigfd::source::pipe);
    signal_fd left(context, {SIGRTMIN}, {.source = sigfd::source::kernel});
    support::values heard;
    if (waits)
    {
      left.async_wait([&](error_code, const signal_info& info) {
        heard.push_back(support::value_of(info));
      });
      context.restart();
      context.poll();
    }
    first.close();
    if (waits)
      context.run_for(support::patience());
    for (const int i : take(left))
      heard.push_back(i);
    BOOST_TEST(heard == range(0, 3));
    send(SIGRTMIN, 3);
    BOOST_TEST(take(left) == values{3});
  }
}

// Another thread blocks in wait(), and does not always take it itself.
BOOST_AUTO_TEST_CASE(a_blocking_wait_hears_what_another_object_took)
{
  constexpr int count = 2'000;
  signal_fd takes(context, {SIGRTMIN}, options());
  signal_fd blocks(context, {SIGRTMIN}, options());
  values heard;
  std::thread thread([&] {
    while (heard.size() < count)
      heard.push_back(support::value_of(blocks.wait()));
  });
  values taken;
  for (int i = 0; i < count; ++i)
  {
    send(SIGRTMIN, i);
    BOOST_REQUIRE(support::wait_until([&] {
      for (int tries = 0; tries < 100; ++tries)
        if (const auto info = takes.try_wait())
        {
          taken.push_back(support::value_of(*info));
          return true;
        }
      return false;
    }));
  }
  thread.join();
  BOOST_TEST((taken == range(0, count)));
  BOOST_TEST((heard == range(0, count)));
}

// One by one, as above. With the kernel's source, its own descriptor says
// nothing of what the pipe's thread takes.
BOOST_AUTO_TEST_CASE(a_blocking_wait_hears_what_the_pipes_thread_took)
{
  constexpr int count = support::has_sanitizer ? 1'000 : 5'000;
  signal_fd takes(context, {SIGRTMIN}, {.source = sigfd::source::pipe});
  signal_fd blocks(context, {SIGRTMIN}, options());
  std::atomic<int> heard{0};
  std::thread thread([&] {
    while (heard < count)
    {
      blocks.wait();
      ++heard;
    }
  });
  bool all = true;
  for (int sent = 0; all && sent < count;)
  {
    send(SIGRTMIN, sent++);
    all = wait_briefly([&] { return heard == sent; });
    take(takes);
  }
  BOOST_REQUIRE(all);
  thread.join();
}

BOOST_AUTO_TEST_SUITE_END()
