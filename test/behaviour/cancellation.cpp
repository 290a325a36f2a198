// Cancelling a wait, in every phase and in every way, never takes a signal.

#include <sigfd/signal_fd.hpp>

#include "support/outcome.hpp"
#include "support/source.hpp"
#include "support/wait_phases.hpp"
#include "support/wait_until.hpp"

#include <boost/test/unit_test.hpp>
#include <boost/version.hpp>

#if BOOST_VERSION >= 107700
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#endif

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;
using support::outcome;
using support::phase;
using support::phases;
using fixture = support::wait_phases;

// The ways to cancel that need no slot.
struct way
{
  std::string name;
  std::function<void(fixture&)> cancel;
  bool opens = false;
};

const way ways[] = {
    {"cancel", [](fixture& f) { f.signals->cancel(); }},
    {"close", [](fixture& f) { f.signals->close(); }},
    {"destruction", [](fixture& f) { f.signals.reset(); }},
    {"move and cancel",
        [](fixture& f) {
          signal_fd other(std::move(*f.signals));
          *f.signals = std::move(other);
          f.signals->cancel();
        }},
    {"assignment", [](fixture& f) { *f.signals = signal_fd(f.reactor); }},
    {"close and open",
        [](fixture& f) {
          f.signals->close();
          f.signals->open({SIGRTMIN}, support::options());
        },
        true},
};

