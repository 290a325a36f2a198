// Objects that compete for signals, and the two policies on one number.

#include <sigfd/error.hpp>
#include <sigfd/signal_fd.hpp>

#include "support/delivery.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/source.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using boost::system::system_error;
using sigfd::delivery_policy;
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

sigfd::open_options competing()
{
  return options_with(delivery_policy::one);
}

// Waits until it is cancelled.
class competitor
{
public:
  competitor(net::io_context& context, std::atomic<int>& total)
    : signals_(context, {SIGRTMIN}, competing()),
      total_(total)
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
      if (ec)
        return;
      heard_.push_back(value_of(info));
      ++total_;
      wait();
    });
  }

  signal_fd signals_;
  std::atomic<int>& total_;
  values heard_;
};

// What must not change when an object is refused.
struct whole_state
{
  support::process_state process;
  std::vector<bool> handlers = all_handlers();

  static std::vector<bool> all_handlers()
  {
    std::vector<bool> all;
    for (const int n : signal_mask::all())
      all.push_back(support::has_siginfo_handler(n));
    return all;
  }

  void check() const
  {
    BOOST_TEST(support::returns_to(process));
    BOOST_TEST(handlers == all_handlers());
  }
};

void check_refused(const error_code& ec, int number)
{
  BOOST_TEST(ec);
  BOOST_TEST((ec.category() == sigfd::error_category()));
  BOOST_TEST((ec == boost::system::errc::device_or_resource_busy));
  const std::string name = number == SIGRTMIN ? "SIGRTMIN" : "SIGUSR2";
  BOOST_TEST(ec.message().find(name) != std::string::npos, ec.message());
}

constexpr delivery_policy policies[] = {
    delivery_policy::every, delivery_policy::one};

