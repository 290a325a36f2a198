// The asynchronous waits: when and how they complete.

#include <sigfd/signal_fd.hpp>

#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/source.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;
using support::outcome;

struct fixture
{
  net::io_context context;
  signal_fd signals{context, {SIGUSR1, SIGRTMIN}, support::options()};

  // Runs until a condition holds.
  template <typename Condition>
  void run_until(Condition condition)
  {
    while (!condition())
      BOOST_REQUIRE(context.run_one() != 0);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(async_wait, fixture)

BOOST_AUTO_TEST_CASE(completes_with_a_pending_signal_but_not_inside_the_call)
{
  BOOST_REQUIRE(::kill(::getpid(), SIGUSR1) == 0);
  outcome<signal_info> one;
  signals.async_wait(one.handler());
  BOOST_TEST(one.completions == 0);
  context.run();
  BOOST_TEST(one.succeeded());
  BOOST_TEST(one.result.number() == SIGUSR1);
  BOOST_TEST(one.result.sender()->pid == ::getpid());
}

BOOST_AUTO_TEST_CASE(nor_where_the_executor_could_call_it_at_once)
{
  BOOST_REQUIRE(::kill(::getpid(), SIGUSR1) == 0);
  outcome<signal_info> one;
  net::post(context, [&] {
    signals.async_wait(one.handler());
    BOOST_TEST(one.completions == 0);
  });
  context.run();
  BOOST_TEST(one.succeeded());
}

BOOST_AUTO_TEST_CASE(starting_a_wait_takes_nothing)
{
  BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 1));
  outcome<signal_info> one;
  signals.async_wait(one.handler());
  // The kernel still has it.
  std::optional<signal_info> info;
  BOOST_TEST(support::wait_until(
      [&] { return (info = signals.try_wait()).has_value(); }));
  context.poll();
  BOOST_TEST(one.completions == 0);
  BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 2));
  context.run();
  BOOST_TEST(one.succeeded());
  BOOST_TEST(one.result.value()->sival_int == 2);
}

