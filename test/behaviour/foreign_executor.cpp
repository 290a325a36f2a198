// A handler with an executor of another context, such as a thread_pool's: its
// operation goes to and fro between the contexts, and may outlive the object,
// and the object's context.

#include <sigfd/signal_fd.hpp>

#include "support/drain.hpp"
#include "support/held_pool.hpp"
#include "support/mortal_context.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/require.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <utility>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;
using support::held_pool;
using support::mortal_context;

// Where an operation is when the object and its context end.
enum class phase
{
  started,    // not seen by the context
  dispatched, // in the pool, to look for the first time
  looked,     // in the pool, with a signal there
  waiting,    // in the reactor
  woken, // in the pool, after its wait in the reactor, with a signal there
  cancelled // in the pool, after its wait in the reactor was cancelled
};

constexpr phase phases[] = {phase::started, phase::dispatched, phase::looked,
    phase::waiting, phase::woken, phase::cancelled};

struct scene
{
  mortal_context context;
  std::optional<signal_fd> signals{std::in_place, *context,
      sigfd::signal_mask{SIGRTMIN}, support::options()};
  held_pool pool;

  ~scene()
  {
    signals.reset();
    context.end();
    support::drain(SIGRTMIN);
  }

  // From starting the operation until it is where it should be.
  void bring_to(phase p)
  {
    if (p == phase::looked)
      BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 1));
    if (p == phase::started)
      return;
    context->poll(); // to the pool
    if (p == phase::dispatched || p == phase::looked)
      return;
    pool.go_on();
    settle();
    pool.hold();
    context->poll();
    if (p == phase::woken)
      BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 1));
    if (p == phase::cancelled)
      signals->cancel();
    if (p == phase::waiting)
      return;
    BOOST_REQUIRE(context->run_one_for(support::patience()) != 0u);
    context->poll(); // back to the pool
  }

  // Until the pool has done what is queued there.
  void settle()
  {
    for (int i = 0; i < 3; ++i)
    {
      std::promise<void> done;
      net::post(*pool, [&] { done.set_value(); });
      done.get_future().wait();
    }
  }

  void end()
  {
    signals.reset();
    context.end();
  }
};

template <typename Function>
void in_each_phase(Function function)
{
  for (const phase p : phases)
    BOOST_TEST_CONTEXT("phase " << static_cast<int>(p))
    {
      scene s;
      function(s, p);
    }
}

// Whether an operation in this phase is with the pool when its context ends,
// and so completes; otherwise the context destroys it.
bool is_with_pool(phase p)
{
  return p != phase::started && p != phase::waiting;
}

} // namespace

BOOST_AUTO_TEST_SUITE(foreign_executor)

BOOST_AUTO_TEST_CASE(the_pool_completes_what_outlives_the_context)
{
  in_each_phase([](scene& s, phase p) {
    support::outcome<signal_info> wait;
    s.signals->async_wait(net::bind_executor(*s.pool, wait.handler()));
    s.bring_to(p);
    s.end();
    BOOST_TEST(wait.completions == 0);
    s.pool.finish();
    if (is_with_pool(p))
      BOOST_TEST(wait.aborted());
    else
      BOOST_TEST(wait.completions == 0);
  });
}

BOOST_AUTO_TEST_CASE(the_pool_destroys_what_outlives_the_context)
{
  in_each_phase([](scene& s, phase p) {
    auto handler_lives = std::make_shared<int>();
    const std::weak_ptr<int> lives = handler_lives;
    s.signals->async_wait(net::bind_executor(*s.pool,
        [handler = std::move(handler_lives)](
            error_code, const signal_info&) {}));
    s.bring_to(p);
    s.end();
    s.pool.abandon();
    BOOST_TEST(lives.expired());
  });
}

// Not only the first step: Boost 1.74 takes what an any_io_executor holds for
// whatever it is asked for.
BOOST_AUTO_TEST_CASE(a_strand_that_is_wrapped_is_one)
{
  net::io_context context;
  auto strand = net::make_strand(context);
  signal_fd signals(strand, sigfd::signal_mask{SIGRTMIN}, support::options());
  int calls = 0;
  const auto handler = [&](error_code ec, const signal_info&) {
    BOOST_TEST(!ec);
    BOOST_TEST(strand.running_in_this_thread());
    ++calls;
  };
  signals.async_wait(handler); // sees it come
  context.poll();
  BOOST_REQUIRE(::kill(::getpid(), SIGRTMIN) == 0);
  context.restart();
  context.run();
  BOOST_REQUIRE(::kill(::getpid(), SIGRTMIN) == 0);
  signals.async_wait(handler); // finds it
  signals.async_wait(net::bind_executor(net::any_io_executor(strand), handler));
  BOOST_REQUIRE(::kill(::getpid(), SIGRTMIN) == 0);
  context.restart();
  context.run();
  BOOST_TEST(calls == 3);
}