delivery_policy other(delivery_policy policy)
{
  return policy == delivery_policy::one ? delivery_policy::every
                                        : delivery_policy::one;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(delivery_one, support::delivery_fixture)

BOOST_AUTO_TEST_CASE(each_occurrence_goes_to_one_of_them)
{
  constexpr int count = 20'000;
  std::array<net::io_context, 3> contexts;
  std::atomic<int> total{0};
  std::vector<std::unique_ptr<competitor>> all;
  for (std::size_t i = 0; i < 6; ++i)
    all.push_back(std::make_unique<competitor>(contexts[i % 3], total));
  std::vector<std::thread> threads;
  for (net::io_context& each : contexts)
    threads.emplace_back([&] { each.run(); });
  support::process sender = support::queue_many(SIGRTMIN, count);
  BOOST_TEST(support::wait_until([&] { return total >= count; }));
  BOOST_TEST(sender.wait() == 0);
  settle();
  for (net::io_context& each : contexts)
    each.stop();
  for (std::thread& thread : threads)
    thread.join();
  values heard;
  for (const auto& one : all)
  {
    BOOST_TEST(std::is_sorted(one->heard().begin(), one->heard().end()));
    heard.insert(heard.end(), one->heard().begin(), one->heard().end());
  }
  std::sort(heard.begin(), heard.end());
  BOOST_TEST((heard == range(0, count)));
}

BOOST_AUTO_TEST_CASE(who_waits_gets_it)
{
  for (const int number : {SIGUSR1, SIGRTMIN})
  {
    signal_fd idle(context, signal_mask{number}, competing());
    signal_fd waits(context, signal_mask{number}, competing());
    signal_fd idle_too(context, signal_mask{number}, competing());
    for (int i = 0; i < 20; ++i)
    {
      outcome<signal_info> wait;
      waits.async_wait(wait.handler());
      send(number, i);
      context.restart();
      context.run();
      BOOST_TEST(wait.succeeded());
      BOOST_TEST(value_of(wait.result) == i);
      BOOST_TEST(!idle.try_wait());
      BOOST_TEST(!idle_too.try_wait());
    }
  }
}

// It is for the others, and none of them hears it twice.
BOOST_AUTO_TEST_CASE(what_one_did_not_take_is_there_for_another)
{
  auto first = std::make_unique<signal_fd>(
      context, signal_mask{SIGRTMIN}, competing());
  auto second = std::make_unique<signal_fd>(
      context, signal_mask{SIGRTMIN}, competing());
  send(SIGRTMIN, 0, 10);
  settle();
  BOOST_TEST(take(*first, 3) == range(0, 3));
  BOOST_TEST(take(*second, 3) == range(3, 6));
  first.reset();
  BOOST_TEST(take(*second, 2) == range(6, 8));
  second.reset();
  signal_fd third(context, {SIGRTMIN}, competing());
  settle();
  BOOST_TEST(take(third) == range(8, 10));
}

// The backlog is for what others have taken, and here nobody does.
BOOST_AUTO_TEST_CASE(nothing_is_dropped)
{
  sigfd::open_options small = competing();
  small.backlog = 2;
  small.overflow = sigfd::overflow_policy::drop_oldest;
  signal_fd first(context, {SIGRTMIN}, small);
  signal_fd second(context, {SIGRTMIN}, small);
  send(SIGRTMIN, 0, 100);
  settle();
  values heard;
  BOOST_TEST(support::wait_until([&] {
    for (signal_fd* signals : {&first, &second})
      for (const int i : take(*signals, 1))
        heard.push_back(i);
    return heard.size() >= 100;
  }));
  BOOST_TEST(heard == range(0, 100));
  BOOST_TEST(first.dropped() + second.dropped() == 0u);
}

BOOST_AUTO_TEST_CASE(the_policies_cannot_be_mixed)
{
  for (const delivery_policy policy : policies)
    for (const int number : {SIGUSR2, SIGRTMIN})
    {
      signal_fd first(context, {number, SIGTERM}, options_with(policy));
      signal_fd second(context, {SIGUSR1}, options_with(other(policy)));
      signal_fd third(context);
      const whole_state before;
      error_code ec;

      third.open({number, SIGHUP}, options_with(other(policy)), ec);
      check_refused(ec, number);
      BOOST_TEST(!third.is_open());
      before.check();
      BOOST_CHECK_THROW(signal_fd(context, signal_mask{number, SIGHUP},
                            options_with(other(policy))),
          system_error);
      before.check();

      second.add(number, ec);
      check_refused(ec, number);
      BOOST_TEST((second.signals() == signal_mask{SIGUSR1}));
      before.check();
      second.update({SIGHUP, number}, ec);
      check_refused(ec, number);
      BOOST_TEST((second.signals() == signal_mask{SIGUSR1}));
      before.check();

      // All of them hear what they heard before, and nothing else.
      for (const int n : {SIGUSR1, SIGTERM, number})
      {
        send(n, n);
        signal_fd& hears = n == SIGUSR1 ? second : first;
        BOOST_TEST(hears.wait().number() == n);
      }
      BOOST_TEST(!first.try_wait());
      BOOST_TEST(!second.try_wait());

      // Others than that number may be added.
      second.add(SIGHUP, ec);
      BOOST_TEST(!ec);
    }
}

BOOST_AUTO_TEST_CASE(the_other_policy_may_be_used_when_the_last_has_gone)
{
  for (const delivery_policy policy : policies)
  {
    signal_fd first(context, {SIGRTMIN}, options_with(policy));
    signal_fd second(context, {SIGRTMIN, SIGUSR1}, options_with(policy));
    signal_fd third(context, {SIGUSR2}, options_with(other(policy)));
    error_code ec;
    first.close();
    third.add(SIGRTMIN, ec);
    check_refused(ec, SIGRTMIN);
    second.remove(SIGRTMIN);
    third.add(SIGRTMIN, ec);
    BOOST_TEST(!ec);
    send(SIGRTMIN, 1);
    BOOST_TEST(value_of(third.wait()) == 1);
    // Now the first cannot come back.
    first.open({SIGRTMIN}, options_with(policy), ec);
    check_refused(ec, SIGRTMIN);
    third.close();
    first.open({SIGRTMIN}, options_with(policy), ec);
    BOOST_TEST(!ec);
    settle();
    BOOST_TEST(!first.try_wait());
  }
}

// An object may be moved, which opens another in its place.
BOOST_AUTO_TEST_CASE(a_move_does_not_change_the_policy)
{
  using other_signal_fd = sigfd::basic_signalfd<net::io_context::executor_type>;
  for (const delivery_policy policy : policies)
  {
    other_signal_fd first(context, {SIGRTMIN}, options_with(policy));
    signal_fd moved(std::move(first));
    signal_fd third(context);
    error_code ec;
    third.open({SIGRTMIN}, options_with(other(policy)), ec);
    check_refused(ec, SIGRTMIN);
    third.open({SIGRTMIN}, options_with(policy), ec);
    BOOST_TEST(!ec);
    send(SIGRTMIN, 1);
    settle();
    const std::size_t count = take(moved).size() + take(third).size();
    BOOST_TEST(count == (policy == delivery_policy::one ? 1u : 2u));
  }
}

BOOST_AUTO_TEST_SUITE_END()
