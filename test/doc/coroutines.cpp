// The coroutines of the documents, compiled and run.

#include <sigfd.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <exception>
#include <initializer_list>
#include <sstream>
#include <string>
#include <utility>

namespace net = boost::asio;
using net::ip::tcp;

namespace {

std::ostringstream log;

std::string take_log()
{
  std::string text = log.str();
  log.str("");
  return text;
}

std::string sent(const char* name)
{
  return std::string(name) + " from pid " + std::to_string(::getpid())
      + " (uid " + std::to_string(::getuid()) + ") by kill\n";
}

// Runs a coroutine that gets signals, one after the other.
void run(net::io_context& context, net::awaitable<void> coroutine,
    std::initializer_list<int> signals)
{
  net::co_spawn(context, std::move(coroutine),
      [](std::exception_ptr e) { BOOST_TEST(!e); });
  for (const int n : signals)
  {
    context.poll();
    BOOST_REQUIRE(::kill(::getpid(), n) == 0);
  }
  context.run();
}

net::awaitable<void> watch()
{
  sigfd::signal_fd signals(
      co_await net::this_coro::executor, SIGHUP, SIGTERM, SIGCHLD);
  for (;;)
  {
    sigfd::signal_info info = co_await signals.async_wait(net::use_awaitable);
    log << info << '\n';
    if (info == SIGTERM)
      co_return;
  }
}

net::awaitable<void> look_closer()
{
  sigfd::signal_fd signals(co_await net::this_coro::executor, SIGUSR1);
  auto info = co_await signals.async_wait(net::use_awaitable);

  if (auto sender = info.sender())     // pid, uid, and whether they can be
    log << sender->pid << '\n';        // trusted: sender->attested
  if (auto value = info.value())       // sigqueue, timers, message queues
    log << value->sival_int << '\n';
  if (auto child = info.child())       // who, how and with which status
    log << child->pid << '\n';
}

net::awaitable<void> shut_down(tcp::acceptor& acceptor)
{
  net::io_context& context = static_cast<net::io_context&>(
      acceptor.get_executor().context());
  sigfd::signal_fd signals(acceptor.get_executor(), SIGINT, SIGTERM);
  log << co_await signals.async_wait(net::use_awaitable) << '\n';
  acceptor.close(); // no new sessions; those that run may end
  log << co_await signals.async_wait(net::use_awaitable) << '\n';
  context.stop();   // the second signal does not wait for them
}

net::awaitable<void> reload(std::string& configuration)
{
  sigfd::signal_fd signals(co_await net::this_coro::executor, SIGHUP);
  for (;;)
  {
    const auto info = co_await signals.async_wait(net::use_awaitable);
    log << "reading the configuration again: " << info << '\n';
    configuration += "read again\n";
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(watches)
{
  net::io_context context;
  run(context, watch(), {SIGHUP, SIGTERM});
  BOOST_TEST(take_log() == sent("SIGHUP") + sent("SIGTERM"));
}

BOOST_AUTO_TEST_CASE(looks_closer)
{
  net::io_context context;
  run(context, look_closer(), {SIGUSR1});
  BOOST_TEST(take_log() == std::to_string(::getpid()) + "\n");
}

BOOST_AUTO_TEST_CASE(shuts_down)
{
  net::io_context context;
  tcp::acceptor acceptor(context);
  acceptor.open(tcp::v4());
  run(context, shut_down(acceptor), {SIGTERM, SIGINT});
  BOOST_TEST(take_log() == sent("SIGTERM") + sent("SIGINT"));
  BOOST_TEST(!acceptor.is_open());
  BOOST_TEST(context.stopped());
}

BOOST_AUTO_TEST_CASE(reloads)
{
  net::io_context context;
  std::string configuration;
  sigfd::block_signals({SIGHUP});
  net::co_spawn(context, reload(configuration), [](std::exception_ptr) {});
  for (int i = 0; i < 2; ++i)
  {
    BOOST_REQUIRE(::kill(::getpid(), SIGHUP) == 0);
    while (take_log().empty())
      context.run_one();
  }
  BOOST_TEST(configuration == "read again\nread again\n");
}
