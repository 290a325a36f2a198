// Objects, operations and contexts may end in any order and in any phase of an
// operation. What this tests shows best under the sanitizers.

#include <sigfd/signal_fd.hpp>

#include "support/drain.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/source.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>
#include <boost/version.hpp>

#if BOOST_VERSION >= 107700
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#endif

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;

// Where an outstanding wait is when something ends.
enum class phase
{
  queued,   // on the executor, not begun
  waiting,  // in the reactor
  readable  // in the reactor, with a signal there
};

constexpr phase phases[] = {phase::queued, phase::waiting, phase::readable};

void bring_to(phase p, net::io_context& context)
{
  if (p != phase::queued)
    context.poll();
  if (p == phase::readable)
    BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 1));
}

struct fixture
{
  net::io_context unused_context;
  net::posix::stream_descriptor unused{unused_context};
  std::array<signal_info, 4> infos;

  ~fixture()
  {
    support::drain(SIGRTMIN);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(lifetime, fixture)

BOOST_AUTO_TEST_CASE(the_context_ends_after_the_object)
{
  const support::process_state before;
  for (const phase p : phases)
  {
    support::outcome<signal_info> one;
    support::outcome<std::size_t> some;
    {
      net::io_context context;
      signal_fd signals(context, {SIGRTMIN}, support::options());
      signals.async_wait(one.handler());
      signals.async_wait_some(infos, some.handler());
      bring_to(p, context);
    }
    BOOST_TEST(one.completions == 0);
    BOOST_TEST(some.completions == 0);
    support::drain(SIGRTMIN);
  }
  BOOST_TEST(support::wait_until([&] {
    return support::count_descriptors() == before.descriptors
        && support::count_threads() == before.threads;
  }));
}

BOOST_AUTO_TEST_CASE(the_context_ends_before_the_object)
{
  for (const phase p : phases)
  {
    support::outcome<signal_info> one;
    auto context = std::make_unique<net::io_context>();
    signal_fd signals(*context, {SIGRTMIN}, support::options());
    signals.async_wait(one.handler());
    bring_to(p, *context);
    context.reset();
    BOOST_TEST(!signals.is_open());
    BOOST_TEST(one.completions == 0);
    support::drain(SIGRTMIN);
  }
}

BOOST_AUTO_TEST_CASE(the_context_ends_with_handlers_that_own_the_object)
{
  for (const phase p : phases)
  {
    std::weak_ptr<signal_fd> observer;
    {
      net::io_context context;
      auto signals = std::make_shared<signal_fd>(
          context, sigfd::signal_mask{SIGRTMIN}, support::options());
      observer = signals;
      signals->async_wait([signals](error_code, const signal_info&) {});
      signals->async_wait_some(infos, [signals](error_code, std::size_t) {});
      signals.reset();
      bring_to(p, context);
      BOOST_TEST(!observer.expired());
    }
    BOOST_TEST(observer.expired());
    support::drain(SIGRTMIN);
  }
}

BOOST_AUTO_TEST_CASE(the_object_ends_or_moves_before_its_waits_complete)
{
  for (const phase p : phases)
    for (const bool move : {false, true})
    {
      net::io_context context;
      support::outcome<signal_info> one;
      std::optional<signal_fd> signals(std::in_place, context,
          sigfd::signal_mask{SIGRTMIN}, support::options());
      signals->async_wait(one.handler());
      bring_to(p, context);
      std::optional<signal_fd> other;
      if (move)
        other.emplace(std::move(*signals));
      signals.reset();
      if (move && p != phase::readable)
        BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 1));
      context.restart();
      context.run();
      BOOST_TEST((move ? one.succeeded() : one.aborted()));
      support::drain(SIGRTMIN);
    }
}

BOOST_AUTO_TEST_CASE(two_contexts_end_in_either_order)
{
  for (const bool first : {true, false})
  {
    auto reactor = std::make_unique<net::io_context>();
    auto handlers = std::make_unique<net::io_context>();
    signal_fd signals(*reactor, {SIGRTMIN}, support::options());
    support::outcome<signal_info> one;
    signals.async_wait(
        net::bind_executor(handlers->get_executor(), one.handler()));
    handlers->poll();
    if (first)
    {
      reactor.reset();
      handlers.reset();
    }
    else
    {
      signals.close();
      reactor->poll();
      handlers.reset();
      reactor.reset();
    }
    BOOST_TEST(one.completions == 0);
  }
}

