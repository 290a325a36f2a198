// What a pipe object held when it went, and what was pending when the last
// object went: nothing of it is lost, and it ends no process, whoever closes.
//
// Each case is a child process, with signals and actions of its own.

#include <sigfd/detail/undelivered.hpp>
#include <sigfd/signal_fd.hpp>

#include "support/drain.hpp"
#include "support/no_descriptors.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/raw_siginfo.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <boost/test/unit_test.hpp>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstddef>
#include <initializer_list>
#include <set>
#include <thread>

namespace {

namespace net = boost::asio;
using sigfd::signal_fd;

// Its exit status, as support::process gives it.
template <typename Function>
int in_child(Function function)
{
  return support::process(function).wait_for(support::child_bound());
}

// Sends a signal that an object with a pipe watches; it is there, or on its
// way, when this returns.
bool send_to_pipe(int number)
{
  return ::kill(::getpid(), number) == 0
      && support::wait_until([&] { return !support::is_pending(number); });
}

// The numbers that an object gets, once there are so many.
std::multiset<int> take_all(signal_fd& signals, std::size_t expected)
{
  std::multiset<int> numbers;
  support::wait_until([&] {
    while (numbers.size() < expected)
      if (const auto info = signals.try_wait())
        numbers.insert(info->number());
      else
        return false;
    return true;
  });
  return numbers;
}

// Runs a function in a thread that does not block a signal.
template <typename Function>
void without_blocking(int number, Function function)
{
  std::thread([&] {
    ::sigset_t only;
    ::sigemptyset(&only);
    ::sigaddset(&only, number);
    ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
    function();
  }).join();
}

} // namespace

BOOST_AUTO_TEST_SUITE(given_back)

// The kernel drops what is pending of one of them when it gets the other.
BOOST_AUTO_TEST_CASE(stopping_and_continuing_are_both_kept_on_closing)
{
  for (const int stop : {SIGTSTP, SIGTTIN, SIGTTOU})
    for (const bool stop_first : {true, false})
    {
      const int wrong = in_child([&] {
        net::io_context context;
        signal_fd signals(
            context, {stop, SIGCONT}, {.source = sigfd::source::pipe});
        if (!send_to_pipe(stop_first ? stop : SIGCONT)
            || !send_to_pipe(stop_first ? SIGCONT : stop))
          return 1;
        signals.close();
        signals.open({stop, SIGCONT}, support::options());
        return take_all(signals, 2) == std::multiset{stop, SIGCONT} ? 0 : 2;
      });
      BOOST_TEST(wrong == 0);
    }
}

BOOST_AUTO_TEST_CASE(stopping_and_continuing_are_both_kept_on_update)
{
  for (const bool stop_first : {true, false})
  {
    const int wrong = in_child([&] {
      net::io_context context;
      signal_fd signals(
          context, {SIGTSTP, SIGCONT, SIGHUP}, {.source = sigfd::source::pipe});
      if (!send_to_pipe(stop_first ? SIGTSTP : SIGCONT)
          || !send_to_pipe(stop_first ? SIGCONT : SIGTSTP))
        return 1;
      signals.update({SIGHUP});
      signals.update({SIGHUP, SIGTSTP, SIGCONT});
      return take_all(signals, 2) == std::multiset{SIGTSTP, SIGCONT} ? 0 : 2;
    });
    BOOST_TEST(wrong == 0);
  }
}

// What waits in the process, since one of the number is pending in the kernel,
// goes back when the last object closes; but not so that it acts.
BOOST_AUTO_TEST_CASE(closing_by_a_thread_that_does_not_block_ends_nothing)
{
  if (support::has_thread_sanitizer)
    return; // hands signals over late, and not the mask with them
  for (const bool removes : {false, true})
  {
    const int wrong = in_child([&] {
      net::io_context context;
      signal_fd last(context, {SIGUSR1}, support::options());
      const sigfd::scoped_signal_block block({SIGTERM});
      if (::kill(::getpid(), SIGTERM) == -1)
        return 1;
      sigfd::detail::undelivered().keep(
          sigfd::signal_info(support::make_sent_siginfo(SIGTERM, SI_USER)));
      last.add(SIGTERM);
      support::drain(SIGTERM);
      without_blocking(SIGTERM, [&] {
        if (removes)
          last.remove(SIGTERM);
        else
          last.close();
      });
      signal_fd next(context, {SIGTERM}, support::options());
      const bool right = take_all(next, 1) == std::multiset{SIGTERM};
      // At once: a pipe's thread may have taken the one that was pending before
      // it was drained, which would act when the block ends.
      ::_exit(right ? 0 : 2);
    });
    BOOST_TEST(wrong == 0);
  }
}

// Without a handler of the library, and so with a default action that ends the
// process, or drops the signal.
BOOST_AUTO_TEST_CASE(nor_does_it_where_strays_are_left_alone)
{
  for (const int number : {SIGTERM, SIGCHLD, SIGRTMIN})
    for (const bool removes : {false, true})
    {
      const int wrong = in_child([&] {
        net::io_context context;
        signal_fd signals(context, {number},
            {.source = sigfd::source::pipe,
                .stray = sigfd::stray_policy::ignore});
        if (!send_to_pipe(number))
          return 1;
        without_blocking(number, [&] {
          if (removes)
            signals.remove(number);
          else
            signals.close();
        });
        signal_fd next(context, {number}, support::options());
        return take_all(next, 1) == std::multiset{number} ? 0 : 2;
      });
      BOOST_TEST(wrong == 0);
    }
}

// It goes to the kernel then, which wakes a wait in the reactor.
BOOST_AUTO_TEST_CASE(a_wait_hears_what_is_kept_of_a_signal_that_is_added)
{
  const int wrong = in_child([] {
    net::io_context context;
    signal_fd signals(context, {SIGUSR1}, support::options());
    int number = 0;
    signals.async_wait(
        [&](boost::system::error_code, int taken) { number = taken; });
    context.poll();
    sigfd::detail::undelivered().keep(
        sigfd::signal_info(support::make_sent_siginfo(SIGRTMIN, SI_USER)));
    signals.add(SIGRTMIN);
    return support::wait_until([&] {
      context.poll();
      return number == SIGRTMIN;
    })
        ? 0
        : 1;
  });
  BOOST_TEST(wrong == 0);
}

// SIG_IGN is put back, under which the kernel drops what is pending. How much
// that is, is read from a file.
BOOST_AUTO_TEST_CASE(what_is_ignored_is_kept_without_descriptors)
{
  constexpr std::size_t count = 5;
  const int wrong = in_child([] {
    ::signal(SIGRTMIN, SIG_IGN);
    net::io_context context;
    signal_fd signals(context, {SIGRTMIN, SIGUSR1}, support::options());
    for (std::size_t i = 0; i < count; ++i)
      if (!support::queue(::getpid(), SIGRTMIN, 0))
        return 1;
    {
      const support::no_descriptors none;
      signals.remove(SIGRTMIN);
    }
    signals.add(SIGRTMIN);
    return take_all(signals, count).size() == count ? 0 : 2;
  });
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_SUITE_END()
