// A sandbox that refuses what a source needs: opening fails with the error, and
// leaves nothing behind. A thread that waits for signals by a call that always
// fails would do nothing but that.

#include <sigfd/signal_fd.hpp>

#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/sandbox.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <exception>
#include <initializer_list>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;

constexpr int errors[] = {EPERM, ENOSYS};

// A system call that fails, and how.
struct refused
{
  long system_call;
  int error;
};

// What a process exits with in which some system calls fail.
template <typename Function>
int in_sandbox(std::initializer_list<refused> calls, Function function)
{
  support::process child([&] {
    for (const refused& call : calls)
      if (!support::forbid(static_cast<unsigned>(call.system_call), call.error))
        return 100;
    try
    {
      return function();
    }
    catch (const std::exception&)
    {
      return 101;
    }
  });
  return child.wait_for(support::child_bound());
}

// The number of the step that is wrong, or 0.
int fails_to_open(int expected, const sigfd::open_options& options)
{
  net::io_context context;
  {
    // The reactor has descriptors of its own from now on.
    error_code ec;
    signal_fd(context).open({}, options, ec);
  }
  const support::process_state before;
  for (const int number : {SIGRTMIN, SIGUSR1, SIGCHLD})
  {
    signal_fd signals(context);
    error_code ec;
    signals.open({number}, options, ec);
    if (ec != error_code(expected, boost::system::system_category()))
      return 1;
    if (signals.is_open() || signals.native_handle() != -1)
      return 2;
    if (support::has_siginfo_handler(number))
      return 3;
    if (!support::returns_to(before))
      return 4;
    struct ::sigaction action{};
    ::sigaction(number, nullptr, &action);
    if (action.sa_handler != SIG_DFL)
      return 5;
    if (options.source == sigfd::source::pipe)
      continue;
    signals.add(number, ec); // opens with default options
    if (!ec || signals.is_open() || !support::returns_to(before))
      return 6;
  }
  return 0;
}

} // namespace

BOOST_AUTO_TEST_SUITE(sandboxed)

BOOST_AUTO_TEST_CASE(opening_fails_where_no_source_works)
{
  for (const int error : errors)
  {
    const int wrong = in_sandbox(
        {{SYS_signalfd4, error}, {SYS_rt_sigtimedwait, error}},
        [&] { return fails_to_open(error, support::options()); });
    BOOST_TEST(wrong == 0);
  }
}

BOOST_AUTO_TEST_CASE(opening_fails_where_the_choice_finds_no_source)
{
  for (const int first : errors)
    for (const int second : errors)
    {
      const int wrong = in_sandbox(
          {{SYS_signalfd4, first}, {SYS_rt_sigtimedwait, second}}, [&] {
            return fails_to_open(second, {.source = sigfd::source::automatic});
          });
      BOOST_TEST(wrong == 0);
    }
}

BOOST_AUTO_TEST_CASE(opening_a_pipe_fails_where_signalfd_would_do)
{
  for (const int error : errors)
  {
    const int wrong = in_sandbox({{SYS_rt_sigtimedwait, error}},
        [&] { return fails_to_open(error, {.source = sigfd::source::pipe}); });
    BOOST_TEST(wrong == 0);
  }
}

// The kernel's source does not need the other call.
BOOST_AUTO_TEST_CASE(the_kernels_source_works_without_rt_sigtimedwait)
{
  if (support::source_name() == "sandbox")
    return;
  for (const int error : errors)
  {
    const int wrong = in_sandbox({{SYS_rt_sigtimedwait, error}}, [&] {
      net::io_context context;
      signal_fd signals(
          context, {SIGRTMIN, SIGCHLD}, {.source = sigfd::source::automatic});
      if (signals.source() != sigfd::source::kernel)
        return 1;
      support::outcome<signal_info> wait;
      signals.async_wait(wait.handler());
      if (!support::queue(::getpid(), SIGRTMIN, 7))
        return 2;
      context.run_for(support::patience());
      if (!wait.succeeded() || wait.result.value()->sival_int != 7)
        return 3;
      ::kill(::getpid(), SIGCHLD);
      signals.close();
      signals.open({SIGCHLD}, {.source = sigfd::source::kernel});
      return signals.try_wait() ? 0 : 4;
    });
    BOOST_TEST(wrong == 0);
  }
}

// What a thread caught could not be forwarded.
BOOST_AUTO_TEST_CASE(opening_fails_where_strays_cannot_be_queued_again)
{
  for (const int error : errors)
  {
    const int wrong = in_sandbox({{SYS_rt_sigqueueinfo, error}},
        [&] { return fails_to_open(error, support::options()); });
    BOOST_TEST(wrong == 0);
  }
}

// What the pipe holds could not be given back.
BOOST_AUTO_TEST_CASE(opening_a_pipe_fails_where_nothing_can_be_queued)
{
  for (const int error : errors)
  {
    const int wrong = in_sandbox({{SYS_rt_sigqueueinfo, error}}, [&] {
      return fails_to_open(error,
          {.source = sigfd::source::pipe,
              .stray = sigfd::stray_policy::ignore});
    });
    BOOST_TEST(wrong == 0);
  }
}

BOOST_AUTO_TEST_CASE(the_kernels_source_works_there_without_strays)
{
  for (const int error : errors)
  {
    const int wrong = in_sandbox({{SYS_rt_sigqueueinfo, error}}, [&] {
      net::io_context context;
      signal_fd signals(
          context, {SIGUSR1}, {.stray = sigfd::stray_policy::ignore});
      if (signals.source() != sigfd::source::kernel)
        return 1;
      ::kill(::getpid(), SIGUSR1);
      return signals.try_wait() ? 0 : 2;
    });
    BOOST_TEST(wrong == 0);
  }
}

// The pipe's thread could not be woken to end.
BOOST_AUTO_TEST_CASE(opening_a_pipe_fails_where_no_thread_can_be_woken)
{
  for (const int error : errors)
    for (const auto strays :
        {sigfd::stray_policy::forward, sigfd::stray_policy::ignore})
    {
      const int wrong = in_sandbox({{SYS_tgkill, error}}, [&] {
        return fails_to_open(
            error, {.source = sigfd::source::pipe, .stray = strays});
      });
      BOOST_TEST(wrong == 0);
    }
}

BOOST_AUTO_TEST_SUITE_END()