BOOST_AUTO_TEST_CASE(several_signals_at_once)
{
  in_each_phase([](scene& s, phase p) {
    std::array<signal_info, 4> infos;
    support::outcome<std::size_t> wait;
    s.signals->async_wait_some(
        infos, net::bind_executor(*s.pool, wait.handler()));
    s.bring_to(p);
    s.end();
    s.pool.finish();
    if (is_with_pool(p))
      BOOST_TEST(wait.aborted());
  });
}

// The context ends, and the object is still there: it may be destroyed, as may
// the operation, in whatever order.
BOOST_AUTO_TEST_CASE(the_context_ends_first)
{
  in_each_phase([](scene& s, phase p) {
    support::outcome<signal_info> wait;
    s.signals->async_wait(net::bind_executor(*s.pool, wait.handler()));
    s.bring_to(p);
    s.context.end();
    s.pool.finish();
    if (is_with_pool(p))
      BOOST_TEST(wait.aborted());
    BOOST_TEST(!s.signals->is_open());
  });
}

BOOST_AUTO_TEST_CASE(a_strand_of_the_pool)
{
  in_each_phase([](scene& s, phase p) {
    const auto strand = net::make_strand(*s.pool);
    support::outcome<signal_info> wait;
    s.signals->async_wait(net::bind_executor(strand, wait.handler()));
    s.bring_to(p);
    s.end();
    s.pool.finish();
    if (is_with_pool(p))
      BOOST_TEST(wait.aborted());
  });
}

// With an executor that is not type-erased.
BOOST_AUTO_TEST_CASE(a_concrete_executor)
{
  in_each_phase([](scene& s, phase p) {
    using concrete_fd = sigfd::basic_signalfd<net::io_context::executor_type>;
    s.signals.reset();
    std::optional<concrete_fd> fd(std::in_place, *s.context,
        sigfd::signal_mask{SIGRTMIN}, support::options());
    support::outcome<signal_info> wait;
    fd->async_wait(net::bind_executor(*s.pool, wait.handler()));
    if (p == phase::cancelled)
      return; // by the object of the scene
    s.bring_to(p);
    fd.reset();
    s.end();
    s.pool.finish();
    if (is_with_pool(p))
      BOOST_TEST(wait.aborted());
  });
}

// Its handler's executor is the system's.
BOOST_AUTO_TEST_CASE(a_future)
{
  for (const bool in_reactor : {false, true})
  {
    std::optional<scene> s(std::in_place);
    auto future = s->signals->async_wait(net::use_future);
    if (in_reactor)
      s->context->run_for(std::chrono::milliseconds(10));
    s.reset();
    if (future.wait_for(support::patience()) == std::future_status::ready)
      BOOST_CHECK_THROW(future.get(), std::exception);
    else
      BOOST_TEST(false);
  }
}

// Operations look for signals in the pool and go back to the reactor just when
// the object and its context end.
BOOST_AUTO_TEST_CASE(object_and_context_end_at_any_moment)
{
  net::thread_pool pool(2);
  std::atomic<int> ended{0};
  int expected = 0;
  for (int round = 0; round < 2'000; ++round)
  {
    mortal_context context;
    signal_fd signals(*context, {SIGRTMIN}, support::options());
    for (int i = 0; i < 4; ++i)
    {
      // Counts also if it is destroyed.
      std::shared_ptr<void> end(nullptr, [&](void*) { ++ended; });
      signals.async_wait(net::bind_executor(
          pool, [end = std::move(end)](error_code, const signal_info&) {}));
      ++expected;
    }
    context->poll();
    if (round % 2 == 0)
      signals.cancel();
    for (int spin = 0; spin < round % 50; ++spin)
      context->poll();
    signals.close();
    context.end();
  }
  BOOST_TEST(support::wait_until([&] { return ended == expected; }));
  pool.join();
}

// Each context knows that there is work to come, while the other has it.
BOOST_AUTO_TEST_CASE(neither_context_runs_out_of_work)
{
  scene s;
  support::outcome<signal_info> wait;
  s.signals->async_wait(net::bind_executor(*s.pool, wait.handler()));
  s.context->poll();
  BOOST_TEST(!s.context->stopped()); // the pool has it
  s.pool.go_on();
  s.settle();
  s.context->poll();
  BOOST_TEST(!s.context->stopped()); // the reactor has it
  s.pool.hold();
  BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 1));
  BOOST_TEST(s.context->run_one_for(support::patience()) != 0u);
  s.context->poll();
  BOOST_TEST(!s.context->stopped()); // the pool has it again
  s.pool.go_on();
  s.context->run_for(support::patience());
  BOOST_TEST(s.context->stopped());
  s.pool.finish();
  BOOST_TEST(wait.succeeded());
}

