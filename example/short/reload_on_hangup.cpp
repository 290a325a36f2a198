// Reads a file again on SIGHUP, unless it is wrong.
//
//   echo hello >/tmp/greeting
//   ./example/run reload_on_hangup /tmp/greeting

#include "arguments.hpp"
#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <unistd.h>

#include <fstream>
#include <iostream>
#include <string>

struct service
{
  sigfd::signal_fd signals;
  std::string path;
  std::string greeting;

  // Takes the first line of the file; without one, nothing changes.
  bool load()
  {
    std::ifstream file(path);
    std::string line;
    if (!std::getline(file, line) || line.empty())
      return false;
    greeting = line;
    return true;
  }

  void wait()
  {
    signals.async_wait(
        [this](boost::system::error_code, const sigfd::signal_info& info) {
          std::cout << info << std::endl;
          if (info != SIGHUP)
            return; // nothing is left to wait for, so run() returns
          std::cout << (load() ? "now: " : "still: ") << greeting << std::endl;
          wait();
        });
  }
};

int main(int argc, char* argv[])
{
  if (argc != 2)
    arguments::refuse("expected one argument: FILE");
  boost::asio::io_context context;
  service s{{context, SIGHUP, SIGINT, SIGTERM}, argv[1], {}};
  if (!s.load())
    arguments::refuse("no greeting in " + s.path);
  std::cout << "waiting for " << s.signals.signals() << "; try: change "
            << s.path << ", then kill -HUP " << ::getpid() << std::endl;
  s.wait();
  context.run();
}
