// Several signals at once, of which one is taken: nobody sleeps over the rest,
// and none is lost, doubled or out of order.

#include <sigfd/signal_fd.hpp>

#include "support/drain.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/settle.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;
using support::outcome;

using list = std::vector<int>;

int value_of(const signal_info& info)
{
  return info.value() ? info.value()->sival_int : -1;
}

// Has the threads that this one starts share one processor with it.
class one_processor
{
public:
  one_processor()
  {
    ::sched_getaffinity(0, sizeof old_, &old_);
    ::cpu_set_t one;
    CPU_ZERO(&one);
    for (std::size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i)
      if (CPU_ISSET(i, &old_))
        CPU_SET(i, &one);
    ::sched_setaffinity(0, sizeof one, &one);
  }

  one_processor(const one_processor&) = delete;
  one_processor& operator=(const one_processor&) = delete;

  ~one_processor()
  {
    ::sched_setaffinity(0, sizeof old_, &old_);
  }

  // Lets the calling thread run when no other wants to.
  static void yield_to_all()
  {
    const ::sched_param none{};
    ::pthread_setschedparam(::pthread_self(), SCHED_IDLE, &none);
  }

private:
  ::cpu_set_t old_;
};

struct fixture
{
  net::io_context context;
  signal_fd signals{context, {SIGRTMIN}, support::options()};

  ~fixture()
  {
    signals.close();
    support::drain(SIGRTMIN);
  }

  // Sends signals with the values 0, 1, 2 ..., which the descriptor then has.
  void burst(int count)
  {
    for (int i = 0; i < count; ++i)
      BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
    if (signals.source() == sigfd::source::kernel)
      return;
    BOOST_REQUIRE(support::settle(SIGRTMIN));
  }

  void run()
  {
    context.restart();
    context.run_for(support::patience());
  }

  // Takes what there is; the values.
  list take_rest()
  {
    list values;
    while (const auto info = signals.try_wait())
      values.push_back(value_of(*info));
    return values;
  }

