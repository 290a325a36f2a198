// What programs do with boost::asio::signal_set, as templates: the same code
// is run with boost::asio::signal_set and with sigfd::signal_fd. Here it makes
// one, and uses its members and flags.

#include <sigfd/signal_fd.hpp>

#include "support/signal_set_pattern.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/test/unit_test.hpp>

#include <type_traits>
#include <vector>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using boost::system::system_error;
using support::both;
using support::expect_to_hear;
using support::is_sigfd;

} // namespace

BOOST_FIXTURE_TEST_SUITE(signal_set_members, support::signal_set_fixture)

// Members, and ways to make one.

BOOST_AUTO_TEST_CASE_TEMPLATE(has_the_members, Signals, both)
{
  static_assert(
      std::is_same_v<typename Signals::executor_type, net::any_io_executor>);
  using executor = net::io_context::executor_type;
  using rebound = typename Signals::template rebind_executor<executor>::other;
  static_assert(std::is_same_v<typename rebound::executor_type, executor>);
  static_assert(!std::is_default_constructible_v<Signals>);
  static_assert(!std::is_copy_constructible_v<Signals>);
  static_assert(!std::is_copy_assignable_v<Signals>);

  Signals signals(io_context);
  typename Signals::executor_type ex = signals.get_executor();
  BOOST_TEST((ex == net::any_io_executor(io_context.get_executor())));
  rebound other(io_context.get_executor(), SIGUSR1);
  expect_to_hear(*this, other);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(construct_with_context, Signals, both)
{
  {
    Signals signals(io_context);
    signals.add(SIGUSR1);
    expect_to_hear(*this, signals);
  }
  {
    Signals signals(io_context, SIGUSR1);
    expect_to_hear(*this, signals);
  }
  {
    Signals signals(io_context, SIGUSR1, SIGUSR2);
    expect_to_hear(*this, signals, SIGUSR1);
    expect_to_hear(*this, signals, SIGUSR2);
  }
  {
    Signals signals(io_context, SIGUSR1, SIGUSR2, SIGWINCH);
    expect_to_hear(*this, signals, SIGUSR1);
    expect_to_hear(*this, signals, SIGUSR2);
    expect_to_hear(*this, signals, SIGWINCH);
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(construct_with_executor, Signals, both)
{
  const auto ex = io_context.get_executor();
  {
    Signals signals(ex);
    signals.add(SIGUSR1);
    expect_to_hear(*this, signals);
  }
  {
    Signals signals(ex, SIGUSR1);
    expect_to_hear(*this, signals);
  }
  {
    Signals signals(ex, SIGUSR1, SIGUSR2);
    expect_to_hear(*this, signals, SIGUSR1);
    expect_to_hear(*this, signals, SIGUSR2);
  }
  {
    Signals signals(net::make_strand(io_context), SIGUSR1, SIGUSR2, SIGWINCH);
    expect_to_hear(*this, signals, SIGUSR1);
    expect_to_hear(*this, signals, SIGUSR2);
    expect_to_hear(*this, signals, SIGWINCH);
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(construct_with_a_bad_number, Signals, both)
{
  BOOST_CHECK_EXCEPTION(Signals(io_context, SIGUSR1, -1), system_error,
      [](const system_error& e) {
        return e.code() == net::error::invalid_argument;
      });
}

// add, remove, clear, cancel.

BOOST_AUTO_TEST_CASE_TEMPLATE(add_and_remove, Signals, both)
{
  Signals signals(io_context);
  signals.add(SIGUSR1);
  signals.add(SIGUSR1); // no effect
  signals.add(SIGUSR2);
  signals.remove(SIGUSR2);
  signals.remove(SIGUSR2); // no effect
  expect_to_hear(*this, signals, SIGUSR1);
  signals.remove(SIGUSR1);
  signals.add(SIGUSR2);
  expect_to_hear(*this, signals, SIGUSR2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(add_and_remove_with_error_code, Signals, both)
{
  Signals signals(io_context);
  error_code ec = net::error::eof;
  signals.add(SIGUSR1, ec);
  BOOST_TEST(!ec);
  expect_to_hear(*this, signals, SIGUSR1);

  signals.add(-1, ec);
  BOOST_TEST((ec == net::error::invalid_argument));
  // The set is as it was.
  expect_to_hear(*this, signals, SIGUSR1);

  signals.remove(-1, ec);
  BOOST_TEST((ec == net::error::invalid_argument));
  signals.remove(SIGUSR1, ec);
  BOOST_TEST(!ec);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(add_and_remove_throw, Signals, both)
{
  const auto invalid = [](const system_error& e) {
    return e.code() == net::error::invalid_argument;
  };
  Signals signals(io_context);
  BOOST_CHECK_EXCEPTION(signals.add(-1), system_error, invalid);
  BOOST_CHECK_EXCEPTION(signals.remove(-1), system_error, invalid);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(clear_and_add_again, Signals, both)
{
  Signals signals(io_context, SIGUSR1, SIGUSR2);
  signals.clear();
  error_code ec = net::error::eof;
  signals.clear(ec);
  BOOST_TEST(!ec);
  signals.add(SIGUSR1);
  expect_to_hear(*this, signals);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    a_wait_outlasts_clear_and_hears_what_is_added, Signals, both)
{
  Signals signals(io_context, SIGUSR1);
  int heard = 0;
  signals.async_wait([&](error_code ec, int n) {
    BOOST_TEST(!ec);
    heard = n;
  });
  signals.clear();
  io_context.poll();
  BOOST_TEST(heard == 0);
  signals.add(SIGUSR2);
  send(SIGUSR2);
  run();
  BOOST_TEST(heard == SIGUSR2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(cancel_aborts_all_waits, Signals, both)
{
  Signals signals(io_context, SIGUSR1);
  for (const bool with_error_code : {false, true})
  {
    std::vector<error_code> ends;
    for (int i = 0; i < 3; ++i)
      signals.async_wait([&](error_code ec, int n) {
        BOOST_TEST(n == 0);
        ends.push_back(ec);
      });
    error_code ec = net::error::eof;
    if (with_error_code)
      signals.cancel(ec);
    else
      signals.cancel();
    BOOST_TEST(ends.empty());
    run();
    BOOST_TEST(ends.size() == 3u);
    for (const error_code& end : ends)
      BOOST_TEST((end == net::error::operation_aborted));
    BOOST_TEST((!with_error_code || !ec));
  }
  expect_to_hear(*this, signals);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    one_without_signals_can_do_everything_but_hear, Signals, both)
{
  Signals signals(io_context);
  error_code ec = net::error::eof;
  signals.remove(SIGUSR1, ec);
  BOOST_TEST(!ec);
  signals.remove(SIGUSR1);
  signals.clear();
  signals.cancel();
  ec = net::error::eof;
  signals.clear(ec);
  BOOST_TEST(!ec);
  ec = net::error::eof;
  signals.cancel(ec);
  BOOST_TEST(!ec);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(destruction_aborts_waits, Signals, both)
{
  error_code end;
  {
    Signals signals(io_context, SIGUSR1);
    signals.async_wait([&](error_code ec, int) { end = ec; });
  }
  run();
  BOOST_TEST((end == net::error::operation_aborted));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_signal_before_the_wait_is_kept, Signals, both)
{
  Signals signals(io_context, SIGUSR1);
  send(SIGUSR1);
  int heard = 0;
  signals.async_wait([&](error_code ec, int n) {
    BOOST_TEST(!ec);
    heard = n;
  });
  BOOST_TEST(heard == 0);
  run();
  BOOST_TEST(heard == SIGUSR1);
}

// Flags, which signal_set has since Boost 1.82.

namespace {

template <typename Signals>
constexpr bool has_flags = requires { typename Signals::flags; };

static_assert(has_flags<sigfd::signal_fd>);

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(flags_that_ask_for_nothing, Signals, both)
{
  if constexpr (has_flags<Signals>)
  {
    using flags = typename Signals::flags;
    static_assert(std::is_same_v<typename Signals::flags_t, flags>);
    {
      Signals signals(io_context);
      signals.add(SIGUSR1, flags::dont_care);
      expect_to_hear(*this, signals);
    }
    {
      Signals signals(io_context);
      signals.add(SIGUSR1, flags::none);
      expect_to_hear(*this, signals);
    }
    {
      Signals signals(io_context);
      error_code ec = net::error::eof;
      signals.add(SIGUSR1, flags::none, ec);
      BOOST_TEST(!ec);
      expect_to_hear(*this, signals);
    }
  }
  else
    BOOST_TEST(!is_sigfd<Signals>);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(flags_that_are_combined, Signals, both)
{
  if constexpr (has_flags<Signals>)
  {
    using flags = typename Signals::flags;
    constexpr flags two = flags::no_child_stop | flags::restart;
    static_assert((two & flags::restart) == flags::restart);
    static_assert((two ^ flags::restart) == flags::no_child_stop);
    static_assert((two & ~flags::restart) == flags::no_child_stop);
    static_assert((two & flags::no_child_wait) == flags::none);
    flags f = flags::none;
    f |= flags::restart;
    BOOST_TEST((f == flags::restart));
    f ^= two;
    BOOST_TEST((f == flags::no_child_stop));
    f &= flags::restart;
    BOOST_TEST((f == flags::none));
  }
  else
    BOOST_TEST(!is_sigfd<Signals>);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(flags_in_conflict, Signals, both)
{
  if constexpr (has_flags<Signals>)
  {
    using flags = typename Signals::flags;
    Signals first(io_context);
    Signals second(io_context);
    error_code ec;
    first.add(SIGCHLD, flags::no_child_stop, ec);
    BOOST_TEST(!ec);
    second.add(SIGCHLD, flags::no_child_wait, ec);
    BOOST_TEST((ec == net::error::invalid_argument));
    second.add(SIGCHLD, flags::dont_care, ec);
    BOOST_TEST(!ec);
    first.clear();
    second.clear();
    second.add(SIGCHLD, flags::no_child_wait, ec);
    BOOST_TEST(!ec);
  }
  else
    BOOST_TEST(!is_sigfd<Signals>);
}

BOOST_AUTO_TEST_SUITE_END()