// Its memory is no longer one of those that are kept.
BOOST_AUTO_TEST_CASE(a_handler_may_be_large)
{
  net::io_context context;
  signal_fd signals(context, {SIGRTMIN}, support::options());
  std::array<int, 1'000> data;
  data.fill(7);
  for (int i = 0; i < 10; ++i)
  {
    bool called = false;
    signals.async_wait([data, &called](error_code ec, const signal_info&) {
      BOOST_TEST(!ec);
      BOOST_TEST(data.front() + data.back() == 14);
      called = true;
    });
    BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
    context.restart();
    context.run();
    BOOST_TEST(called);
  }
}

BOOST_AUTO_TEST_CASE(many_openings_leave_nothing)
{
  net::io_context context;
  net::posix::stream_descriptor reactor(context);
  const support::process_state before;
  for (int i = 0; i < 1'000; ++i)
  {
    support::outcome<signal_info> one;
    signal_fd signals(context, {SIGRTMIN}, support::options());
    signals.async_wait(one.handler());
    if (i % 2 == 0)
      context.poll();
    signals.close();
    context.restart();
    context.run();
    BOOST_TEST(one.aborted());
  }
  BOOST_TEST(support::wait_until([&] {
    return support::count_descriptors() == before.descriptors
        && support::count_threads() == before.threads;
  }));
}

// Threads of a pool complete waits while the object is used, on a strand of its
// own, and is replaced and closed under them. Every signal arrives once.
BOOST_AUTO_TEST_CASE(closing_and_moving_beside_four_threads_loses_nothing)
{
  constexpr int count = 20'000;
  const sigfd::scoped_signal_block block({SIGRTMIN});
  net::thread_pool pool(4);
  auto owner = net::make_strand(pool.get_executor());
  std::atomic<int> received{0};
  std::atomic<long> sum{0};
  std::optional<signal_fd> signals(std::in_place, pool.get_executor(),
      sigfd::signal_mask{SIGRTMIN}, support::options());
  support::process sender = support::queue_many(SIGRTMIN, count);

  // The handlers run on any thread of the pool, beside the owner.
  const auto wait = [&] {
    signals->async_wait([&](error_code ec, const signal_info& info) {
      if (ec)
        return;
      sum += info.value()->sival_int;
      ++received;
    });
  };

  int step = 0;
  std::function<void()> work = [&] {
    if (received == count)
      return;
    for (int i = 0; i < 8; ++i)
      wait();
    switch (++step % 50)
    {
    case 10:
      signals->cancel();
      break;
    case 20:
      signals->close();
      signals->open({SIGRTMIN}, support::options());
      break;
    case 30:
    {
      signal_fd moved(std::move(*signals));
      signals.emplace(std::move(moved));
      break;
    }
    case 40:
      signals.emplace(pool.get_executor(), sigfd::signal_mask{SIGRTMIN},
          support::options());
      break;
    default:
      break;
    }
    net::post(owner, work);
  };
  net::post(owner, work);
  const bool all = support::wait_until([&] { return received == count; });
  BOOST_TEST(all);
  if (!all)
    received = count;
  net::post(owner, [&] { signals.reset(); });
  pool.join();
  BOOST_TEST(sender.wait() == 0);
  BOOST_TEST(sum == long{count} * (count - 1) / 2);
}

#if BOOST_VERSION >= 107700

// An operation is cancelled by its slot, on the thread where it runs, while the
// object is closed on another; and the blocking function waits beside.
BOOST_AUTO_TEST_CASE(closing_beside_a_cancellation_on_another_thread)
{
  const sigfd::scoped_signal_block block({SIGRTMIN});
  net::io_context context;
  auto work = net::make_work_guard(context);
  std::thread runner([&] { context.run(); });
  for (int i = 0; i < 3'000; ++i)
  {
    signal_fd signals(context, {SIGRTMIN}, support::options());
    net::cancellation_signal cancel;
    std::atomic<bool> started{false};
    std::atomic<int> done{0};
    signals.async_wait(net::bind_cancellation_slot(
        cancel.slot(), [&](error_code ec, const signal_info&) {
          BOOST_TEST((ec == net::error::operation_aborted));
          ++done;
        }));
    net::post(context, [&] {
      started = true;
      cancel.emit(net::cancellation_type::terminal);
      ++done;
    });
    while (!started)
      continue;
    if (i % 2 == 0)
      signals.close();
    else
      while (done == 0)
        signals.try_wait();
    while (done != 2)
      std::this_thread::yield();
  }
  work.reset();
  runner.join();
}

#endif // BOOST_VERSION >= 107700

BOOST_AUTO_TEST_SUITE_END()
