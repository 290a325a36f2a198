// Runs a TCP server that finishes what it has begun.
//
// The server sends back each line that it gets. It prints who sent a signal,
// and what it does then:
//
//   SIGTERM, SIGINT   it accepts no more clients, and the sessions may finish;
//                     a second one, or the deadline, aborts those that have not
//   SIGHUP            it reads FILE again; if that is wrong, nothing changes
//   SIGUSR1           it prints statistics
//
//   ./example/run graceful_server [--port PORT] [--deadline SECONDS] [FILE]
//
// FILE has lines such as "greeting = hello", which each client is sent, and
// "limit = 100", how many there may be at once.
//
// Its exit status is 0 if every session has finished, and 3 if some were
// aborted.

#include "arguments.hpp"
#include <sigfd.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;

constexpr std::size_t longest_line = 4096;

// What SIGHUP reads again.
struct settings
{
  std::string greeting = "hello";
  std::size_t limit = 100;
};

std::ostream& operator<<(std::ostream& os, const settings& s)
{
  return os << "greeting = " << s.greeting << ", limit = " << s.limit;
}

struct bad_settings : std::runtime_error
{
  using std::runtime_error::runtime_error;
};

std::string trim(const std::string& text)
{
  constexpr const char* space = " \t\r";
  const auto first = text.find_first_not_of(space);
  return first == text.npos
      ? std::string()
      : text.substr(first, text.find_last_not_of(space) - first + 1);
}

// Reads the settings, or throws what is wrong and where. Without a file, they
// are the default.
settings read_settings(const std::string& path)
{
  settings result;
  if (path.empty())
    return result;
  std::ifstream file(path);
  file.peek(); // a folder can be opened, but not read
  if (file.fail())
    throw bad_settings("cannot read " + path);
  int number = 0;
  for (std::string line; std::getline(file, line);)
  {
    ++number;
    line = trim(line);
    if (line.empty() || line[0] == '#')
      continue;
    const auto equals = line.find('=');
    const std::string key = trim(line.substr(0, equals));
    const std::string value = equals == line.npos
        ? std::string()
        : trim(line.substr(equals + 1));
    const auto limit = arguments::to_number<std::size_t>(value);
    if (key == "greeting" && !value.empty())
      result.greeting = value;
    else if (key == "limit" && limit)
      result.limit = *limit;
    else
      throw bad_settings(
          path + ':' + std::to_string(number) + ": not a setting: " + line);
  }
  return result;
}

// What a coroutine throws ends the program.
void rethrow(std::exception_ptr e)
{
  if (e)
    std::rethrow_exception(e);
}

// Such as "1 session", "2 sessions".
std::string count(std::size_t n, const std::string& what)
{
  return std::to_string(n) + ' ' + what + (n == 1 ? "" : "s");
}

class server
{
public:
  struct options
  {
    unsigned short port = 0;
    std::chrono::seconds deadline{10};
    std::string file;
  };

  explicit server(const options& o)
    : options_(o),
      signals_(context_, SIGHUP, SIGINT, SIGTERM, SIGUSR1),
      settings_(read_settings(o.file)),
      acceptor_(context_, {net::ip::address_v4::loopback(), o.port}),
      pause_(context_),
      deadline_(context_)
  {
  }

  // Serves until it is told to end. Returns how many sessions it aborted.
  std::size_t run()
  {
    std::cout << "waiting for " << signals_.signals() << " and clients on "
              << acceptor_.local_endpoint() << "\ntry: nc 127.0.0.1 "
              << acceptor_.local_endpoint().port() << "; kill -USR1 "
              << ::getpid() << "; kill " << ::getpid() << std::endl;
    net::co_spawn(context_, accept(), rethrow);
    net::co_spawn(context_, obey(), rethrow);
    context_.run();
    return aborted_;
  }

private:
  // A client, in the set of all of them as long as it is there.
  struct session
  {
    session(std::set<session*>& all_sessions, tcp::socket s)
      : all(all_sessions),
        socket(std::move(s))
    {
      all.insert(this);
    }

    session(const session&) = delete;
    session& operator=(const session&) = delete;

    ~session()
    {
      all.erase(this);
    }

    std::set<session*>& all;
    tcp::socket socket;
  };

  // Accepts clients until the acceptor is closed.
  net::awaitable<void> accept()
  {
    for (;;)
    {
      error_code ec;
      tcp::socket socket = co_await acceptor_.async_accept(
          net::redirect_error(net::use_awaitable, ec));
      if (!acceptor_.is_open())
        co_return;
      if (ec)
      {
        // There is no descriptor left, for instance; in a while there may be.
        std::cout << "cannot accept: " << ec.message() << std::endl;
        pause_.expires_after(std::chrono::milliseconds(100));
        co_await pause_.async_wait(net::redirect_error(net::use_awaitable, ec));
      }
      else if (sessions_.size() >= settings_.limit)
      {
        ++refused_;
        net::co_spawn(context_, refuse(std::move(socket)), net::detached);
      }
      else
      {
        ++accepted_;
        net::co_spawn(context_,
            serve(std::make_unique<session>(sessions_, std::move(socket))),
            rethrow);
      }
    }
  }

