// A container's PID 1: starts a command, forwards signals to it, reaps what it
// leaves behind, and exits as it did: with its status, with 128 + n when signal
// n killed it, 127 when there is no such command, 126 when it cannot be run.
//
// The command starts with default actions and an empty mask, although what is
// forwarded is blocked here. A value sent by sigqueue(3) goes with its signal.
// What a key of the terminal sends has reached the whole process group already,
// with the command in it: siginfo tells it, and Ctrl-C arrives once.
//
//   ./example/run init COMMAND [ARGUMENT...]
//   sudo unshare --pid --fork --mount-proc build/example/example/init sh

#include "arguments.hpp"
#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <exception>
#include <iostream>
#include <optional>

// All that can be watched, but for two that the terminal sends to who uses it
// from the background: init must not stop then.
sigfd::signal_mask watched()
{
  sigfd::signal_mask mask = sigfd::signal_mask::all();
  mask.remove(SIGTTIN);
  mask.remove(SIGTTOU);
  return mask;
}

// Whether a key of the terminal, or a change of its size, sent it.
bool is_from_terminal(const sigfd::signal_info& info)
{
  return info.cause() == sigfd::signal_cause::kernel
      && (info == SIGINT || info == SIGQUIT || info == SIGTSTP
          || info == SIGWINCH);
}

void forward(const sigfd::signal_info& info, ::pid_t command)
{
  const auto sender = info.sender();
  if (sender && sender->attested && sender->pid == ::getpid())
    return; // its own, such as SIGPIPE by writing
  if (is_from_terminal(info) && ::getpgid(command) == ::getpgrp())
  {
    if (info == SIGTSTP)
      ::kill(::getpid(), SIGSTOP); // the shell waits for it; not to PID 1
    return;
  }
  // Refused with EAGAIN while too many are pending; kill(2) never is.
  const auto value = info.value();
  if (value && ::sigqueue(command, info.number(), *value) == 0)
    return;
  if (value)
    std::cerr << "init: sent without its value: " << info << '\n';
  ::kill(command, info.number());
}

// Reaps everybody who has ended, since several ends may make one SIGCHLD; the
// command's exit status if it was among them.
std::optional<int> reap(::pid_t command)
{
  std::optional<int> result;
  int status = 0;
  for (::pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;)
    if (pid == command)
      result = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                   : WEXITSTATUS(status);
  return result;
}

int main(int argc, char* argv[])
try
{
  if (argc < 2)
    arguments::refuse("expected COMMAND [ARGUMENT...]");
  ::signal(SIGCHLD, SIG_DFL); // ignored, it would leave nobody to reap
  ::signal(SIGTTIN, SIG_IGN);
  ::signal(SIGTTOU, SIG_IGN);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1); // get orphans also if not PID 1

  boost::asio::io_context context; // nobody has to run it: wait() blocks
  sigfd::signal_fd signals(context, watched()); // before there is a child

  ::pid_t command = 0;
  if (const int error = ::posix_spawnp(&command, argv[1], nullptr,
          sigfd::spawn_attributes().native(), argv + 1, ::environ))
  {
    std::cerr << "init: " << argv[1] << ": " << std::strerror(error) << '\n';
    return error == ENOENT ? 127 : 126;
  }
  for (;;)
  {
    const sigfd::signal_info info = signals.wait();
    if (info != SIGCHLD)
      forward(info, command);
    else if (const auto status = reap(command))
      return *status;
  }
}
catch (const std::exception& e)
{
  std::cerr << "init: " << e.what() << '\n';
  return 1;
}
