// A cancellation signal may do as it likes once it has said that a wait is to
// end: serve another wait, or go. What it was told holds.

#include <boost/version.hpp>

#include <boost/test/unit_test.hpp>

#if BOOST_VERSION >= 107700

#include <sigfd/signal_fd.hpp>

#include "support/mortal_context.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/source.hpp"
#include "support/wait_phases.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/require.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <optional>
#include <utility>

namespace {

namespace net = boost::asio;
using sigfd::signal_info;
using support::mortal_context;
using support::outcome;
using support::phase;
using support::phases;
using fixture = support::wait_phases;

// async_wait.
struct wait_one
{
  using result_type = signal_info;

  template <typename Token>
  void operator()(sigfd::signal_fd& signals, Token&& token)
  {
    signals.async_wait(std::forward<Token>(token));
  }
};

// async_wait_some.
struct wait_some
{
  using result_type = std::size_t;

  template <typename Token>
  void operator()(sigfd::signal_fd& signals, Token&& token)
  {
    signals.async_wait_some(infos, std::forward<Token>(token));
  }

  std::array<signal_info, 4> infos;
};

// Calls a generic function with a wait of each kind and each phase.
template <typename Function>
void for_each_wait_and_phase(Function function)
{
  for (const phase p : phases)
  {
    BOOST_TEST_CONTEXT("async_wait in phase " << int(p))
    function(wait_one(), p);
    BOOST_TEST_CONTEXT("async_wait_some in phase " << int(p))
    function(wait_some(), p);
  }
}

// Runs until one of some waits has taken something or all have completed, but
// not for ever.
template <typename... Outcomes>
void finish(fixture& f, const Outcomes&... outcomes)
{
  BOOST_TEST(support::wait_until([&] {
    f.finish();
    return (... && (outcomes.completions != 0))
        || (... || outcomes.succeeded());
  }));
}

} // namespace

BOOST_AUTO_TEST_SUITE(cancellation_slot)

// As signal_set has it.
BOOST_AUTO_TEST_CASE(the_next_wait_with_the_slot_does_not_revive_the_first)
{
  net::io_context context;
  net::signal_set peer(context, SIGUSR2);
  outcome<int> peer_first;
  outcome<int> peer_second;
  net::cancellation_signal peer_cancel;
  peer.async_wait(
      net::bind_cancellation_slot(peer_cancel.slot(), peer_first.handler()));
  peer_cancel.emit(net::cancellation_type::total);
  peer.async_wait(
      net::bind_cancellation_slot(peer_cancel.slot(), peer_second.handler()));
  BOOST_REQUIRE(::kill(::getpid(), SIGUSR2) == 0);
  while (peer_first.completions == 0 || peer_second.completions == 0)
    BOOST_REQUIRE(context.run_one() == 1);
  BOOST_TEST((peer_first.error == net::error::operation_aborted));
  BOOST_TEST(peer_second.succeeded());

  for_each_wait_and_phase([](auto wait, phase p) {
    fixture f;
    outcome<typename decltype(wait)::result_type> first;
    outcome<typename decltype(wait)::result_type> second;
    net::cancellation_signal cancel;
    wait(*f.signals,
        net::bind_cancellation_slot(cancel.slot(), f.bound(first.handler())));
    f.bring_to(p);
    cancel.emit(net::cancellation_type::total);
    wait(*f.signals,
        net::bind_cancellation_slot(cancel.slot(), f.bound(second.handler())));
    if (p != phase::readable)
      f.send(1);
    finish(f, first, second);
    BOOST_TEST(first.aborted());
    BOOST_TEST(second.succeeded());
  });
}

BOOST_AUTO_TEST_CASE(nor_does_a_third_revive_the_second)
{
  for_each_wait_and_phase([](auto wait, phase p) {
    fixture f;
    std::array<outcome<typename decltype(wait)::result_type>, 3> outcomes;
    net::cancellation_signal cancel;
    for (auto& o : outcomes)
    {
      cancel.emit(net::cancellation_type::terminal);
      wait(*f.signals,
          net::bind_cancellation_slot(cancel.slot(), f.bound(o.handler())));
      if (&o == &outcomes[0])
        f.bring_to(p);
    }
    if (p != phase::readable)
      f.send(1);
    finish(f, outcomes[0], outcomes[1], outcomes[2]);
    BOOST_TEST(outcomes[0].aborted());
    BOOST_TEST(outcomes[1].aborted());
    BOOST_TEST(outcomes[2].succeeded());
  });
}

BOOST_AUTO_TEST_CASE(the_signal_may_go_after_it_was_emitted)
{
  for_each_wait_and_phase([](auto wait, phase p) {
    fixture f;
    outcome<typename decltype(wait)::result_type> one;
    std::optional<net::cancellation_signal> cancel(std::in_place);
    wait(*f.signals,
        net::bind_cancellation_slot(cancel->slot(), f.bound(one.handler())));
    f.bring_to(p);
    cancel->emit(net::cancellation_type::total);
    cancel.reset();
    if (p != phase::readable)
      f.send(1);
    finish(f, one);
    BOOST_TEST(one.aborted());
    f.signals.reset();
    BOOST_TEST(f.take_value() == 1);
  });
}