// Not with the next signal, which would have it look again.
void check_that_waits_end_at_once(bool opens)
{
  for (const way& w : ways)
    for (const phase p : {phase::queued, phase::waiting})
    {
      if (w.opens != opens)
        continue;
      BOOST_TEST_CONTEXT(w.name << " in phase " << int(p))
      {
        fixture f;
        outcome<signal_info> one;
        f.signals->async_wait(f.bound(one.handler()));
        f.bring_to(p);
        w.cancel(f);
        f.finish();
        BOOST_TEST(one.aborted());
      }
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(cancellation)

BOOST_AUTO_TEST_CASE(in_every_way_and_phase_leaves_the_signal)
{
  for (const way& w : ways)
    for (const phase p : phases)
      BOOST_TEST_CONTEXT(w.name << " in phase " << int(p))
      {
        fixture f;
        outcome<signal_info> one;
        outcome<std::size_t> some;
        std::array<signal_info, 4> infos;
        f.signals->async_wait(f.bound(one.handler()));
        f.signals->async_wait_some(infos, f.bound(some.handler()));
        f.bring_to(p);
        BOOST_TEST(one.completions == 0);
        w.cancel(f);
        if (p != phase::readable)
          f.send(1);
        BOOST_TEST(one.completions == 0);
        BOOST_TEST(support::wait_until([&] {
          f.finish();
          return one.completions != 0 && some.completions != 0;
        }));
        BOOST_TEST(one.aborted());
        BOOST_TEST(some.aborted());
        f.signals.reset();
        BOOST_TEST(f.take_value() == 1);
      }
}

BOOST_AUTO_TEST_CASE(in_every_way_ends_a_wait_at_once)
{
  check_that_waits_end_at_once(false);
}

// On its own, since it does not with io_uring(7) (matrix/tests.cmake).
BOOST_AUTO_TEST_CASE(by_close_ends_a_wait_at_once_where_open_follows)
{
  check_that_waits_end_at_once(true);
}

BOOST_AUTO_TEST_CASE(a_wait_started_after_cancel_is_not_cancelled)
{
  for (const phase p : phases)
    BOOST_TEST_CONTEXT("phase " << int(p))
    {
      fixture f;
      outcome<signal_info> before;
      outcome<signal_info> after;
      f.signals->async_wait(f.bound(before.handler()));
      f.bring_to(p);
      f.signals->cancel();
      f.signals->async_wait(f.bound(after.handler()));
      if (p != phase::readable)
        f.send(1);
      BOOST_TEST(support::wait_until([&] {
        f.finish();
        return after.completions != 0;
      }));
      BOOST_TEST(before.aborted());
      BOOST_TEST(after.succeeded());
      BOOST_TEST(after.result.value()->sival_int == 1);
    }
}

BOOST_AUTO_TEST_CASE(a_move_cancels_nothing)
{
  for (const phase p : phases)
    BOOST_TEST_CONTEXT("phase " << int(p))
    {
      fixture f;
      outcome<signal_info> one;
      f.signals->async_wait(f.bound(one.handler()));
      f.bring_to(p);
      signal_fd moved(std::move(*f.signals));
      f.signals->cancel();
      f.signals.reset();
      if (p != phase::readable)
        f.send(1);
      BOOST_TEST(support::wait_until([&] {
        f.finish();
        return one.completions != 0;
      }));
      BOOST_TEST(one.succeeded());
      BOOST_TEST(one.result.value()->sival_int == 1);
    }
}

BOOST_FIXTURE_TEST_CASE(clear_and_update_cancel_nothing, fixture)
{
  outcome<signal_info> one;
  signals->async_wait(bound(one.handler()));
  bring_to(phase::waiting);
  signals->clear();
  send(1);
  finish();
  BOOST_TEST(one.completions == 0);
  signals->update({SIGRTMIN});
  BOOST_TEST(support::wait_until([&] {
    finish();
    return one.completions != 0;
  }));
  BOOST_TEST(one.succeeded());
}

#if BOOST_VERSION >= 107700

BOOST_AUTO_TEST_CASE(by_slot_of_every_type_leaves_the_signal)
{
  for (const auto type :
      {net::cancellation_type::terminal, net::cancellation_type::partial,
          net::cancellation_type::total, net::cancellation_type::all})
    for (const phase p : phases)
      BOOST_TEST_CONTEXT("type " << unsigned(type) << " in phase " << int(p))
      {
        fixture f;
        outcome<signal_info> one;
        outcome<std::size_t> some;
        std::array<signal_info, 4> infos;
        net::cancellation_signal cancel_one;
        net::cancellation_signal cancel_some;
        f.signals->async_wait(net::bind_cancellation_slot(
            cancel_one.slot(), f.bound(one.handler())));
        f.signals->async_wait_some(infos,
            net::bind_cancellation_slot(
                cancel_some.slot(), f.bound(some.handler())));
        f.bring_to(p);
        cancel_one.emit(type);
        cancel_some.emit(type);
        if (p != phase::readable)
          f.send(1);
        f.finish();
        BOOST_TEST(one.aborted());
        BOOST_TEST(some.aborted());
        f.signals.reset();
        BOOST_TEST(f.take_value() == 1);
      }
}

BOOST_AUTO_TEST_CASE(by_slot_ends_a_wait_at_once)
{
  for (const phase p : {phase::queued, phase::waiting})
    BOOST_TEST_CONTEXT("phase " << int(p))
    {
      fixture f;
      outcome<signal_info> one;
      net::cancellation_signal cancel;
      f.signals->async_wait(
          net::bind_cancellation_slot(cancel.slot(), f.bound(one.handler())));
      f.bring_to(p);
      cancel.emit(net::cancellation_type::total);
      f.finish();
      BOOST_TEST(one.aborted());
    }
}

BOOST_AUTO_TEST_CASE(by_slot_cancels_only_its_own_wait)
{
  for (const phase p : phases)
    BOOST_TEST_CONTEXT("phase " << int(p))
    {
      fixture f;
      outcome<signal_info> first;
      outcome<signal_info> second;
      net::cancellation_signal cancel;
      f.signals->async_wait(
          net::bind_cancellation_slot(cancel.slot(), f.bound(first.handler())));
      f.signals->async_wait(f.bound(second.handler()));
      f.bring_to(p);
      cancel.emit(net::cancellation_type::total);
      if (p != phase::readable)
        f.send(1);
      BOOST_TEST(support::wait_until([&] {
        f.finish();
        return second.completions != 0;
      }));
      BOOST_TEST(first.aborted());
      BOOST_TEST(second.succeeded());
      BOOST_TEST(second.result.value()->sival_int == 1);
    }
}

#endif // BOOST_VERSION >= 107700

BOOST_AUTO_TEST_SUITE_END()
