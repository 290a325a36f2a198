// The code of README.md, compiled and run.

#include <sigfd.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <exception>
#include <iostream>
#include <sstream>
#include <thread>

namespace net = boost::asio;

namespace {

// Runs a coroutine while something sends this process a signal.
void run(net::awaitable<void> coroutine, int signal_number)
{
  const sigfd::scoped_signal_block block({SIGTERM, SIGHUP, SIGUSR1});
  net::io_context context;
  net::co_spawn(context, std::move(coroutine),
      [](std::exception_ptr e) { BOOST_TEST(!e); });
  BOOST_REQUIRE(::kill(::getpid(), signal_number) == 0);
  context.run();
}

net::awaitable<void> watch(std::ostream& out)
{
  sigfd::signal_fd signals(
      co_await net::this_coro::executor, SIGHUP, SIGTERM, SIGCHLD);
  for (;;)
  {
    sigfd::signal_info info = co_await signals.async_wait(net::use_awaitable);
    out << info << '\n';
    if (info == SIGTERM)
      co_return;
  }
}

net::awaitable<void> look_closer(std::ostream& out)
{
  sigfd::signal_fd signals(co_await net::this_coro::executor, SIGUSR1);
  auto info = co_await signals.async_wait(net::use_awaitable);

  if (auto sender = info.sender())     // pid, uid, and whether they can be
    out << sender->pid << '\n';        // trusted: sender->attested
  if (auto value = info.value())       // sigqueue, timers, message queues
    out << value->sival_int << '\n';
  if (auto child = info.child())       // who, how and with which status
    out << child->pid << '\n';
}

} // namespace

BOOST_AUTO_TEST_CASE(watches)
{
  std::ostringstream out;
  run(watch(out), SIGTERM);
  BOOST_TEST(out.str()
      == "SIGTERM from pid " + std::to_string(::getpid()) + " (uid "
          + std::to_string(::getuid()) + ") by kill\n");
}

BOOST_AUTO_TEST_CASE(looks_closer)
{
  std::ostringstream out;
  run(look_closer(out), SIGUSR1);
  BOOST_TEST(out.str() == std::to_string(::getpid()) + "\n");
}

BOOST_AUTO_TEST_CASE(blocks_before_the_first_thread)
{
  const auto work = [] {};
  // In main(), before anything starts a thread:
  sigfd::block_signals({SIGHUP, SIGTERM, SIGCHLD});
  std::thread worker(work); // does not get them
  worker.join();
}
