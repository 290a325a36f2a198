// A service that reads its configuration again on SIGHUP, as daemons do, and
// keeps the old one if the new one is wrong. SIGTERM and SIGINT end it.
//
//   echo "greeting = hello" > /tmp/example.conf
//   ./example/run reload_on_hangup /tmp/example.conf
//   kill -HUP <pid>        in another terminal, after a change of the file

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

// Reads lines such as "greeting = hello".
configuration read_configuration(const std::string& path)
{
  std::ifstream file(path);
  if (!file)
    throw std::runtime_error("cannot open " + path);
  configuration result;
  for (std::string line; std::getline(file, line);)
  {
    std::istringstream words(line);
    std::string key, equals, value;
    if (!(words >> key >> equals >> value) || equals != "=")
      throw std::runtime_error("not \"key = value\": " + line);
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
    throw std::runtime_error("usage: reload_on_hangup FILE");
  net::io_context context;
  service s(context, argv[1]);
  context.run();
}
catch (const std::exception& e)
{
  std::cerr << e.what() << '\n';
  return 1;
}
