// Prints each signal with its siginfo, until SIGINT or SIGTERM.
//
//   ./example/run watch
//   kill -HUP PID             in another terminal, with the pid that it prints

#include <sigfd.hpp>

#include <boost/asio.hpp>

#include <err.h>
#include <unistd.h>

#include <exception>
#include <iostream>

namespace net = boost::asio;

net::awaitable<void> watch()
{
  sigfd::signal_fd signals(
      co_await net::this_coro::executor, SIGHUP, SIGINT, SIGTERM, SIGCHLD);
  std::cout << "waiting for " << signals.signals() << "; try: kill -HUP "
            << ::getpid() << std::endl;
  for (sigfd::signal_info info; info != SIGINT && info != SIGTERM;)
  {
    info = co_await signals.async_wait(net::use_awaitable);
    std::cout << info << std::endl;
  }
}

int main(int argc, char* argv[])
{
  if (argc > 1)
    ::errx(2, "one argument too many: %s", argv[1]);
  net::io_context context;
  net::co_spawn(context, watch(), [](std::exception_ptr e) {
    if (e)
      std::rethrow_exception(e);
  });
  context.run();
}
