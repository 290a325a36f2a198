// Starts many children and reaps every one of them. SIGCHLD is a standard
// signal: while one is pending, another is dropped. So it is taken as a hint
// that there is something to reap, and waitid(2) is asked what.
//
//   ./example/run reap_children

#include "arguments.hpp"
#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <iostream>
#include <system_error>
#include <vector>

namespace net = boost::asio;

std::system_error last_error(const char* operation)
{
  return std::system_error(errno, std::generic_category(), operation);
}

class family
{
public:
  // Opens the signal_fd first: until then, SIGCHLD is ignored.
  explicit family(net::io_context& context)
    : signals_(context, SIGCHLD)
  {
  }

  // Starts a child that exits with a status. One that runs another program
  // would first have to unblock SIGCHLD: masks are inherited.
  ::pid_t start(int status)
  {
    const ::pid_t pid = ::fork();
    if (pid == -1)
      throw last_error("fork");
    if (pid == 0)
      ::_exit(status);
    ++children_;
    return pid;
  }

  // Waits until the last child has been reaped.
  void wait()
  {
    if (children_ == 0)
      return;
    signals_.async_wait(
        [this](boost::system::error_code ec, sigfd::signal_info info)
        {
          if (ec)
            throw boost::system::system_error(ec, "waiting for SIGCHLD");
          std::cout << info << std::endl;
          reap();
          wait();
        });
  }

private:
  // Reaps the children that have ended: all of them, whatever SIGCHLD said.
  void reap()
  {
    while (children_ > 0)
    {
      ::siginfo_t raw{};
      if (::waitid(P_ALL, 0, &raw, WEXITED | WNOHANG) == -1)
        throw last_error("waitid");
      // The views work on what waitid(2) gives as well.
      const auto child = sigfd::signal_info(raw).child();
      if (!child)
        return; // the others are running
      --children_;
      std::cout << "reaped " << child->pid
                << (child->reason == sigfd::child_reason::exited
                           ? ", which exited with status "
                           : ", which was killed by signal ")
                << child->status << std::endl;
    }
  }

  sigfd::signal_fd signals_;
  int children_ = 0;
};

// For the show: waits for the end of a child and leaves it to be reaped, so
// that there will be many to reap, and one SIGCHLD for them all.
void await_end(::pid_t pid)
{
  ::siginfo_t info;
  if (::waitid(P_PID, static_cast<::id_t>(pid), &info, WEXITED | WNOWAIT))
    throw last_error("waitid");
}

int main(int argc, char* argv[])
try
{
  arguments::at_most(0, argc, argv);
  net::io_context context;
  family children(context);
  std::vector<::pid_t> pids;
  for (int status = 0; status < 10; ++status)
    pids.push_back(children.start(status));
  std::for_each(pids.begin(), pids.end(), await_end);
  children.wait();
  context.run();
}
catch (const std::exception& e)
{
  std::cerr << e.what() << '\n';
  return 1;
}
