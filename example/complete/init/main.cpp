// A container's PID 1: starts a command, forwards signals to it with their
// siginfo, reaps the orphans that it leaves behind, and exits as it did. The
// program is installed as sigfd-init; doc/man/sigfd-init.1.md tells all of it.
//
//   options.cpp      the command line
//   command.cpp      the child: how it is started, and sent a signal
//   supervisor.cpp   what init does while it runs: forward, reap, job control
//   faults.cpp       signals that cannot be waited for
//   terminal.cpp     who is in the foreground
//   report.cpp       messages
//
//   ./example/run init COMMAND [ARGUMENT...]
//   sudo unshare --pid --fork --mount-proc build/example/example/init sh

#include "command.hpp"
#include "faults.hpp"
#include "options.hpp"
#include "report.hpp"
#include "supervisor.hpp"
#include "terminal.hpp"

#include <sigfd.hpp>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <exception>
#include <system_error>

namespace {

void check(int returned, const char* what)
{
  if (returned == -1)
    throw std::system_error(errno, std::generic_category(), what);
}

// What the process asks of the kernel before there is a child.
void prepare(const init::options& options, ::pid_t parent)
{
  ::signal(SIGCHLD, SIG_DFL); // ignored, it would leave nobody to reap
  if (options.parent_death_signal != 0)
  {
    check(::prctl(PR_SET_PDEATHSIG, options.parent_death_signal),
        "PR_SET_PDEATHSIG");
    if (::getppid() != parent) // it has ended meanwhile
      ::kill(::getpid(), options.parent_death_signal);
  }
  if (options.subreaper)
    check(::prctl(PR_SET_CHILD_SUBREAPER, 1), "PR_SET_CHILD_SUBREAPER");

  int is_subreaper = 0;
  ::prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper);
  if (::getpid() != 1 && is_subreaper == 0)
    init::report("neither PID 1 nor a child subreaper (-s): "
                 "orphans of the command will go to another process");
}

// Lets go of the command's input and output: who is at the other end is to see
// that the command has closed them. Errors are init's, too; where they were
// closed, nothing else must take their place.
void leave_input_and_output()
{
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null == -1)
    return; // it is not necessary
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fd != null && (fd != STDERR_FILENO || ::fcntl(fd, F_GETFD) == -1))
      ::dup2(null, fd);
  if (null > STDERR_FILENO)
    ::close(null);
}

int run(const init::options& options)
{
  const init::terminal terminal;
  const init::command command(options.command, terminal);
  try
  {
    leave_input_and_output();
    init::forward_faults(command,
        options.group ? init::command::target::group
                      : init::command::target::process);
    return init::supervisor(options, terminal, command).run();
  }
  catch (...)
  {
    command.send(SIGKILL, init::command::target::group);
    throw;
  }
}

} // namespace

int main(int argc, char* argv[])
try
{
  // At once: what comes from now on waits until it can be forwarded.
  sigfd::block_signals(sigfd::signal_mask::all());
  init::hold_faults();
  const ::pid_t parent = ::getppid();
  const init::options options = init::parse_options(argc, argv);
  prepare(options, parent);
  return run(options);
}
catch (const std::exception& e)
{
  init::report(e.what());
  return init::failure;
}