BOOST_AUTO_TEST_CASE(and_without_having_been_emitted)
{
  for_each_wait_and_phase([](auto wait, phase p) {
    fixture f;
    outcome<typename decltype(wait)::result_type> one;
    std::optional<net::cancellation_signal> cancel(std::in_place);
    wait(*f.signals,
        net::bind_cancellation_slot(cancel->slot(), f.bound(one.handler())));
    f.bring_to(p);
    cancel.reset();
    if (p != phase::readable)
      f.send(1);
    finish(f, one);
    BOOST_TEST(one.succeeded());
  });
}

BOOST_AUTO_TEST_CASE(the_type_none_cancels_nothing)
{
  for_each_wait_and_phase([](auto wait, phase p) {
    fixture f;
    outcome<typename decltype(wait)::result_type> one;
    net::cancellation_signal cancel;
    wait(*f.signals,
        net::bind_cancellation_slot(cancel.slot(), f.bound(one.handler())));
    f.bring_to(p);
    cancel.emit(net::cancellation_type::none);
    if (p != phase::readable)
      f.send(1);
    finish(f, one);
    BOOST_TEST(one.succeeded());
  });
}

BOOST_AUTO_TEST_CASE(after_the_completion_it_reaches_no_later_wait)
{
  for_each_wait_and_phase([](auto wait, phase p) {
    fixture f;
    outcome<typename decltype(wait)::result_type> first;
    outcome<typename decltype(wait)::result_type> without_slot;
    outcome<typename decltype(wait)::result_type> with_slot;
    net::cancellation_signal cancel;
    f.send(0);
    wait(*f.signals,
        net::bind_cancellation_slot(cancel.slot(), f.bound(first.handler())));
    finish(f, first);
    BOOST_TEST(first.succeeded());

    wait(*f.signals, f.bound(without_slot.handler()));
    f.bring_to(p);
    cancel.emit(net::cancellation_type::total);
    if (p != phase::readable)
      f.send(1);
    finish(f, without_slot);
    BOOST_TEST(without_slot.succeeded());

    cancel.emit(net::cancellation_type::total);
    wait(*f.signals,
        net::bind_cancellation_slot(
            cancel.slot(), f.bound(with_slot.handler())));
    f.send(2);
    finish(f, with_slot);
    BOOST_TEST(with_slot.succeeded());
  });
}

BOOST_AUTO_TEST_CASE(it_may_outlive_the_object_and_the_context)
{
  net::cancellation_signal cancel;
  for_each_wait_and_phase([&](auto wait, phase p) {
    outcome<typename decltype(wait)::result_type> one;
    {
      fixture f;
      wait(*f.signals,
          net::bind_cancellation_slot(cancel.slot(), f.bound(one.handler())));
      f.bring_to(p);
      f.signals.reset();
      cancel.emit(net::cancellation_type::total);
      f.finish();
      BOOST_TEST(one.aborted());
    }
    cancel.emit(net::cancellation_type::total);
    BOOST_TEST(one.completions == 1);
  });
}

// There, a lock may be held by a thread that was left in the parent.
BOOST_AUTO_TEST_CASE(it_does_nothing_in_a_child_that_nobody_told)
{
  for_each_wait_and_phase([&](auto wait, phase p) {
    fixture f;
    net::cancellation_signal cancel;
    outcome<typename decltype(wait)::result_type> one;
    wait(*f.signals,
        net::bind_cancellation_slot(cancel.slot(), f.bound(one.handler())));
    f.bring_to(p);
    support::process child([&] {
      cancel.emit(net::cancellation_type::total);
      f.reactor.notify_fork(net::io_context::fork_child);
      f.handlers.notify_fork(net::io_context::fork_child);
      f.finish();
      return one.completions;
    });
    BOOST_TEST(child.wait() == 0);
    BOOST_TEST(one.completions == 0);
    cancel.emit(net::cancellation_type::total);
    f.finish();
    BOOST_TEST(one.aborted());
  });
}

// An operation that is stuck with another executor holds up its context until
// it is cancelled.
BOOST_AUTO_TEST_CASE(it_lets_the_context_run_out_of_work)
{
  net::cancellation_signal cancel;
  net::thread_pool stopped(1);
  stopped.stop();
  net::io_context context;
  sigfd::signal_fd signals(
      context, sigfd::signal_mask{SIGRTMIN}, support::options());
  outcome<signal_info> wait;
  signals.async_wait(net::bind_cancellation_slot(
      cancel.slot(), net::bind_executor(stopped, wait.handler())));
  context.poll();
  BOOST_TEST(!context.stopped());
  cancel.emit(net::cancellation_type::total);
  context.run_for(support::patience());
  BOOST_TEST(context.stopped());
}

// Nor does a wait of an object that is not open leave anything of the context
// in the slot, such as its executor.
BOOST_AUTO_TEST_CASE(nor_does_it_keep_anything_of_the_context_without_an_object)
{
  net::cancellation_signal cancel;
  outcome<signal_info> wait;
  {
    mortal_context context;
    sigfd::signal_fd signals(net::require(
        context->get_executor(), net::execution::outstanding_work.tracked));
    signals.async_wait(
        net::bind_cancellation_slot(cancel.slot(), wait.handler()));
    context->poll();
    BOOST_TEST(wait.failed_with(net::error::bad_descriptor));
  }
  cancel.emit(net::cancellation_type::total);
  BOOST_TEST(wait.completions == 1);
}

BOOST_AUTO_TEST_SUITE_END()

#else

BOOST_AUTO_TEST_CASE(this_boost_has_no_cancellation_slots)
{
}

#endif // BOOST_VERSION >= 107700
