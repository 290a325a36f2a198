// Asio without epoll: its reactor is select(2).

#include <sigfd/signal_fd.hpp>

#include "support/drain.hpp"
#include "support/failing_allocation.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

#include <cstddef>
#include <new>
#include <vector>

namespace {

namespace net = boost::asio;
using sigfd::signal_fd;
using sigfd::signal_info;

struct fixture
{
  net::io_context context;
  // Opens the reactor's descriptors before others are taken.
  signal_fd first{context, sigfd::signal_mask{}, support::options()};

  ~fixture()
  {
    support::drain(SIGRTMIN);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(select_reactor, fixture)

BOOST_AUTO_TEST_CASE(a_wait_gets_a_signal)
{
  signal_fd signals(context, sigfd::signal_mask{SIGRTMIN}, support::options());
  support::outcome<signal_info> wait;
  signals.async_wait(wait.handler());
  context.poll();
  BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 1));
  context.restart();
  context.run_for(support::patience());
  BOOST_TEST(wait.succeeded());
}

// What it says is of a category of Asio's.
BOOST_AUTO_TEST_CASE(an_error_of_the_reactor_arrives_as_it_is)
{
  ::rlimit files{};
  BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &files) == 0);
  if (files.rlim_max < 2 * FD_SETSIZE)
    return; // no descriptor is too large
  files.rlim_cur = 2 * FD_SETSIZE;
  BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &files) == 0);
  std::vector<sigfd::detail::unique_fd> taken;
  do
    taken.emplace_back(::fcntl(0, F_DUPFD_CLOEXEC, 0));
  while (taken.back() && taken.back().get() < FD_SETSIZE);
  signal_fd signals(context, sigfd::signal_mask{SIGRTMIN}, support::options());
  BOOST_REQUIRE(signals.native_handle() >= FD_SETSIZE);
  support::outcome<signal_info> wait;
  signals.async_wait(wait.handler());
  context.run_for(support::patience());
  BOOST_TEST(wait.failed_with(net::error::fd_set_failure));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(select_reactor_in_children)

// It allocates for each descriptor that somebody waits for. Whichever of these
// fails: the wait is not started, and the next one gets the signal. (No object
// in the parent: TSan does not forget a thread that the child does not have.)
BOOST_AUTO_TEST_CASE(a_wait_without_memory_does_not_hang)
{
  for (int left = 0; left < 4; ++left)
  {
    support::process child([&] {
      net::io_context own;
      signal_fd signals(own, sigfd::signal_mask{SIGRTMIN}, support::options());
      support::fail_allocation_after(left);
      try
      {
        signals.async_wait([](auto, const signal_info&) {});
        own.poll();
      }
      catch (const std::bad_alloc&)
      {
      }
      support::fail_allocation_after(-1);
      signals.cancel();
      support::outcome<signal_info> wait;
      signals.async_wait(wait.handler());
      if (!support::queue(::getpid(), SIGRTMIN, 1))
        return 1;
      own.restart();
      own.run_for(support::patience());
      return wait.succeeded() ? 0 : 2;
    });
    BOOST_TEST(child.wait_for(support::child_bound()) == 0);
  }
}

BOOST_AUTO_TEST_SUITE_END()
