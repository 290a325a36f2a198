// The code of doc/guide.md about child processes, compiled and run.

#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace net = boost::asio;

namespace {

// It ends by SIGTERM only if SIGTERM is not blocked.
char* const* command()
{
  static char shell[] = "sh";
  static char option[] = "-c";
  static char text[] = "kill -s TERM $$; exit 1";
  static char* const arguments[] = {shell, option, text, nullptr};
  return arguments;
}

bool is_ended_by_sigterm(::pid_t pid)
{
  int status = 0;
  BOOST_TEST_REQUIRE(::waitpid(pid, &status, 0) == pid);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
}

} // namespace

BOOST_AUTO_TEST_CASE(spawn_with_attributes)
{
  net::io_context context;
  sigfd::signal_fd signals(context, SIGTERM);
  char* const* const arguments = command();
  ::pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, arguments[0], nullptr,
      sigfd::spawn_attributes().native(), arguments, ::environ);
  BOOST_TEST_REQUIRE(error == 0);
  BOOST_TEST(is_ended_by_sigterm(pid));
}

BOOST_AUTO_TEST_CASE(fork_and_exec)
{
  net::io_context context;
  sigfd::signal_fd signals(context, SIGTERM);
  char* const* const arguments = command();
  ::pid_t pid = -1;
  {
    sigfd::scoped_signal_block block(sigfd::signal_mask::all());
    pid = ::fork();
    if (pid == 0)
    {
      sigfd::reset_signals();
      ::execvp(arguments[0], arguments);
      ::_exit(127);
    }
  }
  BOOST_TEST(is_ended_by_sigterm(pid));
}
