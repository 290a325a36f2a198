// Sends itself a signal and says what it heard.

#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <signal.h>
#include <unistd.h>

#include <iostream>

int main(int argc, char**)
{
  // Would not compile with the warnings that sigfd itself is built with.
  const char narrow = argc;
  int unused;

  boost::asio::io_context context;
  sigfd::signal_fd signals(context, SIGUSR1);
  ::kill(::getpid(), SIGUSR1);
  bool heard = false;
  signals.async_wait(
      [&](boost::system::error_code ec, const sigfd::signal_info& info) {
        heard = !ec && info.sender() && info.sender()->pid == ::getpid();
        std::cout << info << '\n';
      });
  context.run();
  return heard && narrow == 1 ? 0 : 1;
}
