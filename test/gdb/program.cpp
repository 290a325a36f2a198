// program kernel|pipe
//
// Prints its process ID, and then each SIGINT and SIGTERM that it gets; ends on
// SIGTERM. To be debugged.

#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <string_view>

int main(int argc, char* argv[])
{
  const bool pipe = argc > 1 && std::string_view(argv[1]) == "pipe";
  boost::asio::io_context context;
  sigfd::signal_fd signals(context, {SIGINT, SIGTERM},
      {.source = pipe ? sigfd::source::pipe : sigfd::source::kernel});
  std::cout << "ready, pid " << ::getpid() << std::endl;
  for (;;)
  {
    const sigfd::signal_info info = signals.wait();
    std::cout << "got " << info.name() << std::endl;
    if (info == SIGTERM)
      return 0;
  }
}
