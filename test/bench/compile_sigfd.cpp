// Prints each signal in a coroutine: for the runner to compile.

#include <sigfd/signal_fd.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <signal.h>

#include <iostream>

namespace net = boost::asio;

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

int main()
{
  net::io_context context;
  net::co_spawn(context, watch(std::cout), net::detached);
  context.run();
}
