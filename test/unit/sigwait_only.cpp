// The pipe source on a platform that has no more than sigwait(3): the number is
// known, and the views say that nothing else is. Built with SIGFD_SIGWAIT_ONLY,
// which stands in for such a platform.

#include <sigfd/signal_fd.hpp>

#include "support/drain.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <sstream>

static_assert(!sigfd::detail::has_siginfo_wait);

namespace {

namespace net = boost::asio;
using sigfd::signal_fd;
using sigfd::signal_info;

} // namespace

BOOST_AUTO_TEST_CASE(knows_the_number_and_says_that_it_knows_no_more)
{
  net::io_context context;
  signal_fd signals(context, {SIGUSR1, SIGRTMIN},
      {.source = sigfd::source::pipe});
  BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 17));
  const signal_info info = signals.wait();
  BOOST_TEST(info.number() == SIGRTMIN);
  BOOST_TEST((info.cause() == sigfd::signal_cause::unknown));
  BOOST_TEST(!info.sender());
  BOOST_TEST(!info.value());
  BOOST_TEST(!info.child());
  BOOST_TEST(!info.timer());
  BOOST_TEST(!info.io());
  BOOST_TEST(!info.fault());
  BOOST_TEST(!info.syscall());
  std::ostringstream os;
  os << info;
  BOOST_TEST(os.str() == "SIGRTMIN from an unknown sender");
}

BOOST_AUTO_TEST_CASE(gives_back_by_number)
{
  net::io_context context;
  signal_fd signals(context, {SIGUSR1, SIGUSR2},
      {.source = sigfd::source::pipe});
  BOOST_REQUIRE(::kill(::getpid(), SIGUSR1) == 0);
  BOOST_REQUIRE(::kill(::getpid(), SIGUSR2) == 0);
  BOOST_TEST(support::wait_until([] {
    return !support::is_pending(SIGUSR1) && !support::is_pending(SIGUSR2);
  }));
  signals.remove(SIGUSR1);
  BOOST_TEST(support::is_pending(SIGUSR1));
  BOOST_TEST(signals.wait().number() == SIGUSR2);
  signals.close();
  BOOST_TEST(support::drain(SIGUSR1) == 1);
}

BOOST_AUTO_TEST_CASE(wakes_and_ends_again_and_again)
{
  net::io_context context;
  for (int i = 0; i < 200; ++i)
  {
    signal_fd signals(context, {SIGUSR1}, {.source = sigfd::source::pipe});
    signals.add(SIGUSR2);
    BOOST_REQUIRE(::kill(::getpid(), SIGUSR2) == 0);
    BOOST_TEST(signals.wait().number() == SIGUSR2);
  }
}