BOOST_AUTO_TEST_CASE(completes_with_a_signal_that_comes_later)
{
  outcome<signal_info> one;
  signals.async_wait(one.handler());
  support::process sender([parent = ::getpid()] {
    ::usleep(20'000); // so that the loop is likely to sleep already
    return support::queue(parent, SIGRTMIN, 17) ? 0 : 1;
  });
  context.run();
  BOOST_TEST(one.succeeded());
  BOOST_TEST(one.result.value()->sival_int == 17);
  BOOST_TEST(one.result.sender()->pid == sender.pid());
  BOOST_TEST(sender.wait() == 0);
}

BOOST_AUTO_TEST_CASE(keeps_the_context_running)
{
  outcome<signal_info> one;
  signals.async_wait(one.handler());
  context.poll();
  BOOST_TEST(!context.stopped());
  signals.cancel();
  context.run();
  BOOST_TEST(one.aborted());
  BOOST_TEST(context.stopped());
}

BOOST_AUTO_TEST_CASE(one_occurrence_completes_one_of_several_waits)
{
  std::array<outcome<signal_info>, 5> waits;
  for (auto& wait : waits)
    signals.async_wait(wait.handler());
  context.poll();
  const auto completed = [&] {
    int count = 0;
    for (const auto& wait : waits)
      count += wait.completions;
    return count;
  };
  for (int i = 1; i <= 5; ++i)
  {
    BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
    run_until([&] { return completed() >= i; });
    context.poll();
    BOOST_TEST(completed() == i);
  }
  int sum = 0;
  for (const auto& wait : waits)
  {
    BOOST_TEST(wait.succeeded());
    sum += wait.result.value()->sival_int;
  }
  BOOST_TEST(sum == 1 + 2 + 3 + 4 + 5);
}

BOOST_AUTO_TEST_CASE(several_waits_complete_with_signals_that_came_at_once)
{
  std::array<outcome<signal_info>, 5> waits;
  for (auto& wait : waits)
    signals.async_wait(wait.handler());
  context.poll();
  for (int i = 0; i < 5; ++i)
    BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
  context.run();
  for (const auto& wait : waits)
    BOOST_TEST(wait.succeeded());
}

BOOST_AUTO_TEST_CASE(wait_some_takes_what_is_there_and_fits)
{
  for (int i = 0; i < 5; ++i)
    BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
  std::array<signal_info, 3> infos;
  int next = 0;
  while (next < 5)
  {
    outcome<std::size_t> some;
    signals.async_wait_some(infos, some.handler());
    BOOST_TEST(some.completions == 0);
    context.restart();
    context.run();
    BOOST_REQUIRE(some.succeeded());
    BOOST_REQUIRE((some.result >= 1 && some.result <= infos.size()));
    for (std::size_t i = 0; i < some.result; ++i)
      BOOST_TEST(infos[i].value()->sival_int == next++);
  }
}

BOOST_AUTO_TEST_CASE(an_empty_span_completes_with_0_and_takes_nothing)
{
  BOOST_REQUIRE(::kill(::getpid(), SIGUSR1) == 0);
  outcome<std::size_t> none;
  signals.async_wait_some({}, none.handler());
  BOOST_TEST(none.completions == 0);
  context.run();
  BOOST_TEST(none.succeeded());
  BOOST_TEST(none.result == 0u);
  BOOST_TEST(signals.wait().number() == SIGUSR1);
}

BOOST_AUTO_TEST_CASE(the_handler_may_destroy_or_move_the_object)
{
  auto object = std::make_shared<signal_fd>(
      context, sigfd::signal_mask{SIGRTMIN}, support::options());
  signals.remove(SIGRTMIN);
  int calls = 0;
  object->async_wait([&](error_code ec, const signal_info&) {
    BOOST_TEST(!ec);
    ++calls;
    signal_fd moved(std::move(*object));
    object.reset();
    moved.async_wait([&](error_code error, const signal_info& info) {
      BOOST_TEST((error == net::error::operation_aborted));
      BOOST_TEST(info.number() == 0);
      ++calls;
    });
  });
  BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 1));
  context.run();
  BOOST_TEST(calls == 2);
}

BOOST_AUTO_TEST_CASE(a_handler_for_signal_set_still_compiles)
{
  int number = 0;
  signals.async_wait([&](const error_code& ec, int signal_number) {
    BOOST_TEST(!ec);
    number = signal_number;
  });
  BOOST_REQUIRE(::kill(::getpid(), SIGUSR1) == 0);
  context.run();
  BOOST_TEST(number == SIGUSR1);
}

BOOST_AUTO_TEST_CASE(throws_through_run_if_the_handler_throws)
{
  signals.async_wait(
      [](error_code, const signal_info&) { throw std::runtime_error("x"); });
  BOOST_REQUIRE(::kill(::getpid(), SIGUSR1) == 0);
  BOOST_CHECK_THROW(context.run(), std::runtime_error);
  context.restart();
  BOOST_REQUIRE(::kill(::getpid(), SIGUSR1) == 0);
  outcome<signal_info> one;
  signals.async_wait(one.handler());
  context.run();
  BOOST_TEST(one.succeeded());
}

BOOST_AUTO_TEST_CASE(handlers_are_where_their_alignment_wants_them)
{
  static int misplaced;
  misplaced = 0;
  struct alignas(64) aligned
  {
    aligned() = default;

    aligned(aligned&&) noexcept
    {
      if (reinterpret_cast<std::uintptr_t>(this) % alignof(aligned) != 0)
        ++misplaced;
    }

    void operator()(const error_code&, const signal_info&) const
    {
    }
  };
  for (int i = 0; i < 8; ++i)
  {
    signals.async_wait(aligned());
    BOOST_REQUIRE(::kill(::getpid(), SIGUSR1) == 0);
    context.restart();
    context.run();
    BOOST_TEST(misplaced == 0);
  }
}

BOOST_AUTO_TEST_SUITE_END()
