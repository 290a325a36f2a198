// The asynchronous waits in coroutines. Each waits for a signal that was really
// sent, and sees who sent it.

#include <boost/version.hpp>

// Since Boost 1.80 spawn() needs Boost.Context alone.
#if BOOST_VERSION >= 108000
#define BOOST_ASIO_DISABLE_BOOST_COROUTINE
#else
#define BOOST_COROUTINES_NO_DEPRECATION_WARNING
#endif

#include <sigfd/signal_fd.hpp>

#include "support/completion_scene.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#if BOOST_VERSION >= 108100
#include <boost/asio/as_tuple.hpp>
#endif

// ThreadSanitizer does not follow the stacks of Boost.Context, and
// AddressSanitizer not the exceptions on them.
#if !defined(UNDER_THREAD_SANITIZER)
#include <boost/asio/spawn.hpp>
#endif

#include <exception>
#include <type_traits>
#include <utility>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using boost::system::system_error;
using sigfd::signal_fd;
using support::pending_scenes;
using support::scenes;

// For co_spawn and spawn: a failure inside is a failure of the test.
[[maybe_unused]] void rethrow(std::exception_ptr e)
{
  if (e)
    std::rethrow_exception(e);
}

} // namespace

// Coroutines of the language.

#if defined(BOOST_ASIO_HAS_CO_AWAIT)

namespace {

template <typename Scene>
net::awaitable<void> wait_with_use_awaitable(Scene& s)
{
  s.succeed(co_await s.start(net::use_awaitable));
}

template <typename Scene>
net::awaitable<void> fail_with_use_awaitable(Scene& s)
{
  error_code ec;
  try
  {
    co_await s.start_closed(net::use_awaitable);
  }
  catch (const system_error& e)
  {
    ec = e.code();
  }
  s.fail(ec);
}

template <typename Scene>
net::awaitable<void> wait_with_redirect_error(Scene& s)
{
  error_code ec = net::error::eof;
  const auto result = co_await s.start(
      net::redirect_error(net::use_awaitable, ec));
  s.succeed(ec, result);
}

template <typename Scene>
net::awaitable<void> fail_with_redirect_error(Scene& s)
{
  error_code ec;
  const auto result = co_await s.start_closed(
      net::redirect_error(net::use_awaitable, ec));
  s.fail(ec, result);
}

// The type whose default token is use_awaitable.
using awaited_fd = net::use_awaitable_t<>::as_default_on_t<signal_fd>;

// Made here: g++ 12 does not compile a braced list in a coroutine template.
const sigfd::signal_mask watched{SIGRTMIN};

template <typename Scene>
net::awaitable<void> wait_with_default_token(Scene& s)
{
  s.signals.close(); // or the two would compete
  awaited_fd signals(
      co_await net::this_coro::executor, watched, support::options());
  s.succeed(co_await s.start_on(signals));
}

template <typename Scene>
net::awaitable<void> wait_with_default_token_put_on(Scene& s)
{
  s.signals.close();
  signal_fd plain(
      co_await net::this_coro::executor, watched, support::options());
  auto signals = net::use_awaitable.as_default_on(std::move(plain));
  static_assert(std::is_same_v<decltype(signals), awaited_fd>);
  BOOST_TEST(!plain.is_open());
  BOOST_TEST(signals.is_open());
  s.succeed(co_await s.start_on(signals));
}

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(use_awaitable, Scene, scenes)
{
  Scene s;
  net::co_spawn(s.context, wait_with_use_awaitable(s), rethrow);
  s.run_to_completion();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    use_awaitable_when_not_open, Scene, pending_scenes)
{
  Scene s;
  net::co_spawn(s.context, fail_with_use_awaitable(s), rethrow);
  s.run();
  BOOST_TEST(s.completions == 1);
  s.expect_left_pending();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(redirect_error, Scene, scenes)
{
  Scene s;
  net::co_spawn(s.context, wait_with_redirect_error(s), rethrow);
  s.run_to_completion();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    redirect_error_when_not_open, Scene, pending_scenes)
{
  Scene s;
  net::co_spawn(s.context, fail_with_redirect_error(s), rethrow);
  s.run();
  BOOST_TEST(s.completions == 1);
  s.expect_left_pending();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(default_token, Scene, scenes)
{
  static_assert(std::is_same_v<awaited_fd,
      signal_fd::rebind_executor<net::use_awaitable_t<>::executor_with_default<
          net::any_io_executor>>::other>);
  Scene s;
  net::co_spawn(s.context, wait_with_default_token(s), rethrow);
  s.run_to_completion();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    default_token_put_on_an_open_object, Scene, scenes)
{
  Scene s;
  net::co_spawn(s.context, wait_with_default_token_put_on(s), rethrow);
  s.run_to_completion();
}

#if BOOST_VERSION >= 108100

namespace {

template <typename Scene>
net::awaitable<void> wait_with_as_tuple(Scene& s)
{
  const auto [ec, result] = co_await s.start(net::as_tuple(net::use_awaitable));
  s.succeed(ec, result);
}

template <typename Scene>
net::awaitable<void> fail_with_as_tuple(Scene& s)
{
  const auto [ec, result] = co_await s.start_closed(
      net::as_tuple(net::use_awaitable));
  s.fail(ec, result);
}

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(as_tuple, Scene, scenes)
{
  Scene s;
  net::co_spawn(s.context, wait_with_as_tuple(s), rethrow);
  s.run_to_completion();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(as_tuple_when_not_open, Scene, pending_scenes)
{
  Scene s;
  net::co_spawn(s.context, fail_with_as_tuple(s), rethrow);
  s.run();
  BOOST_TEST(s.completions == 1);
  s.expect_left_pending();
}

#endif // BOOST_VERSION >= 108100

#endif // BOOST_ASIO_HAS_CO_AWAIT

// Coroutines with a stack of their own.

#if !defined(UNDER_THREAD_SANITIZER)

namespace {

template <typename Function>
void spawn_on(net::io_context& context, Function function)
{
#if BOOST_VERSION >= 108000
  net::spawn(context, std::move(function), rethrow);
#else
  net::spawn(context, std::move(function));
#endif
}

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(yield_context, Scene, scenes)
{
  Scene s;
  spawn_on(
      s.context, [&](net::yield_context yield) { s.succeed(s.start(yield)); });
  s.run_to_completion();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(yield_context_with_error_code, Scene, scenes)
{
  Scene s;
  spawn_on(s.context, [&](net::yield_context yield) {
    error_code ec = net::error::eof;
    const auto result = s.start(yield[ec]);
    s.succeed(ec, result);
  });
  s.run_to_completion();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    yield_context_when_not_open, Scene, pending_scenes)
{
  Scene s;
  spawn_on(s.context, [&](net::yield_context yield) {
    error_code ec;
    const auto result = s.start_closed(yield[ec]);
    s.fail(ec, result);
  });
  s.run();
  BOOST_TEST(s.completions == 1);
  s.expect_left_pending();
}

#if !defined(UNDER_ADDRESS_SANITIZER)

BOOST_AUTO_TEST_CASE_TEMPLATE(
    yield_context_when_not_open_throws, Scene, pending_scenes)
{
  Scene s;
  spawn_on(s.context, [&](net::yield_context yield) {
    error_code ec;
    try
    {
      s.start_closed(yield);
    }
    catch (const system_error& e)
    {
      ec = e.code();
    }
    s.fail(ec);
  });
  s.run();
  BOOST_TEST(s.completions == 1);
  s.expect_left_pending();
}

#endif // !UNDER_ADDRESS_SANITIZER

#endif // !UNDER_THREAD_SANITIZER
