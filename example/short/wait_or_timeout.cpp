// Waits for a signal, but not for ever, and misses none.
//
// The wait that loses against the timer takes nothing: a signal that comes in
// that moment stays pending, and the next wait gets it.
//
//   ./example/run wait_or_timeout [MILLISECONDS]

#include "arguments.hpp"
#include <sigfd.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unistd.h>

#include <chrono>
#include <exception>
#include <iostream>
#include <variant>

namespace net = boost::asio;
using namespace net::experimental::awaitable_operators;

net::awaitable<void> run(std::chrono::milliseconds timeout)
{
  const auto executor = co_await net::this_coro::executor;
  sigfd::signal_fd signals(executor, SIGINT, SIGTERM, SIGRTMIN);
  std::cout << "waiting for " << signals.signals() << "; try: kill -s RTMIN "
            << ::getpid() << std::endl;
  net::steady_timer timer(executor);
  for (;;)
  {
    timer.expires_after(timeout);
    const auto first = co_await (signals.async_wait(net::use_awaitable)
        || timer.async_wait(net::use_awaitable));
    const auto* info = std::get_if<sigfd::signal_info>(&first);
    if (!info)
      std::cout << "nothing" << std::endl;
    else if (std::cout << *info << std::endl; *info != SIGRTMIN)
      co_return;
  }
}

int main(int argc, char* argv[])
{
  arguments::at_most(1, argc, argv);
  const std::chrono::milliseconds timeout(arguments::number(
      argc > 1 ? argv[1] : "1000", "a number of milliseconds", 1));
  net::io_context context;
  net::co_spawn(context, run(timeout), [](std::exception_ptr e) {
    if (e)
      std::rethrow_exception(e);
  });
  context.run();
}
