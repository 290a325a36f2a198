// Stops a server on SIGTERM, and lets its clients finish.
//
// A second SIGTERM ends it at once. graceful_server has a deadline, too.
//
//   ./example/run graceful_shutdown

#include "arguments.hpp"
#include <sigfd.hpp>

#include <boost/asio.hpp>

#include <unistd.h>

#include <iostream>

namespace net = boost::asio;
using net::ip::tcp;

net::awaitable<void> echo(tcp::socket client) // throws when the client leaves
{
  for (char data[1024];;)
  {
    const auto size = co_await client.async_read_some(
        net::buffer(data), net::use_awaitable);
    co_await net::async_write(
        client, net::buffer(data, size), net::use_awaitable);
  }
}

net::awaitable<void> serve(tcp::acceptor& acceptor) // until it is closed
{
  for (;;)
  {
    tcp::socket client = co_await acceptor.async_accept(net::use_awaitable);
    net::co_spawn(
        acceptor.get_executor(), echo(std::move(client)), net::detached);
  }
}

int main(int argc, char* argv[])
{
  arguments::at_most(0, argc, argv);
  net::io_context context;
  const sigfd::signal_mask mask{SIGINT, SIGTERM};
  sigfd::signal_fd signals(context, mask);
  tcp::acceptor acceptor(context, {net::ip::address_v4::loopback(), 0});
  std::cout << "waiting for clients and " << mask << "; try: nc 127.0.0.1 "
            << acceptor.local_endpoint().port() << ", then kill " << ::getpid()
            << std::endl;
  net::co_spawn(context, serve(acceptor), net::detached);
  signals.async_wait([&](auto, const sigfd::signal_info& info) {
    acceptor.close();
    std::cout << "stopping: " << info << std::endl;
    signals.close();
    ::pthread_sigmask(SIG_UNBLOCK, &mask.native(), nullptr);
  });
  context.run(); // returns when the last client has left
}