  bool is_readable(int fd) const
  {
    ::pollfd p{fd, POLLIN, 0};
    return ::poll(&p, 1, 0) == 1;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(bursts, fixture)

// As a program does that has a loop of its own.
BOOST_AUTO_TEST_CASE(who_polls_the_descriptor_never_sleeps_over_a_signal)
{
  const int fd = signals.native_handle();
  for (const int count : {2, 40, 200})
  {
    burst(count);
    for (int i = 0; i < count; ++i)
    {
      BOOST_TEST_REQUIRE(is_readable(fd));
      BOOST_TEST_REQUIRE(value_of(*signals.try_wait()) == i);
    }
    BOOST_TEST(!is_readable(fd));
    BOOST_TEST(!signals.try_wait());
  }
}

BOOST_AUTO_TEST_CASE(nor_does_who_asks_for_the_descriptor_late)
{
  for (const int count : {2, 40, 200})
  {
    // Each time an object that has shown its descriptor to nobody.
    signals.close();
    signals.open({SIGRTMIN}, support::options());
    burst(count);
    BOOST_TEST(value_of(signals.wait()) == 0);
    const int fd = signals.native_handle();
    for (int i = 1; i < count; ++i)
    {
      BOOST_TEST_REQUIRE(is_readable(fd));
      BOOST_TEST_REQUIRE(value_of(*signals.try_wait()) == i);
    }
    BOOST_TEST(!is_readable(fd));
  }
}

BOOST_AUTO_TEST_CASE(nor_does_who_polls_a_moved_object)
{
  burst(3);
  BOOST_TEST(value_of(signals.wait()) == 0);
  signal_fd moved(std::move(signals));
  const int fd = moved.native_handle();
  signals = std::move(moved);
  for (int i = 1; i < 3; ++i)
  {
    BOOST_TEST_REQUIRE(is_readable(fd));
    BOOST_TEST(value_of(*signals.try_wait()) == i);
  }
}

// Who was first in the reactor is told of the descriptor, and does not find it
// emptied by another.
BOOST_AUTO_TEST_CASE(a_wait_in_the_reactor_gets_what_another_call_left)
{
  for (int round = 0; round < 20; ++round)
  {
    outcome<signal_info> wait;
    signals.async_wait(wait.handler());
    context.restart();
    context.poll(); // it is in the reactor
    burst(3);
    BOOST_TEST(value_of(*signals.try_wait()) == 0);
    run();
    BOOST_TEST_REQUIRE(wait.succeeded());
    BOOST_TEST(value_of(wait.result) == 1);
    BOOST_TEST(take_rest() == list{2});
  }
}

BOOST_AUTO_TEST_CASE(two_waits_on_one_object_both_complete)
{
  for (const bool in_reactor : {false, true})
    for (const bool takes_before : {false, true})
      for (int round = 0; round < 20; ++round)
      {
        outcome<signal_info> first;
        outcome<signal_info> second;
        signals.async_wait(first.handler());
        if (in_reactor)
        {
          context.restart();
          context.poll();
        }
        burst(5);
        list all;
        if (takes_before)
          all.push_back(value_of(*signals.try_wait()));
        signals.async_wait(second.handler());
        run();
        BOOST_TEST_REQUIRE(first.succeeded());
        BOOST_TEST_REQUIRE(second.succeeded());
        all.push_back(value_of(first.result));
        all.push_back(value_of(second.result));
        for (const int value : take_rest())
          all.push_back(value);
        if (!takes_before && value_of(second.result) == 0)
          std::swap(all[0], all[1]); // either may be the first
        else if (takes_before && value_of(second.result) == 1)
          std::swap(all[1], all[2]);
        BOOST_TEST_REQUIRE(
            all == (list{0, 1, 2, 3, 4}), boost::test_tools::per_element());
      }
}

// A wait that starts where nothing is expected goes to the reactor at once.
BOOST_AUTO_TEST_CASE(a_wait_that_expects_nothing_finds_what_is_left)
{
  // Signals that come one by one, until looking before them is rare.
  for (int i = 0; i < 40; ++i)
  {
    outcome<signal_info> wait;
    signals.async_wait(wait.handler());
    context.restart();
    context.poll();
    BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
    run();
    BOOST_TEST_REQUIRE(wait.succeeded());
  }
  burst(3);
  BOOST_TEST(value_of(signals.wait()) == 0);
  for (int i = 1; i < 3; ++i)
  {
    outcome<signal_info> wait;
    signals.async_wait(wait.handler());
    run();
    BOOST_TEST_REQUIRE(wait.succeeded());
    BOOST_TEST(value_of(wait.result) == i);
  }
}

BOOST_AUTO_TEST_CASE(a_cancelled_wait_leaves_what_another_call_left)
{
  for (const bool in_reactor : {false, true})
  {
    burst(5);
    BOOST_TEST(value_of(signals.wait()) == 0);
    outcome<signal_info> wait;
    outcome<std::size_t> some;
    std::array<signal_info, 2> infos;
    signals.async_wait(wait.handler());
    signals.async_wait_some(infos, some.handler());
    if (in_reactor)
      signals.native_handle();
    signals.cancel();
    run();
    BOOST_TEST(wait.aborted());
    BOOST_TEST(some.aborted());
    BOOST_TEST(
        take_rest() == (list{1, 2, 3, 4}), boost::test_tools::per_element());
  }
}

// Each of both takes one of two signals that come at once. On one processor the
// thread that blocks is the last to run: the other finds both signals there.
BOOST_AUTO_TEST_CASE(a_blocking_wait_beside_one_that_completes_elsewhere)
{
  for (const bool is_slow : {false, true})
  {
    std::optional<one_processor> one;
    if (is_slow)
      one.emplace();
    signals.close();
    signals.open({SIGRTMIN}, support::options());
    for (int round = 0; round < (is_slow ? 50 : 500); ++round)
    {
      outcome<signal_info> wait;
      signals.async_wait(wait.handler());
      context.restart();
      context.poll();
      signal_info taken;
      std::atomic<bool> done{false};
      std::thread other([&] {
        if (is_slow)
          one_processor::yield_to_all();
        taken = signals.wait();
        done = true;
      });
      ::usleep(is_slow ? 2'000 : 50); // so that it is likely to sleep
      for (int i = 0; i < 2; ++i)
        BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
      if (is_slow)
        while (signals.source() == sigfd::source::pipe
            && support::is_pending(SIGRTMIN))
          continue;
      run();
      const bool both = support::wait_until([&] { return done.load(); });
      if (!both) // ends the thread
        BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 100));
      other.join();
      BOOST_TEST_REQUIRE(both);
      BOOST_TEST_REQUIRE(wait.succeeded());
      BOOST_TEST_REQUIRE(
          (std::set{value_of(taken), value_of(wait.result)} == std::set{0, 1}));
    }
  }
}

// Operations complete in other threads, and one thread blocks, as long as
// another process sends.
BOOST_AUTO_TEST_CASE(blocking_waits_beside_many_in_other_threads)
{
  constexpr int each = 1'000;
  std::vector<outcome<signal_info>> waits(each);
  for (auto& wait : waits)
    signals.async_wait(wait.handler());
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] { context.run(); });
  support::process sender = support::queue_many(SIGRTMIN, 2 * each);
  std::vector<int> times(2 * each);
  const auto count = [&](const signal_info& info) {
    const int value = value_of(info);
    BOOST_TEST_REQUIRE((value >= 0 && value < 2 * each));
    ++times[static_cast<std::size_t>(value)];
  };
  int last = -1;
  for (int i = 0; i < each; ++i)
  {
    const signal_info info = signals.wait();
    BOOST_TEST_REQUIRE(value_of(info) > last); // those of one taker, in order
    last = value_of(info);
    count(info);
  }
  for (std::thread& thread : threads)
    thread.join();
  BOOST_TEST(sender.wait() == 0);
  for (const auto& wait : waits)
  {
    BOOST_TEST_REQUIRE(wait.succeeded());
    count(wait.result);
  }
  BOOST_TEST((times == std::vector<int>(2 * each, 1)));
}

