// handler_policy::call: in which thread the handler runs, and what it may do.

#include "support/chaining.hpp"
#include "support/handler_scene.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/source.hpp"
#include "support/unblock.hpp"

#include <boost/asio/thread_pool.hpp>
#include <boost/system/error_code.hpp>
#include <boost/test/unit_test.hpp>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <future>
#include <list>
#include <optional>
#include <thread>
#include <utility>

using namespace support::handler_scene;

BOOST_FIXTURE_TEST_SUITE(handlers_free, fixture)

namespace {

constexpr int many = 2000;
std::array<std::atomic<int>, many> calls_of;

void count(int, ::siginfo_t* info, void*)
{
  ++calls_of[static_cast<std::size_t>(info->si_value.sival_int)];
}

} // namespace

BOOST_AUTO_TEST_CASE(also_where_several_threads_take_at_once)
{
  struct ::sigaction action{};
  action.sa_sigaction = count;
  action.sa_flags = SA_SIGINFO;
  BOOST_TEST_REQUIRE(::sigaction(SIGRTMIN, &action, nullptr) == 0);
  std::atomic<int> taken{0};
  {
    std::list<signal_fd> objects;
    for (const auto handlers : {handler_policy::call, handler_policy::leave,
             handler_policy::call, handler_policy::call})
      objects.emplace_back(
          context, sigfd::signal_mask{SIGRTMIN}, with(handlers));
    std::list<std::thread> threads;
    for (signal_fd& signals : objects)
      threads.emplace_back([&] {
        for (int i = 0; i < many; ++i)
          taken += signals.wait().value()->sival_int == i;
      });
    support::process sender = support::queue_many(SIGRTMIN, many);
    for (std::thread& thread : threads)
      thread.join();
    BOOST_TEST(sender.wait() == 0);
  }
  BOOST_TEST(taken == 4 * many);
  BOOST_TEST(std::all_of(calls_of.begin(), calls_of.end(),
      [](const std::atomic<int>& calls) { return calls == 1; }));
}

BOOST_AUTO_TEST_CASE(what_nobody_takes_calls_nothing)
{
  install(SIGRTMIN, kind::plain);
  signal_fd other(context, {SIGRTMIN}, support::options());
  {
    signal_fd signals(context, {SIGRTMIN}, calling());
    send(SIGRTMIN, 4);
    BOOST_TEST(next_value(other) == 4);
  }
  BOOST_TEST(calls.empty());
  // Who comes later has no part in it.
  signal_fd later(context, {SIGRTMIN}, calling());
  expect_nothing(later);
  send(SIGRTMIN, 5);
  BOOST_TEST(next_value(later) == 5);
  BOOST_TEST(calls.size() == 1u);
}

BOOST_AUTO_TEST_CASE(it_runs_in_the_thread_that_takes)
{
  install(SIGTERM, kind::plain);
  const sigfd::scoped_signal_block block({SIGTERM}); // no stray, in the pool
  net::thread_pool pool(1);
  signal_fd signals(pool, {SIGTERM}, calling());
  std::promise<::pid_t> completed;
  signals.async_wait(
      [&](error_code, const signal_info&) { completed.set_value(::gettid()); });
  send(SIGTERM);
  const ::pid_t thread = completed.get_future().get();
  BOOST_TEST_REQUIRE(calls.size() == 1u);
  BOOST_TEST(calls[0].thread == thread);
  BOOST_TEST(thread != ::gettid());
  signals.close();
  pool.join();
}

// Ours is asked first, and what it forwards is one occurrence.
BOOST_AUTO_TEST_CASE(a_stray_calls_it_once)
{
  install(SIGRTMIN, kind::with_siginfo);
  signal_fd signals(context, {SIGRTMIN}, calling());
  const ::pid_t self = ::getpid();
  std::thread([&] {
    support::unblock_all();
    ::sigval v{};
    v.sival_int = 8;
    BOOST_TEST(::pthread_sigqueue(::pthread_self(), SIGRTMIN, v) == 0);
  }).join();
  BOOST_TEST(next_value(signals) == 8);
  BOOST_TEST_REQUIRE(calls.size() == 1u);
  BOOST_TEST(calls[0].thread == self);
  BOOST_TEST(calls[0].context == nullptr);
  BOOST_TEST(calls[0].info->si_value.sival_int == 8);
}

// No lock of the library's is held: everything may be done there.

