// program kernel|pipe [objects]
//
// Prints its process ID, and then each SIGINT and SIGTERM that it gets; ends on
// SIGTERM. With "objects", shows those of objects.hpp instead. To be debugged.

#include <sigfd.hpp>

#include "objects.hpp"

#include <boost/asio/io_context.hpp>

#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <string_view>

int main(int argc, char* argv[])
{
  const bool pipe = argc > 1 && std::string_view(argv[1]) == "pipe";
  const auto source = pipe ? sigfd::source::pipe : sigfd::source::kernel;
  if (argc > 2)
    return show_objects(source);

  boost::asio::io_context context;
  sigfd::signal_fd signals(context, {SIGINT, SIGTERM}, {.source = source});
  std::cout << "ready, pid " << ::getpid() << std::endl;
  for (;;)
  {
    const sigfd::signal_info info = signals.wait();
    std::cout << "got " << info.name() << std::endl;
    if (info == SIGTERM)
      return 0;
  }
}
