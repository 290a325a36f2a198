// The same program as compile_sigfd.cpp, with what Asio has.

#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <signal.h>

#include <iostream>

namespace net = boost::asio;

net::awaitable<void> watch(std::ostream& out)
{
  net::signal_set signals(
      co_await net::this_coro::executor, SIGHUP, SIGTERM, SIGCHLD);
  for (;;)
  {
    int number = co_await signals.async_wait(net::use_awaitable);
    out << number << '\n';
    if (number == SIGTERM)
      co_return;
  }
}

int main()
{
  net::io_context context;
  net::co_spawn(context, watch(std::cout), net::detached);
  context.run();
}
