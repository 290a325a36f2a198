// Starts a command with a clean signal mask.
//
// SIGTERM is blocked here. A child would inherit that through execve(2), and
// not end on SIGTERM.
//
//   ./example/run spawn_child [COMMAND [ARGUMENT...]]
//   ./example/run spawn_child grep SigBlk /proc/self/status

#include "arguments.hpp"
#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <iostream>
#include <string>

::pid_t spawn(char* const* command)
{
  ::pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, command[0], nullptr,
      sigfd::spawn_attributes().native(), command, ::environ);
  if (error != 0)
    arguments::refuse(
        std::string("cannot run ") + command[0] + ": " + std::strerror(error));
  return pid;
}

int main(int argc, char* argv[])
{
  boost::asio::io_context context; // need not run: wait() blocks
  sigfd::signal_fd signals(context, SIGTERM, SIGCHLD); // before the child

  char sleep[] = "sleep", minute[] = "60";
  char* const a_minute[] = {sleep, minute, nullptr};
  const ::pid_t child = spawn(argc > 1 ? argv + 1 : a_minute);
  std::cout << "waiting for " << signals.signals() << "; try: kill "
            << ::getpid() << ", or kill -STOP " << child << std::endl;

  for (;;)
  {
    const sigfd::signal_info info = signals.wait();
    std::cout << info << std::endl;
    if (info == SIGTERM)
      ::kill(child, SIGTERM); // so that it ends, and SIGCHLD comes
    else if (::waitpid(child, nullptr, WNOHANG) == child)
      return 0;
  }
}
