// A program with much static thread-local storage, which the C library puts on
// the stack of each thread, also on that of the pipe source. Built once for
// each size, TLS_BYTES: the largest are larger than a small stack, the others
// leave little of it.

#include <sigfd/signal_fd.hpp>

#include "support/drain.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

namespace {

namespace net = boost::asio;
using sigfd::signal_fd;
using sigfd::signal_info;

thread_local volatile char storage[TLS_BYTES] = {1};

} // namespace

BOOST_AUTO_TEST_SUITE(thread_local_storage)

BOOST_AUTO_TEST_CASE(signals_arrive)
{
  storage[TLS_BYTES - 1] = 2;
  const auto threads = support::count_threads();
  for (int round = 0; round < 20; ++round)
  {
    net::io_context context;
    signal_fd signals(context, {SIGRTMIN, SIGRTMIN + 1}, support::options());
    for (int i = 0; i < 50; ++i)
      BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
    for (int i = 0; i < 50; ++i)
    {
      support::outcome<signal_info> wait;
      signals.async_wait(wait.handler());
      context.restart();
      context.run_for(support::patience());
      BOOST_REQUIRE(wait.succeeded());
      BOOST_TEST(wait.result.value()->sival_int == i);
    }
    // What the pipe has already goes back, and not always in order.
    for (int i = 0; i < 50; ++i)
      BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN + 1, i));
    signals.update({SIGRTMIN + 1});
    signals.close();
    signals.open({SIGRTMIN + 1}, support::options());
    int sum = 0;
    for (int i = 0; i < 50; ++i)
      sum += signals.wait().value()->sival_int;
    BOOST_TEST(sum == 49 * 50 / 2);
  }
  BOOST_TEST(
      support::wait_until([&] { return support::count_threads() == threads; }));
  BOOST_TEST(storage[TLS_BYTES - 1] == 2);
  support::drain(SIGRTMIN);
}

BOOST_AUTO_TEST_SUITE_END()
