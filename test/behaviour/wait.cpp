// The blocking and the non-blocking functions.

#include <sigfd/signal_fd.hpp>

#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/source.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;

struct fixture
{
  net::io_context context;
  signal_fd signals{context, {SIGUSR1, SIGRTMIN}, support::options()};
};

std::atomic<int> handled{0};

} // namespace

BOOST_FIXTURE_TEST_SUITE(waiting, fixture)

BOOST_AUTO_TEST_CASE(waits_for_a_signal_from_another_process)
{
  support::process sender([parent = ::getpid()] {
    ::usleep(20'000); // so that this process is likely to block first
    return support::queue(parent, SIGRTMIN, 17) ? 0 : 1;
  });
  const signal_info info = signals.wait();
  BOOST_TEST(info.number() == SIGRTMIN);
  BOOST_TEST(info.value()->sival_int == 17);
  BOOST_TEST(info.sender()->pid == sender.pid());
  BOOST_TEST(sender.wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_handler_that_interrupts_the_wait_does_not_end_it)
{
  struct ::sigaction action = {};
  action.sa_handler = [](int) { ++handled; };
  BOOST_REQUIRE(::sigaction(SIGUSR2, &action, nullptr) == 0);
  std::thread other([reader = ::pthread_self()] {
    for (int i = 0; i < 20; ++i)
    {
      ::pthread_kill(reader, SIGUSR2);
      ::usleep(1'000);
    }
    ::kill(::getpid(), SIGUSR1);
  });
  error_code ec;
  const signal_info info = signals.wait(ec);
  other.join();
  BOOST_TEST(!ec);
  BOOST_TEST(info.number() == SIGUSR1);
  BOOST_TEST(handled > 0);
}

BOOST_AUTO_TEST_CASE(try_wait_takes_one_or_nothing)
{
  error_code ec = net::error::eof;
  BOOST_TEST(!signals.try_wait(ec));
  BOOST_TEST(!ec);
  BOOST_TEST(!signals.try_wait());
  BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 1));
  BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 2));
  std::optional<signal_info> info;
  for (const int value : {1, 2})
  {
    BOOST_TEST(support::wait_until(
        [&] { return (info = signals.try_wait()).has_value(); }));
    BOOST_TEST(info->value()->sival_int == value);
  }
  BOOST_TEST(!signals.try_wait());
}

BOOST_AUTO_TEST_CASE(wait_some_takes_what_is_there_and_fits)
{
  for (int i = 0; i < 5; ++i)
    BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
  std::array<signal_info, 3> infos;
  int next = 0;
  while (next < 5)
  {
    const std::size_t count = signals.wait_some(infos);
    BOOST_REQUIRE(count > 0);
    BOOST_REQUIRE(count <= infos.size());
    for (std::size_t i = 0; i < count; ++i)
      BOOST_TEST(infos[i].value()->sival_int == next++);
  }
  BOOST_TEST(signals.try_wait_some(infos) == 0u);
}

BOOST_AUTO_TEST_CASE(an_empty_span_takes_nothing_and_does_not_block)
{
  error_code ec = net::error::eof;
  BOOST_TEST(signals.wait_some({}, ec) == 0u);
  BOOST_TEST(!ec);
  BOOST_REQUIRE(::kill(::getpid(), SIGUSR1) == 0);
  BOOST_TEST(signals.wait_some({}) == 0u);
  BOOST_TEST(signals.try_wait_some({}) == 0u);
  BOOST_TEST(signals.wait().number() == SIGUSR1);
}

BOOST_AUTO_TEST_CASE(lower_numbers_come_first)
{
  BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 1));
  BOOST_REQUIRE(::kill(::getpid(), SIGUSR1) == 0);
  // Only the kernel keeps the order across numbers (design.md, section 5).
  const int first = signals.wait();
  const int second = signals.wait();
  if (support::test_source() == sigfd::source::kernel)
    BOOST_TEST((first == SIGUSR1 && second == SIGRTMIN));
  else
    BOOST_TEST(first + second == SIGUSR1 + SIGRTMIN);
}

BOOST_AUTO_TEST_SUITE_END()
