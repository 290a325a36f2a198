// Very many objects at once: opened, each gets its signals, closed. It prints
// how many of them a second; for 10,000, run the program with "-- 10000".

#include <sigfd/signal_fd.hpp>

#include "environment/argument.hpp"
#include "support/delivery.hpp"
#include "support/process_state.hpp"
#include "support/skip.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/resource.h>

#include <cstddef>
#include <ctime>
#include <iomanip>
#include <iostream>
#include <memory>
#include <vector>

namespace {

namespace net = boost::asio;
using sigfd::delivery_policy;
using sigfd::signal_fd;
using sigfd::signal_mask;

// How many descriptors there may be.
std::size_t raise_descriptor_limit()
{
  ::rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

// As many objects as were asked for, or else as there can be: with a pipe, each
// has two descriptors.
int object_count(int wanted)
{
  const std::size_t each = support::source_name() == "kernel" ? 1 : 2;
  const std::size_t most = (raise_descriptor_limit() - 100) / each;
  if (most >= static_cast<std::size_t>(wanted))
    return wanted;
  std::cout << "RLIMIT_NOFILE allows no more than " << most << " objects\n";
  return static_cast<int>(most);
}

// Prints how much processor time something took for each object.
class stopwatch
{
public:
  explicit stopwatch(int objects)
    : objects_(objects)
  {
  }

  void lap(const char* what)
  {
    const double seconds = static_cast<double>(std::clock() - start_)
        / CLOCKS_PER_SEC;
    std::cout << std::setw(9) << what << std::fixed << std::setprecision(2)
              << std::setw(9) << seconds * 1e6 / objects_ << " us each, "
              << std::setprecision(0) << std::setw(8) << objects_ / seconds
              << " objects a second" << std::endl;
    start_ = std::clock();
  }

private:
  int objects_;
  std::clock_t start_ = std::clock();
};

constexpr int groups = 20;

// The objects are in groups; each watches the number of its group, and one that
// all watch. With SIGUSR1 for all, a signal wakes everybody.
struct scene
{
  net::io_context context;
  const net::executor_work_guard<net::io_context::executor_type> work{
      context.get_executor()};
  std::vector<std::unique_ptr<signal_fd>> objects;
  std::vector<int> own; // how often each got the signal of its group
  std::vector<int> common;
  int total = 0;

  static int number_of(int i)
  {
    return SIGRTMIN + 1 + i % groups;
  }

  void open(int count, delivery_policy delivery)
  {
    own.assign(static_cast<std::size_t>(count), 0);
    common = own;
    for (int i = 0; i < count; ++i)
      objects.push_back(std::make_unique<signal_fd>(context,
          signal_mask{number_of(i), SIGUSR1}, support::options_with(delivery)));
  }

  void wait(std::size_t i)
  {
    objects[i]->async_wait([this, i](boost::system::error_code ec,
                               const sigfd::signal_info& info) {
      if (ec)
        return;
      ++(info == SIGUSR1 ? common : own)[i];
      ++total;
      wait(i);
    });
  }

  void wait_all()
  {
    for (std::size_t i = 0; i < objects.size(); ++i)
      wait(i);
  }

  // Runs until so many signals have arrived, and there are no more.
  bool run_until(int expected)
  {
    const bool done = support::wait_until([&] {
      context.poll();
      return total >= expected;
    });
    for (int i = 0; i < 3; ++i)
      context.poll();
    return done && total == expected;
  }
};

void run(int count, delivery_policy delivery)
{
  const bool every = delivery == delivery_policy::every;
  std::cout << count << " objects, "
            << (every ? "each gets each signal" : "which compete") << std::endl;
  scene s;
  const signal_fd first(s.context, {SIGHUP}, support::options());
  const support::process_state before;

  stopwatch watch(count);
  s.open(count, delivery);
  watch.lap("open");
  s.wait_all();
  s.context.poll();
  watch.lap("wait");

  if (every)
  {
    for (int g = 0; g < groups; ++g)
      support::delivery_fixture::send(scene::number_of(g), g);
    BOOST_TEST(s.run_until(count));
    watch.lap("own");
    support::delivery_fixture::send(SIGUSR1, 0);
    BOOST_TEST(s.run_until(2 * count));
    watch.lap("common");
    BOOST_TEST(s.own == std::vector(s.own.size(), 1));
    BOOST_TEST(s.common == std::vector(s.own.size(), 1));
  }
  else
  {
    for (int i = 0; i < count; ++i)
      support::delivery_fixture::send(scene::number_of(i), i);
    BOOST_TEST(s.run_until(count));
    watch.lap("own");
    support::delivery_fixture::send(SIGUSR1, 0);
    BOOST_TEST(s.run_until(count + 1));
    watch.lap("common");
  }

  s.objects.clear();
  watch.lap("close");
  BOOST_TEST(support::count_descriptors() == before.descriptors);
  BOOST_TEST(support::wait_until(
      [&] { return support::count_threads() == before.threads; }));
  BOOST_TEST(support::wait_until([] { return !support::is_any_pending(); }));
}

} // namespace

BOOST_AUTO_TEST_SUITE(objects)

BOOST_AUTO_TEST_CASE(each_gets_each_signal)
{
  run(object_count(environment::argument(1'000)), delivery_policy::every);
}

BOOST_AUTO_TEST_CASE(they_compete)
{
  run(object_count(environment::argument(1'000)), delivery_policy::one);
}

// What an object costs does not depend on how many there are: with 16 times as
// many it was 20 times as much, when each of them was told of each other one.
BOOST_AUTO_TEST_CASE(one_costs_the_same_among_many)
{
  const auto microseconds_each = [](int count) {
    scene s;
    const std::clock_t start = std::clock();
    s.open(count, delivery_policy::every);
    s.objects.clear();
    return static_cast<double>(std::clock() - start) / count;
  };
  const int many = object_count(8'000);
  if (many < 8'000)
    support::skip("too few objects to compare what one costs");
  microseconds_each(500); // what is there once is made
  const double few = microseconds_each(500);
  const double among_many = microseconds_each(many);
  std::cout << "500 objects: " << few << " us each, " << many << ": "
            << among_many << " us each" << std::endl;
  BOOST_TEST(among_many < 10 * few);
}

BOOST_AUTO_TEST_SUITE_END()
