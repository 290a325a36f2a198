// What programs do with boost::asio::signal_set, as templates: the same code
// is run with boost::asio::signal_set and with sigfd::signal_fd. Here it is
// coroutines.

#include <sigfd/signal_fd.hpp>

#include "support/signal_set_pattern.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>
#include <boost/version.hpp>

#if BOOST_VERSION >= 107700
#include <boost/asio/experimental/awaitable_operators.hpp>
#endif
#if BOOST_VERSION >= 108100
#include <boost/asio/as_tuple.hpp>
#endif

#include <chrono>
#include <cstddef>
#include <exception>
#include <type_traits>
#include <variant>
#include <vector>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using support::both;

constexpr unsigned short any_port = 0;

} // namespace

BOOST_FIXTURE_TEST_SUITE(signal_set_coroutines, support::signal_set_fixture)

#if defined(BOOST_ASIO_HAS_CO_AWAIT)

namespace {

// The tag is for g++ 11, which does not compile this_coro::executor in a
// coroutine template without a parameter that depends on the template's.
template <typename Signals>
using with = std::type_identity<Signals>;

void rethrow(std::exception_ptr e)
{
  if (e)
    std::rethrow_exception(e);
}

template <typename Signals>
net::awaitable<void> await_one(with<Signals>, int& heard)
{
  Signals signals(co_await net::this_coro::executor, SIGUSR1, SIGUSR2);
  support::signal_set_fixture::send(SIGUSR2);
  const int signal_number = co_await signals.async_wait(net::use_awaitable);
  heard = signal_number;
}

template <typename Signals>
net::awaitable<void> await_until_told_to_stop(with<Signals>, int& reloads)
{
  Signals signals(co_await net::this_coro::executor, SIGUSR1, SIGUSR2);
  support::signal_set_fixture::send(SIGUSR1);
  while (co_await signals.async_wait(net::use_awaitable) != SIGUSR2)
    support::signal_set_fixture::send(++reloads < 3 ? SIGUSR1 : SIGUSR2);
}

template <typename Signals>
net::awaitable<void> await_by_default(with<Signals>, int& heard)
{
  using awaited = net::use_awaitable_t<>::as_default_on_t<Signals>;
  awaited signals(co_await net::this_coro::executor, SIGUSR1);
  support::signal_set_fixture::send(SIGUSR1);
  heard = co_await signals.async_wait();
}

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(coroutine_that_waits_once, Signals, both)
{
  int heard = 0;
  net::co_spawn(io_context, await_one(with<Signals>(), heard), rethrow);
  run();
  BOOST_TEST(heard == SIGUSR2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(coroutine_with_a_loop, Signals, both)
{
  int reloads = 0;
  net::co_spawn(
      io_context, await_until_told_to_stop(with<Signals>(), reloads), rethrow);
  run();
  BOOST_TEST(reloads == 3);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(coroutine_with_a_default_token, Signals, both)
{
  int heard = 0;
  net::co_spawn(io_context, await_by_default(with<Signals>(), heard), rethrow);
  run();
  BOOST_TEST(heard == SIGUSR1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    server_of_coroutines_that_is_stopped, Signals, both)
{
  Signals signals(io_context, SIGINT, SIGTERM);
  signals.async_wait([&](auto, auto) { io_context.stop(); });
  bool ended = false;
  net::co_spawn(
      io_context,
      [&]() -> net::awaitable<void> {
        net::ip::tcp::acceptor acceptor(co_await net::this_coro::executor,
            net::ip::tcp::endpoint(net::ip::address_v4::loopback(), any_port));
        support::signal_set_fixture::send(SIGINT);
        for (;;)
          co_await acceptor.async_accept(net::use_awaitable);
        ended = true;
      },
      net::detached);
  run();
  BOOST_TEST(io_context.stopped());
  BOOST_TEST(!ended);
}

#if BOOST_VERSION >= 108100

namespace {

template <typename Signals>
net::awaitable<void> await_tuples(with<Signals>, int& heard, error_code& end)
{
  const auto ex = co_await net::this_coro::executor;
  Signals signals(ex, SIGUSR1);
  constexpr auto token = net::as_tuple(net::use_awaitable);
  support::signal_set_fixture::send(SIGUSR1);
  {
    auto [ec, n] = co_await signals.async_wait(token);
    BOOST_TEST(!ec);
    heard = n;
  }
  net::post(ex, [&] { signals.cancel(); });
  {
    auto [ec, n] = co_await signals.async_wait(token);
    end = ec;
    BOOST_TEST(n == 0);
  }
}

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(coroutine_with_tuples, Signals, both)
{
  int heard = 0;
  error_code end;
  net::co_spawn(io_context, await_tuples(with<Signals>(), heard, end), rethrow);
  run();
  BOOST_TEST(heard == SIGUSR1);
  BOOST_TEST((end == net::error::operation_aborted));
}

#endif // BOOST_VERSION >= 108100

#if BOOST_VERSION >= 107700

namespace {

using namespace net::experimental::awaitable_operators;

// Whichever comes first: a signal or the time.
template <typename Signals>
net::awaitable<void> await_with_timeout(
    with<Signals>, bool send, std::size_t& winner, int& heard)
{
  const auto ex = co_await net::this_coro::executor;
  Signals signals(ex, SIGUSR1);
  net::steady_timer timer(ex);
  timer.expires_after(
      send ? std::chrono::milliseconds(60'000) : std::chrono::milliseconds(1));
  if (send)
    support::signal_set_fixture::send(SIGUSR1);
  const auto result = co_await (signals.async_wait(net::use_awaitable)
      || timer.async_wait(net::use_awaitable));
  winner = result.index();
  if (result.index() == 0)
    heard = std::get<0>(result);
}

// Two objects, and both have to hear.
template <typename Signals>
net::awaitable<void> await_both(with<Signals>, std::vector<int>& heard)
{
  const auto ex = co_await net::this_coro::executor;
  Signals first(ex, SIGUSR1);
  Signals second(ex, SIGUSR2);
  support::signal_set_fixture::send(SIGUSR2);
  support::signal_set_fixture::send(SIGUSR1);
  const auto [a, b] = co_await (first.async_wait(net::use_awaitable)
      && second.async_wait(net::use_awaitable));
  heard.push_back(a);
  heard.push_back(b);
}

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(coroutine_with_a_signal_in_time, Signals, both)
{
  std::size_t winner = 2;
  int heard = 0;
  net::co_spawn(io_context,
      await_with_timeout(with<Signals>(), true, winner, heard), rethrow);
  run();
  BOOST_TEST(winner == 0u);
  BOOST_TEST(heard == SIGUSR1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(coroutine_without_a_signal_in_time, Signals, both)
{
  std::size_t winner = 2;
  int heard = 0;
  net::co_spawn(io_context,
      await_with_timeout(with<Signals>(), false, winner, heard), rethrow);
  run();
  BOOST_TEST(winner == 1u);
  BOOST_TEST(heard == 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(coroutine_with_two_objects, Signals, both)
{
  std::vector<int> heard;
  net::co_spawn(io_context, await_both(with<Signals>(), heard), rethrow);
  run();
  BOOST_TEST((heard == std::vector{SIGUSR1, SIGUSR2}));
}

#endif // BOOST_VERSION >= 107700

#endif // BOOST_ASIO_HAS_CO_AWAIT

BOOST_AUTO_TEST_SUITE_END()
