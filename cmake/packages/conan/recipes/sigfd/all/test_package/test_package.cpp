// Sends itself a signal and prints what arrives.

#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <signal.h>
#include <unistd.h>

#include <iostream>

int main()
{
  boost::asio::io_context context;
  sigfd::signal_fd signals(context, SIGUSR1);
  ::kill(::getpid(), SIGUSR1);
  sigfd::signal_info info = signals.wait();
  std::cout << "sigfd " << SIGFD_VERSION_STRING << ": " << info << '\n';
  return info == SIGUSR1 ? 0 : 1;
}