BOOST_AUTO_TEST_CASE(it_may_take_from_another_object)
{
  install(SIGTERM, kind::plain);
  signal_fd signals(context, {SIGTERM}, calling());
  signal_fd same(context, {SIGTERM}, calling());
  signal_fd different(context, {SIGUSR1}, calling());
  int taken = 0;
  in_handler = [&] {
    taken += same.try_wait().has_value();
    taken += different.try_wait().has_value();
  };
  for (const way& w : ways)
    BOOST_TEST_CONTEXT(w.name)
    {
      calls.clear();
      taken = 0;
      send(SIGTERM);
      w.take(context, signals);
      BOOST_TEST(calls.size() == 1u);
      BOOST_TEST(taken == 1);
    }
}

BOOST_AUTO_TEST_CASE(it_may_start_and_cancel_waits_and_send_signals)
{
  install(SIGTERM, kind::plain);
  signal_fd signals(context, {SIGTERM}, calling());
  signal_fd other(context, {SIGUSR1}, calling());
  support::outcome<signal_info> cancelled;
  support::outcome<signal_info> first;
  support::outcome<signal_info> second;
  other.async_wait(cancelled.handler());
  in_handler = [&] {
    if (calls.size() != 1)
      return;
    signals.async_wait(second.handler());
    other.cancel();
    send(SIGTERM);
  };
  signals.async_wait(first.handler());
  send(SIGTERM);
  run_until([&] { return second.completions != 0; });
  BOOST_TEST(first.succeeded());
  BOOST_TEST(second.succeeded());
  BOOST_TEST(cancelled.aborted());
  BOOST_TEST(calls.size() == 2u);
}

BOOST_AUTO_TEST_CASE(it_may_open_and_close_and_change_actions)
{
  install(SIGRTMIN, kind::plain);
  signal_fd signals(context, {SIGRTMIN}, calling());
  std::optional<signal_fd> other;
  in_handler = [&] {
    if (other)
      other.reset();
    else
      other.emplace(context, sigfd::signal_mask{SIGRTMIN}, calling());
    install(SIGRTMIN, calls.size() % 2 == 0 ? kind::plain : kind::with_siginfo);
  };
  for (int i = 0; i < 6; ++i)
  {
    send(SIGRTMIN, i);
    BOOST_TEST(next_value(signals) == i);
    BOOST_TEST(calls.size() == static_cast<std::size_t>(i) + 1);
    if (other)
      expect_nothing(*other);
  }
  in_handler = nullptr;
}

// Handlers that go on to the one that they replaced.

namespace {

void chain(int number, ::siginfo_t* info, void* context)
{
  note({number, *info, context, ::gettid()});
  if (calls.size() > 10)
    ::_exit(90); // it recurses
  support::call_replaced(number, info, context);
}

} // namespace

BOOST_AUTO_TEST_CASE(one_that_chains_reaches_what_it_replaced)
{
  install(SIGRTMIN, kind::plain);
  signal_fd signals(context, {SIGRTMIN}, calling());
  support::install_over(SIGRTMIN, chain);
  send(SIGRTMIN, 1);
  BOOST_TEST(next_value(signals) == 1);
  BOOST_TEST_REQUIRE(calls.size() == 2u);
  BOOST_TEST(calls[0].info.has_value());
  BOOST_TEST(!calls[1].info);
  expect_nothing(signals); // nothing was forwarded
}

// In processes of their own, and of a signal that no other case has: ours may
// come back at any time.

BOOST_AUTO_TEST_CASE(one_that_chains_to_a_former_one_of_ours_ends)
{
  for (const bool had_one : {false, true})
  {
    support::process child([&] {
      if (had_one)
        install(SIGUSR2, kind::plain);
      {
        signal_fd signals(context, {SIGUSR2}, calling());
        support::install_over(SIGUSR2, chain);
      }
      signal_fd signals(context, {SIGUSR2}, calling());
      send(SIGUSR2, 1);
      if (next_value(signals) != 1)
        return 1;
      return calls.size() == (had_one ? 2 : 1) ? 0 : 2;
    });
    BOOST_TEST(child.wait() == 0);
  }
}

BOOST_AUTO_TEST_CASE(nor_does_one_that_takes_from_another_object_meanwhile)
{
  support::process child([&] {
    install(SIGUSR2, kind::plain);
    {
      signal_fd signals(context, {SIGUSR2}, calling());
      support::install_over(SIGUSR2, chain);
    }
    signal_fd signals(context, {SIGUSR2}, calling());
    send(SIGUSR2, 1);
    bool is_first = true;
    in_handler = [&] {
      if (!std::exchange(is_first, false))
        return;
      send(SIGUSR2, 2);
      next_value(signals);
    };
    next_value(signals);
    return calls.size() == 4 ? 0 : 1; // each of two, twice
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
