// Threads that block no signal, in bursts: each of them catches a signal that
// is sent to it, and whatever comes for the process meanwhile. 10,000 of them
// by
// "-- 10000".

#include <sigfd/signal_fd.hpp>
#include <sigfd/stray_counts.hpp>

#include "environment/argument.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"
#include "support/unblocked_threads.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <iostream>
#include <vector>

namespace {

namespace net = boost::asio;
using sigfd::signal_fd;

constexpr int burst = 100;

// How many pages of the process are in memory.
long resident_pages()
{
  std::ifstream statm("/proc/self/statm");
  long all = 0;
  long resident = 0;
  statm >> all >> resident;
  return resident;
}

} // namespace

BOOST_AUTO_TEST_SUITE(threads)

BOOST_AUTO_TEST_CASE(bursts_of_threads_lose_nothing)
{
  const int bursts = environment::argument(1'000) / burst;
  net::io_context context;
  signal_fd signals(context, {SIGRTMIN, SIGRTMIN + 1}, support::options());
  const auto first_stray = sigfd::count_strays().caught;
  const std::size_t threads_before = support::count_threads();

  std::vector<int> counts(static_cast<std::size_t>(bursts * 2 * burst));
  int total = 0;
  const auto take = [&] {
    while (const auto info = signals.try_wait())
    {
      ++total;
      ++counts.at(static_cast<std::size_t>(info->value()->sival_int));
    }
  };

  long pages = 0;
  std::size_t descriptors = 0;
  for (int b = 0; b < bursts; ++b)
  {
    const auto caught_before = sigfd::count_strays().caught;
    {
      const ::pid_t receiver = ::getpid();
      support::process sender([=] { // while the threads start
        for (int i = 0; i < 2 * burst; ++i)
          if (!support::queue(receiver, SIGRTMIN + i % 2, b * 2 * burst + i))
            return 1;
        return 0;
      });
      const support::unblocked_threads threads(burst);
      // As long as nobody reads, each thread catches one and passes it on.
      BOOST_TEST(support::wait_until([&] {
        return support::source_name() != "kernel"
            || sigfd::count_strays().caught - caught_before >= burst;
      }));
      BOOST_TEST(sender.wait() == 0);
    }
    BOOST_REQUIRE(support::wait_until([&] {
      take();
      return total == 2 * burst * (b + 1);
    }));
    BOOST_TEST(support::wait_until(
        [&] { return support::count_threads() == threads_before; }));
    if (b == bursts / 2)
    {
      pages = resident_pages();
      descriptors = support::count_descriptors();
    }
  }
  BOOST_TEST(counts == std::vector(counts.size(), 1));
  BOOST_TEST(support::count_descriptors() == descriptors);
  const long growth = resident_pages() - pages;
  if (!support::has_sanitizer) // which keep what was freed
    BOOST_TEST(growth < 256);
  const auto strays = sigfd::count_strays();
  BOOST_TEST(strays.lost == 0u);
  std::cout << bursts * burst << " threads, " << total << " signals, "
            << strays.caught - first_stray << " of them strays, grown by "
            << growth << " pages since half of them" << std::endl;
}

BOOST_AUTO_TEST_SUITE_END()
