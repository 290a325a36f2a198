// An echo server. SIGINT or SIGTERM ends the accepting; the connections that
// are open may finish, until five seconds or a second signal end those too.
//
//   ./example/run graceful_shutdown 5555     in one terminal
//   nc localhost 5555                        in another; then kill the first

#include "arguments.hpp"
#include <sigfd.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <variant>

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;
using namespace net::experimental::awaitable_operators;

class echo_server
{
public:
  explicit echo_server(net::io_context& context)
    : drained_(context, net::steady_timer::time_point::max())
  {
  }

  // Accepts connections; returns only if that becomes impossible.
  net::awaitable<error_code> serve(tcp::acceptor acceptor)
  {
    std::cout << "listening on " << acceptor.local_endpoint() << std::endl;
    for (;;)
    {
      error_code ec;
      tcp::socket socket = co_await acceptor.async_accept(
          net::redirect_error(net::use_awaitable, ec));
      if (ec)
        co_return ec;
      net::co_spawn(
          acceptor.get_executor(), echo(std::move(socket)), net::detached);
    }
  }

  // Waits for the end of the last connection.
  net::awaitable<void> drain()
  {
    error_code ec; // the timer never expires: it is cancelled
    if (connections_ > 0)
      co_await drained_.async_wait(net::redirect_error(net::use_awaitable, ec));
  }

private:
  net::awaitable<void> echo(tcp::socket socket)
  {
    ++connections_;
    char data[1024];
    for (error_code ec; !ec;)
    {
      const auto n = co_await socket.async_read_some(
          net::buffer(data), net::redirect_error(net::use_awaitable, ec));
      if (!ec)
        co_await net::async_write(socket, net::buffer(data, n),
            net::redirect_error(net::use_awaitable, ec));
    }
    if (--connections_ == 0)
      drained_.cancel();
  }

  net::steady_timer drained_;
  int connections_ = 0;
};

net::awaitable<void> run(net::io_context& context, unsigned short port)
{
  sigfd::signal_fd signals(context, SIGINT, SIGTERM);
  tcp::acceptor acceptor(context, {net::ip::address_v4::loopback(), port});
  echo_server server(context);
  // The acceptor ends with serve(), and serve() with the first signal.
  const auto end = co_await (server.serve(std::move(acceptor))
      || signals.async_wait(net::use_awaitable));
  if (end.index() == 0)
    throw boost::system::system_error(std::get<0>(end), "accept");
  std::cout << "stopping: " << std::get<1>(end) << std::endl;

  net::steady_timer limit(context, std::chrono::seconds(5));
  const auto last = co_await (server.drain()
      || signals.async_wait(net::use_awaitable)
      || limit.async_wait(net::use_awaitable));
  std::cout << (last.index() == 0 ? "every client is done"
                                  : "some clients were cut off") << std::endl;
  context.stop();
}

int main(int argc, char* argv[])
try
{
  arguments::at_most(1, argc, argv);
  const auto port = arguments::number<unsigned short>(
      argc > 1 ? argv[1] : "0", "a port");
  net::io_context context;
  net::co_spawn(context, run(context, port),
      [](std::exception_ptr e) { if (e) std::rethrow_exception(e); });
  context.run();
}
catch (const std::exception& e)
{
  std::cerr << e.what() << '\n';
  return 1;
}