BOOST_AUTO_TEST_CASE(both_contexts_run_out_of_work)
{
  constexpr int rounds = 100;
  scene s;
  s.pool.go_on();
  std::atomic<int> completed{0};
  support::process sender = support::queue_many(SIGRTMIN, rounds, 100);
  for (int round = 1; round <= rounds; ++round)
  {
    s.signals->async_wait(net::bind_executor(*s.pool,
        [&](error_code ec, const signal_info&) { completed += ec ? 0 : 1; }));
    s.context->restart();
    s.context->run();
    BOOST_TEST(support::wait_until([&] { return completed == round; }));
  }
  BOOST_TEST(sender.wait() == 0);
  s.pool.finish();
}

// The service of the strands goes with the context, and an executor of a strand
// must not come after it.
BOOST_AUTO_TEST_CASE(an_object_on_a_strand)
{
  support::outcome<signal_info> wait;
  held_pool pool;
  {
    mortal_context context;
    signal_fd signals(net::make_strand(*context), sigfd::signal_mask{SIGRTMIN},
        support::options());
    signals.async_wait(net::bind_executor(*pool, wait.handler()));
    context->poll(); // it is with the pool
  }
  pool.finish();
  BOOST_TEST(wait.aborted());
}

// That of a coroutine which was spawned on a strand. It keeps the context at
// work like any other.
BOOST_AUTO_TEST_CASE(an_object_on_a_strand_of_any_executor)
{
  using strand = net::strand<net::any_io_executor>;
  support::outcome<signal_info> wait;
  net::io_context context;
  sigfd::basic_signalfd<strand> signals(strand(context.get_executor()),
      sigfd::signal_mask{SIGRTMIN}, support::options());
  signals.async_wait(wait.handler());
  context.poll();
  BOOST_TEST(!context.stopped());
  BOOST_TEST(::kill(::getpid(), SIGRTMIN) == 0);
  context.run();
  BOOST_TEST(wait.succeeded());

  // And that of a handler.
  context.restart();
  support::outcome<signal_info> bound_wait;
  signals.async_wait(
      net::bind_executor(strand(context.get_executor()), bound_wait.handler()));
  BOOST_TEST(::kill(::getpid(), SIGRTMIN) == 0);
  context.run();
  BOOST_TEST(bound_wait.succeeded());
}

// An operation that is stuck with a pool holds up its context until it is
// cancelled.
BOOST_AUTO_TEST_CASE(cancelling_lets_the_context_run_out_of_work)
{
  net::thread_pool pool(1);
  pool.stop();
  net::io_context context;
  signal_fd signals(context, sigfd::signal_mask{SIGRTMIN}, support::options());
  signals.async_wait(
      net::bind_executor(pool, [](error_code, const signal_info&) {}));
  context.poll();
  BOOST_TEST(!context.stopped());
  signals.cancel();
  context.run_for(support::patience());
  BOOST_TEST(context.stopped());
}

// It counts no longer, also while later waits come and go.
BOOST_AUTO_TEST_CASE(a_cancelled_wait_does_not_count_with_later_ones)
{
  net::thread_pool stopped(1);
  stopped.stop();
  held_pool pool;
  pool.go_on();
  net::io_context context;
  signal_fd signals(context, sigfd::signal_mask{SIGRTMIN}, support::options());
  signals.async_wait(
      net::bind_executor(stopped, [](error_code, const signal_info&) {}));
  context.poll();
  signals.cancel();
  support::outcome<signal_info> wait;
  signals.async_wait(net::bind_executor(*pool, wait.handler()));
  BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 1));
  context.restart();
  context.run_for(support::patience());
  BOOST_TEST(context.stopped());
  pool.finish();
  BOOST_TEST(wait.succeeded());
}

// An object that is not open is nothing that the context knows of, but its
// operations go to and fro all the same.
BOOST_AUTO_TEST_CASE(the_context_ends_with_a_wait_of_an_object_that_is_not_open)
{
  held_pool pool;
  support::outcome<signal_info> wait;
  {
    mortal_context context;
    signal_fd signals(net::require(
        context->get_executor(), net::execution::outstanding_work.tracked));
    signals.async_wait(net::bind_executor(*pool, wait.handler()));
    context->poll(); // it is with the pool
  }
  pool.finish();
  BOOST_TEST(wait.failed_with(net::error::bad_descriptor));
}

BOOST_AUTO_TEST_SUITE_END()
