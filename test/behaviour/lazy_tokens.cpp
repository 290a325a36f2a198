// Tokens that start an operation later than async_wait is called: it belongs to
// what the object is when it starts.

#include <sigfd/signal_fd.hpp>

#include "support/drain.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>
#include <boost/version.hpp>

#if BOOST_VERSION >= 108100
#include <boost/asio/deferred.hpp>
#elif BOOST_VERSION >= 107900
#include <boost/asio/experimental/deferred.hpp>
#endif

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;
using support::outcome;

// async_wait.
struct wait_one
{
  using result_type = signal_info;

  template <typename Token>
  auto operator()(signal_fd& signals, Token&& token)
  {
    return signals.async_wait(std::forward<Token>(token));
  }

  int number(const signal_info& info) const
  {
    return info.number();
  }
};

// async_wait_some.
struct wait_some
{
  using result_type = std::size_t;

  template <typename Token>
  auto operator()(signal_fd& signals, Token&& token)
  {
    return signals.async_wait_some(infos, std::forward<Token>(token));
  }

  int number(std::size_t count) const
  {
    return count == 1 ? infos[0].number() : 0;
  }

  std::array<signal_info, 4> infos;
};

#if BOOST_VERSION >= 107900
struct by_deferred
{
  template <typename Wait>
  static auto make(Wait& wait, signal_fd& signals)
  {
#if BOOST_VERSION >= 108100
    return wait(signals, net::deferred);
#else
    return wait(signals, net::experimental::deferred);
#endif
  }

  template <typename Operation, typename Result>
  static void start(
      net::io_context&, Operation operation, outcome<Result>& result)
  {
    std::move(operation)(result.handler());
  }
};
#endif

#if defined(BOOST_ASIO_HAS_CO_AWAIT)
struct by_use_awaitable
{
  template <typename Wait>
  static auto make(Wait& wait, signal_fd& signals)
  {
    return wait(signals, net::use_awaitable);
  }

  template <typename Result>
  static void start(net::io_context& context, net::awaitable<Result> operation,
      outcome<Result>& result)
  {
    net::co_spawn(context, std::move(operation),
        [&result](std::exception_ptr e, Result r) {
          error_code ec;
          try
          {
            if (e)
              std::rethrow_exception(e);
          }
          catch (const boost::system::system_error& error)
          {
            ec = error.code();
          }
          result.handler()(ec, std::move(r));
        });
  }
};
#endif

// An operation that has not started yet, and what it will be started with.
template <typename Token, typename Wait>
struct scene
{
  net::io_context context;
  std::optional<signal_fd> signals{std::in_place, context};
  Wait wait;
  outcome<typename Wait::result_type> result;

  scene() = default;
  scene(const scene&) = delete;
  scene& operator=(const scene&) = delete;

  ~scene()
  {
    signals.reset();
    support::drain(SIGRTMIN);
    support::drain(SIGRTMIN + 1);
  }

  void open(int number = SIGRTMIN)
  {
    signals->open({number}, support::options());
  }

  auto make()
  {
    return Token::make(wait, *signals);
  }

  template <typename Operation>
  void start(Operation&& operation)
  {
    Token::start(context, std::forward<Operation>(operation), result);
    context.poll(); // as far as it goes without a signal
  }

  void finish()
  {
    BOOST_TEST(support::wait_until([&] {
      context.restart();
      context.poll();
      return result.completions != 0;
    }));
  }

  // That it takes a signal which is sent now.
  void expect_taken(int number = SIGRTMIN)
  {
    BOOST_TEST(result.completions == 0);
    BOOST_REQUIRE(support::queue(::getpid(), number, 1));
    finish();
    BOOST_TEST(result.succeeded());
    BOOST_TEST(wait.number(result.result) == number);
  }

  void expect_not_open()
  {
    finish();
    BOOST_TEST(result.completions == 1);
    BOOST_TEST((result.error == net::error::bad_descriptor));
  }
};

// Calls a generic function with a scene of each token and function.
template <typename Function>
void for_each_scene([[maybe_unused]] Function function)
{
#if BOOST_VERSION >= 107900
  BOOST_TEST_CONTEXT("deferred, async_wait")
  {
    scene<by_deferred, wait_one> s;
    function(s);
  }
  BOOST_TEST_CONTEXT("deferred, async_wait_some")
  {
    scene<by_deferred, wait_some> s;
    function(s);
  }
#endif
#if defined(BOOST_ASIO_HAS_CO_AWAIT)
  BOOST_TEST_CONTEXT("use_awaitable, async_wait")
  {
    scene<by_use_awaitable, wait_one> s;
    function(s);
  }
  BOOST_TEST_CONTEXT("use_awaitable, async_wait_some")
  {
    scene<by_use_awaitable, wait_some> s;
    function(s);
  }
#endif
}

} // namespace

BOOST_AUTO_TEST_SUITE(lazy_tokens)

BOOST_AUTO_TEST_CASE(an_object_that_is_opened_in_between)
{
  for_each_scene([](auto& s) {
    auto operation = s.make();
    s.open();
    s.start(std::move(operation));
    s.expect_taken();
  });
}

BOOST_AUTO_TEST_CASE(closed_and_opened_again)
{
  for_each_scene([](auto& s) {
    s.open(SIGRTMIN + 1);
    auto operation = s.make();
    s.signals->close();
    s.open();
    s.start(std::move(operation));
    s.expect_taken();
  });
}

BOOST_AUTO_TEST_CASE(closed)
{
  for_each_scene([](auto& s) {
    s.open();
    auto operation = s.make();
    s.signals->close();
    s.start(std::move(operation));
    s.expect_not_open();
  });
}

BOOST_AUTO_TEST_CASE(cancelled)
{
  for_each_scene([](auto& s) {
    s.open();
    auto operation = s.make();
    s.signals->cancel();
    s.start(std::move(operation));
    s.expect_taken();
  });
}

// It goes with the object.
BOOST_AUTO_TEST_CASE(moved)
{
  for_each_scene([](auto& s) {
    s.open();
    auto operation = s.make();
    const signal_fd goal(std::move(*s.signals));
    s.open(SIGRTMIN + 1);
    s.start(std::move(operation));
    s.expect_taken();
  });
}

BOOST_AUTO_TEST_CASE(moved_before_it_is_open)
{
  for_each_scene([](auto& s) {
    auto operation = s.make();
    signal_fd goal(std::move(*s.signals));
    s.signals.reset();
    goal.open({SIGRTMIN}, support::options());
    s.start(std::move(operation));
    s.expect_taken();
  });
}

BOOST_AUTO_TEST_CASE(assigned_closed_and_opened_again)
{
  for_each_scene([](auto& s) {
    s.open(SIGRTMIN + 1);
    auto operation = s.make();
    signal_fd other(s.context);
    other = std::move(*s.signals);
    s.signals.reset();
    other.close();
    other.open({SIGRTMIN}, support::options());
    s.start(std::move(operation));
    s.expect_taken();
  });
}

BOOST_AUTO_TEST_CASE(destroyed)
{
  for_each_scene([](auto& s) {
    s.open();
    auto operation = s.make();
    s.signals.reset();
    s.start(std::move(operation));
    s.expect_not_open();
  });
}

BOOST_AUTO_TEST_CASE(never_started)
{
  for_each_scene([](auto& s) {
    s.open();
    {
      [[maybe_unused]] auto operation = s.make();
    }
    s.signals.reset();
    s.context.poll();
    BOOST_TEST(s.result.completions == 0);
  });
}

BOOST_AUTO_TEST_SUITE_END()
