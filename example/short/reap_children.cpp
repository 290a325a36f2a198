// Reaps every child, however few SIGCHLD tell of them.
//
// SIGCHLD is a standard signal: while one is pending, another is dropped. So it
// only says that there is something to reap, and waitid(2) is asked what.
//
//   ./example/run reap_children

#include "arguments.hpp"
#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <iostream>
#include <system_error>

// Starts a child that ends at once, and leaves it to be reaped.
void start_child(int status)
{
  const ::pid_t pid = ::fork();
  if (pid == -1)
    throw std::system_error(errno, std::generic_category(), "fork");
  if (pid == 0)
    ::_exit(status);
  ::siginfo_t end;
  ::waitid(P_PID, static_cast<::id_t>(pid), &end, WEXITED | WNOWAIT);
}

// Reaps the children that have ended, and returns how many there were.
int reap()
{
  for (int count = 0;; ++count)
  {
    ::siginfo_t raw{};
    ::waitid(P_ALL, 0, &raw, WEXITED | WNOHANG);
    const auto child = sigfd::signal_info(raw).child();
    if (!child)
      return count; // the others are still running
    std::cout << "reaped " << child->pid << ", which exited with status "
              << child->status << std::endl;
  }
}

int main(int argc, char* argv[])
{
  arguments::at_most(0, argc, argv);
  boost::asio::io_context context; // need not run: wait() blocks
  sigfd::signal_fd signals(context, SIGCHLD); // before there is a child
  for (int status = 0; status < 10; ++status)
    start_child(status);
  std::cout << "waiting for " << signals.signals() << " of 10 children"
            << std::endl;
  for (int left = 10; left > 0; left -= reap())
    std::cout << signals.wait() << std::endl;
}
