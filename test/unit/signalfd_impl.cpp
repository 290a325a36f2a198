// detail/signalfd_impl: who may wait where signals were read ahead.

#include <sigfd/detail/handler_op.hpp>
#include <sigfd/detail/initiate_wait.hpp>
#include <sigfd/detail/signalfd_impl.hpp>
#include <sigfd/detail/wait_destination.hpp>

#include "support/drain.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_info;
using sigfd::detail::signalfd_impl_ptr;
using sigfd::detail::started_wait;
using sigfd::detail::wait_handle;
using support::outcome;

// An implementation with the source that reads ahead.
struct fixture
{
  net::io_context context;
  signalfd_impl_ptr impl = sigfd::detail::make_impl(context.get_executor());
  error_code ec;

  fixture()
  {
    impl->open({SIGRTMIN}, {.source = sigfd::source::pipe}, ec);
    BOOST_REQUIRE(!ec);
  }

  ~fixture()
  {
    impl->close();
    support::drain(SIGRTMIN);
  }

  // Sends signals, which the descriptor then has.
  void burst(int count)
  {
    for (int i = 0; i < count; ++i)
      BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
    BOOST_REQUIRE(
        support::wait_until([] { return !support::is_pending(SIGRTMIN); }));
    // The thread of a pipe puts down what it has in its hands.
    context.notify_fork(net::io_context::fork_prepare);
    context.notify_fork(net::io_context::fork_parent);
  }

  // Starts an operation.
  void start(outcome<signal_info>& result)
  {
    auto handler = result.handler();
    using op = sigfd::detail::handler_op<net::io_context::executor_type,
        sigfd::detail::one_signal, decltype(handler)>;
    op::start(context.get_executor(), impl, nullptr, std::move(handler));
  }

  // The value of the one that is taken by a caller; -1 if there is none.
  int take()
  {
    signal_info info;
    return impl->take({&info, 1}, ec) == 1 ? info.value()->sival_int : -1;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(implementation, fixture)

// Another thread may have read them after this one found nothing.
BOOST_AUTO_TEST_CASE(a_blocking_wait_ends_at_once_where_some_were_read_ahead)
{
  burst(3);
  BOOST_TEST(take() == 0);
  BOOST_TEST(impl->source().has_read_ahead());
  std::atomic<bool> done{false};
  std::thread other([&] {
    error_code error;
    impl->wait_readable(error);
    done = true;
  });
  const bool ended = support::wait_until([&] { return done.load(); });
  if (!ended) // ends the thread
    BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 100));
  other.join();
  BOOST_TEST(ended);
  BOOST_TEST(take() == 1);
  BOOST_TEST(take() == 2);
  BOOST_TEST(take() == -1);
}

BOOST_AUTO_TEST_CASE(an_operation_does_not_wait_where_some_were_read_ahead)
{
  burst(3);
  BOOST_TEST(take() == 0);
  started_wait op;
  op.generation = impl->current_generation();
  wait_handle none(nullptr);
  BOOST_TEST(!impl->async_wait_readable(op, none));
  BOOST_TEST(!op.waits);
  std::array<signal_info, 3> infos;
  BOOST_TEST(impl->take(op, infos) == 2);
}

BOOST_AUTO_TEST_CASE(nothing_is_read_ahead_where_an_operation_waits)
{
  for (const bool cancels : {false, true})
  {
    outcome<signal_info> wait;
    start(wait);
    context.restart();
    context.poll(); // it is in the reactor
    burst(3);
    BOOST_TEST(take() == 0);
    BOOST_TEST(!impl->source().has_read_ahead());
    if (cancels)
      impl->cancel(ec);
    context.restart();
    context.run_for(std::chrono::seconds(30));
    BOOST_TEST(wait.completions == 1);
    BOOST_TEST(wait.aborted() == cancels);

    // But again when it has completed.
    if (cancels)
      BOOST_TEST(take() == 1);
    BOOST_TEST(take() == 2);
    burst(3);
    BOOST_TEST(take() == 0);
    BOOST_TEST(impl->source().has_read_ahead());
    BOOST_TEST(take() == 1);
    BOOST_TEST(take() == 2);
  }
}

BOOST_AUTO_TEST_CASE(showing_the_descriptor_ends_reading_ahead)
{
  burst(3);
  BOOST_TEST(take() == 0);
  BOOST_TEST(impl->source().has_read_ahead());
  ::pollfd p{impl->native_handle(), POLLIN, 0};
  for (int i = 1; i < 3; ++i)
  {
    BOOST_TEST(!impl->source().has_read_ahead());
    BOOST_TEST(::poll(&p, 1, 0) == 1);
    BOOST_TEST(take() == i);
  }
  BOOST_TEST(::poll(&p, 1, 0) == 0);
}

// Whoever waited has been counted, and is not any more.
BOOST_AUTO_TEST_CASE(reading_ahead_begins_again_when_nobody_waits)
{
  for (int round = 0; round < 3; ++round)
  {
    std::thread other([&] {
      error_code error;
      impl->wait_readable(error);
    });
    burst(3);
    other.join();
    BOOST_TEST(take() == 0);
    BOOST_TEST(impl->source().has_read_ahead());
    BOOST_TEST(take() == 1);
    BOOST_TEST(take() == 2);
  }
}

BOOST_AUTO_TEST_SUITE_END()