// Whatever takes them, they come in their order.
BOOST_AUTO_TEST_CASE(all_verbs_in_turn_keep_the_order)
{
  constexpr int count = 3'000;
  support::process sender = support::queue_many(SIGRTMIN, count);
  std::array<signal_info, 40> infos;
  int next = 0;
  for (unsigned step = 0; next < count; ++step)
  {
    const std::size_t room = 1 + step % infos.size();
    const auto part = std::span(infos).first(room);
    std::size_t taken = 0;
    outcome<signal_info> wait;
    outcome<std::size_t> some;
    switch (step % 7)
    {
    case 0:
      infos[0] = signals.wait();
      taken = 1;
      break;
    case 1:
      taken = signals.try_wait_some(part);
      break;
    case 2:
      taken = signals.wait_some(part);
      break;
    case 3:
      signals.async_wait(wait.handler());
      run();
      BOOST_TEST_REQUIRE(wait.succeeded());
      infos[0] = wait.result;
      taken = 1;
      break;
    case 4:
      signals.async_wait_some(part, some.handler());
      run();
      BOOST_TEST_REQUIRE(some.succeeded());
      taken = some.result;
      break;
    case 5:
      signals.update(step % 2 == 0 ? sigfd::signal_mask{SIGRTMIN}
                                   : sigfd::signal_mask{SIGRTMIN, SIGUSR2});
      break;
    case 6:
      context.notify_fork(net::io_context::fork_prepare);
      context.notify_fork(net::io_context::fork_parent);
      break;
    }
    for (std::size_t i = 0; i < taken; ++i)
      BOOST_TEST_REQUIRE(value_of(infos[i]) == next++);
  }
  BOOST_TEST(sender.wait() == 0);
  BOOST_TEST(!signals.try_wait());
}

BOOST_AUTO_TEST_SUITE_END()
