// Handlers of the program beside the library's, installed over it, taken away
// again, or chaining to what they replaced. Each case is a child process: what
// was installed once may come back at any time.

#include <sigfd/signal_fd.hpp>

#include "support/chaining.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <boost/test/unit_test.hpp>

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using support::action_of;

constexpr int recursion = 90; // exit status

volatile int calls = 0;
void count(int)
{
  calls = calls + 1;
}

// As those of crash reporters and runtimes do.
void chain(int number, ::siginfo_t* info, void* context)
{
  calls = calls + 1;
  if (calls > 1)
    ::_exit(recursion);
  support::call_replaced(number, info, context);
}

void unblock(int number)
{
  ::sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, number);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
}

// Has this thread take a signal; it has acted when this returns.
void take(int number)
{
  unblock(number);
  ::kill(::getpid(), number);
}

// The signal that ended a process with this function; 0, if it exited with 0;
// else its status, as a negative number.
template <typename Function>
int ended_by(Function function)
{
  support::process child([&] {
    // One that recurses without an end.
    ::alarm(static_cast<unsigned>(support::patience().count()));
    return function();
  });
  const int status = child.wait_status();
  return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

} // namespace

BOOST_AUTO_TEST_SUITE(handlers)

BOOST_AUTO_TEST_CASE(one_that_chains_between_two_objects_ends_in_the_default)
{
  for (const int number : {SIGTERM, SIGUSR1, SIGRTMIN})
  {
    const int end = ended_by([&] {
      net::io_context context;
      {
        signal_fd signals(context, {number}, support::options());
        support::install_over(number, chain);
      }
      signal_fd(context, {number}, support::options()).close();
      take(number);
      return 1;
    });
    BOOST_TEST(end == number);
  }
}

BOOST_AUTO_TEST_CASE(one_that_chains_between_removing_and_adding_does_as_well)
{
  for (const int number : {SIGTERM, SIGUSR1, SIGRTMIN})
  {
    const int end = ended_by([&] {
      net::io_context context;
      signal_fd signals(context, {number}, support::options());
      support::install_over(number, chain);
      signals.remove(number);
      signals.add(number);
      signals.close();
      take(number);
      return 1;
    });
    BOOST_TEST(end == number);
  }
}

// What was there before the library, is what the chain ends in.
BOOST_AUTO_TEST_CASE(one_that_chains_reaches_the_first_handler)
{
  static volatile int first_calls = 0;
  const int end = ended_by([] {
    ::signal(SIGTERM, [](int) { first_calls = first_calls + 1; });
    net::io_context context;
    signal_fd signals(context, {SIGTERM}, support::options());
    support::install_over(SIGTERM, chain);
    signals.remove(SIGTERM);
    signals.add(SIGTERM);
    signals.close();
    take(SIGTERM);
    return calls == 1 && first_calls == 1 ? 0 : 1;
  });
  BOOST_TEST(end == 0);
}

// The library's action is saved, another installed, and the saved one put back
// when the library has taken the other for the previous one.
BOOST_AUTO_TEST_CASE(one_that_was_taken_away_is_not_called)
{
  for (const int number : {SIGUSR1, SIGTERM, SIGRTMIN})
  {
    const int end = ended_by([&] {
      net::io_context context;
      struct ::sigaction own{};
      struct ::sigaction saved{};
      own.sa_handler = count;
      {
        signal_fd signals(context, {number}, support::options());
        ::sigaction(number, &own, &saved);
      }
      signal_fd(context, {number}, support::options()).close();
      ::sigaction(number, &saved, nullptr);
      take(number);
      return 1;
    });
    BOOST_TEST(end == number);
  }
}

// The same with what stands in for a default action that ignores the signal.
BOOST_AUTO_TEST_CASE(nor_does_it_become_the_action_again)
{
  for (const int number : {SIGCHLD, SIGURG, SIGWINCH, SIGCONT})
  {
    const int end = ended_by([&] {
      net::io_context context;
      signal_fd(context, {number}, support::options()).close();
      struct ::sigaction own{};
      struct ::sigaction saved{};
      own.sa_handler = count;
      ::sigaction(number, &own, &saved);
      signal_fd(context, {number}, support::options()).close();
      ::sigaction(number, &saved, nullptr);
      signal_fd(context, {number}, support::options()).close();
      if (action_of(number).sa_handler == count)
        return 1;
      take(number);
      return calls == 0 ? 0 : 2;
    });
    BOOST_TEST(end == 0);
  }
}

BOOST_AUTO_TEST_CASE(adding_that_fails_leaves_the_flags)
{
  using flags = signal_fd::flags;
  const int end = ended_by([] {
    net::io_context context;
    signal_fd watching(context, {SIGCHLD}, support::options());
    unblock(SIGCHLD);
    sigfd::open_options options = support::options();
    options.mask = sigfd::mask_policy::require;
    signal_fd signals(context);
    signals.open({}, options);
    const auto before = action_of(SIGCHLD);
    error_code ec;
    signals.add(SIGCHLD, flags::no_child_wait, ec);
    if (!ec)
      return 1;
    if (action_of(SIGCHLD).sa_flags != before.sa_flags)
      return 2;
    signal_fd other(context);
    other.open({}, support::options());
    other.add(SIGCHLD, flags::restart, ec); // would be in conflict
    if (ec)
      return 3;
    support::process child([] { return 7; });
    return child.wait() == 7 ? 0 : 4;
  });
  BOOST_TEST(end == 0);
}

// The same for a signal that nobody watched before.
BOOST_AUTO_TEST_CASE(adding_that_fails_leaves_the_action)
{
  const int end = ended_by([] {
    net::io_context context;
    sigfd::open_options options = support::options();
    options.mask = sigfd::mask_policy::require;
    signal_fd signals(context);
    signals.open({}, options);
    error_code ec;
    signals.add(SIGCHLD, signal_fd::flags::no_child_wait, ec);
    if (!ec || support::has_siginfo_handler(SIGCHLD))
      return 1;
    return action_of(SIGCHLD).sa_handler == SIG_DFL ? 0 : 2;
  });
  BOOST_TEST(end == 0);
}

// What the program has put over the handler stays there.
BOOST_AUTO_TEST_CASE(flags_leave_a_handler_of_the_program)
{
  const int end = ended_by([] {
    net::io_context context;
    signal_fd watching(context, {SIGUSR1}, support::options());
    constexpr auto handler = [](int) {};
    ::signal(SIGUSR1, handler);
    signal_fd other(context);
    other.open({}, support::options());
    error_code ec;
    other.add(SIGUSR1, signal_fd::flags::restart, ec);
    if (ec)
      return 1;
    return action_of(SIGUSR1).sa_handler == +handler ? 0 : 2;
  });
  BOOST_TEST(end == 0);
}

BOOST_AUTO_TEST_SUITE_END()
