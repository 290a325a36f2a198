// A service that reads its configuration again on SIGHUP, as daemons do, and
// keeps the old one if the new one is wrong. SIGTERM and SIGINT end it.
//
//   echo "greeting = hello" > /tmp/example.conf
//   ./example/run reload_on_hangup /tmp/example.conf
//   kill -HUP <pid>        in another terminal, after a change of the file

#include "arguments.hpp"
#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <exception>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace net = boost::asio;
using configuration = std::map<std::string, std::string>;

struct bad_configuration : std::runtime_error
{
  using std::runtime_error::runtime_error;
};

// Reads lines such as "greeting = hello".
configuration read_configuration(const std::string& path)
{
  std::ifstream file(path);
  file.peek(); // a folder can be opened, but not read
  if (!file)
    throw bad_configuration("cannot read " + path);
  configuration result;
  for (std::string line; std::getline(file, line);)
  {
    std::istringstream words(line);
    std::string key, equals, value;
    if (!(words >> key >> equals >> value) || equals != "=")
      throw bad_configuration("not \"key = value\": " + line);
    result[key] = value;
  }
  return result;
}

class service
{
public:
  // Watches the signals from here on; one that comes earlier ends the process.
  service(net::io_context& context, std::string path)
    : signals_(context, SIGHUP, SIGINT, SIGTERM),
      path_(std::move(path)),
      configuration_(read_configuration(path_))
  {
    std::cout << "started, pid " << ::getpid() << std::endl;
    show();
    wait();
  }

private:
  void wait()
  {
    signals_.async_wait(
        [this](boost::system::error_code ec, sigfd::signal_info info)
        {
          if (ec)
            throw boost::system::system_error(ec, "waiting for signals");
          std::cout << info << std::endl;
          if (info != SIGHUP)
            return; // nothing is left to do, and run() returns
          reload();
          wait();
        });
  }

  void reload()
  {
    try
    {
      configuration_ = read_configuration(path_);
      show();
    }
    catch (const std::exception& e)
    {
      std::cout << "kept the old configuration: " << e.what() << std::endl;
    }
  }

  void show() const
  {
    for (const auto& [key, value] : configuration_)
      std::cout << key << " = " << value << std::endl;
  }

  sigfd::signal_fd signals_;
  std::string path_;
  configuration configuration_;
};

int main(int argc, char* argv[])
try
{
  if (argc != 2)
    arguments::refuse("expected one argument: FILE");
  net::io_context context;
  service s(context, argv[1]);
  context.run();
}
catch (const bad_configuration& e) // at the start
{
  arguments::refuse(e.what());
}
catch (const std::exception& e)
{
  std::cerr << e.what() << '\n';
  return 1;
}
