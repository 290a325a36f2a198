// Watches the same signals in two places, and both hear each.
//
// The library is a shared object of its own. Neither knows that the other one
// watches SIGTERM and SIGCHLD: each does so in its own thread, and reaps its
// own children.
//
//   ./example/run library_and_application

#include "arguments.hpp"
#include "library/jobs.hpp"

#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <exception>
#include <iostream>
#include <string>
#include <system_error>

// In one piece: the library prints, too.
void print(const std::string& text)
{
  std::cout << "application: " + text + '\n' << std::flush;
}

class application
{
public:
  explicit application(boost::asio::io_context& context)
    : signals_(context, SIGTERM, SIGCHLD)
  {
    library_.run("exit 3");
    library_.run("exec sleep 600");
    start(4);
    wait();
    print("waiting for SIGTERM and SIGCHLD; try: kill "
        + std::to_string(::getpid()));
  }

private:
  void start(int status)
  {
    child_ = ::fork();
    if (child_ == -1)
      throw std::system_error(errno, std::generic_category(), "fork");
    if (child_ == 0)
      ::_exit(status);
  }

  // Until SIGTERM; then the library sees to its jobs in its destructor.
  void wait()
  {
    signals_.async_wait(
        [this](boost::system::error_code ec, const sigfd::signal_info& info) {
          if (ec)
            throw boost::system::system_error(ec, "waiting for signals");
          if (info == SIGTERM)
            return print("SIGTERM, the end");
          reap();
          wait();
        });
  }

  // SIGCHLD may have told of one of the library's.
  void reap()
  {
    int status = 0;
    if (child_ == 0 || ::waitpid(child_, &status, WNOHANG) != child_)
      return;
    child_ = 0;
    print("my child exited with status " + std::to_string(WEXITSTATUS(status)));
  }

  sigfd::signal_fd signals_;
  ::pid_t child_ = 0;
  jobs::runner library_;
};

int main(int argc, char* argv[])
try
{
  arguments::at_most(0, argc, argv);
  boost::asio::io_context context;
  const application application(context);
  context.run();
}
catch (const std::exception& e)
{
  return arguments::failure(e);
}