  static net::awaitable<void> refuse(tcp::socket socket)
  {
    co_await net::async_write(socket,
        net::buffer(std::string_view("too many clients, try again later\n")),
        net::use_awaitable);
  }

  // Greets a client and sends back its lines, until it leaves or is aborted.
  net::awaitable<void> serve(std::unique_ptr<session> client)
  {
    tcp::socket& socket = client->socket;
    std::string text = settings_.greeting + '\n';
    std::size_t size = text.size();
    for (error_code ec; !ec;)
    {
      co_await net::async_write(socket, net::buffer(text, size),
          net::redirect_error(net::use_awaitable, ec));
      text.erase(0, size);
      if (!ec)
        size = co_await net::async_read_until(socket,
            net::dynamic_buffer(text, longest_line), '\n',
            net::redirect_error(net::use_awaitable, ec));
      if (!ec)
        ++lines_;
    }
    client.reset();
    end_if_done();
  }

  // Does what signals say, until there is nothing left to do.
  net::awaitable<void> obey()
  {
    for (;;)
    {
      error_code ec;
      const sigfd::signal_info info = co_await signals_.async_wait(
          net::redirect_error(net::use_awaitable, ec));
      if (!signals_.is_open())
        co_return;
      if (ec)
        throw boost::system::system_error(ec, "waiting for signals");
      std::cout << info << ": ";
      if (info == SIGHUP)
        reload();
      else if (info == SIGUSR1)
        print_statistics();
      else if (acceptor_.is_open())
        stop();
      else
        abort();
    }
  }

  void reload()
  {
    try
    {
      settings_ = read_settings(options_.file);
      std::cout << settings_ << std::endl;
    }
    catch (const bad_settings& e)
    {
      std::cout << "nothing changes, " << e.what() << std::endl;
    }
  }

  void print_statistics() const
  {
    std::cout << count(sessions_.size(), "session") << ", "
              << count(accepted_, "client") << " accepted, " << refused_
              << " refused, " << count(lines_, "line") << std::endl;
  }

  void stop()
  {
    acceptor_.close();
    pause_.cancel();
    std::cout << "stopping, " << count(sessions_.size(), "session") << " left, "
              << options_.deadline.count() << " s to finish" << std::endl;
    deadline_.expires_after(options_.deadline);
    deadline_.async_wait([this](error_code ec) {
      if (ec || sessions_.empty())
        return;
      std::cout << "the deadline has passed: ";
      abort();
    });
    end_if_done();
  }

  // Closes what is left; the sessions end with an error then.
  void abort()
  {
    std::cout << "aborting " << count(sessions_.size(), "session") << std::endl;
    aborted_ = sessions_.size();
    for (session* const s : sessions_)
      s->socket.close();
  }

  // When nothing is left to wait for, run() returns.
  void end_if_done()
  {
    if (acceptor_.is_open() || !sessions_.empty())
      return;
    deadline_.cancel();
    signals_.close();
  }

  options options_;
  std::set<session*> sessions_; // what the context destroys may be in it
  net::io_context context_;
  sigfd::signal_fd signals_;
  settings settings_;
  tcp::acceptor acceptor_;
  net::steady_timer pause_;
  net::steady_timer deadline_;
  std::size_t accepted_ = 0;
  std::size_t refused_ = 0;
  std::size_t lines_ = 0;
  std::size_t aborted_ = 0;
};

constexpr const char* usage
    = "usage: graceful_server [--port PORT] [--deadline SECONDS] [FILE]\n"
      "  --port PORT           listen on this port of 127.0.0.1 (any)\n"
      "  --deadline SECONDS    how long sessions may take to finish (10)\n"
      "  FILE                  has \"greeting = TEXT\" and \"limit = "
      "NUMBER\"\n";

server::options read_options(int argc, char* argv[])
{
  const ::option names[] = {
      {"port", required_argument, nullptr, 'p'},
      {"deadline", required_argument, nullptr, 'd'},
      {"help", no_argument, nullptr, 'h'},
      {},
  };
  server::options result;
  for (int option;
      (option = arguments::next_option(argc, argv, "p:d:h", names)) != -1;)
  {
    if (option == 'p')
      result.port = arguments::number<unsigned short>(::optarg, "a port");
    else if (option == 'd')
      result.deadline = std::chrono::seconds(
          arguments::number<int>(::optarg, "a number of seconds", 0));
    else
    {
      std::cout << usage;
      std::exit(0);
    }
  }
  arguments::at_most(1, argc - ::optind + 1, argv + ::optind - 1);
  if (::optind < argc)
    result.file = argv[::optind];
  return result;
}

int main(int argc, char* argv[])
try
{
  ::signal(SIGPIPE, SIG_IGN); // who reads the output may end before this
  server s(read_options(argc, argv));
  const std::size_t aborted = s.run();
  std::cout << (aborted == 0 ? "every session has finished" : "ended")
            << std::endl;
  return aborted == 0 ? 0 : 3;
}
catch (const bad_settings& e) // at the start
{
  arguments::refuse(e.what());
}
catch (const std::exception& e)
{
  return arguments::failure(e);
}
