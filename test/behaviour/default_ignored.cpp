// SIGCHLD, SIGURG, SIGWINCH and SIGCONT are ignored by default, and the kernel
// throws away what is pending of a signal when it becomes ignored. It does not
// become so when nobody watches it any more.

#include <sigfd/signal_fd.hpp>

#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"
#include "support/spawning.hpp"
#include "support/unblock.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <optional>
#include <thread>

namespace {

namespace net = boost::asio;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;
using flags = signal_fd::flags;

constexpr std::array<int, 4> ignored_by_default{
    SIGCHLD, SIGURG, SIGWINCH, SIGCONT};

constexpr int rounds = support::has_sanitizer ? 2'000 : 5'000;

struct fixture
{
  ~fixture()
  {
    for (int n : signal_mask::all())
    {
      ::signal(n, SIG_IGN); // discards what is pending
      ::signal(n, SIG_DFL);
    }
  }

  net::io_context context;
};

// An object that watches a signal by turns. Each time it does so, and each time
// it stops, in another way.
class on_and_off
{
public:
  on_and_off(net::io_context& context, int number)
    : signals(context, signal_mask{SIGUSR2}, support::options()),
      number_(number)
  {
  }

  void on()
  {
    switch (++times_ % 3)
    {
    case 0:
      signals.open({number_}, support::options());
      break;
    case 1:
      signals.add(number_);
      break;
    default:
      signals.update({SIGUSR2, number_});
    }
  }

  // Leaves it to what on() needs the next time.
  void off()
  {
    if (times_ % 3 == 0)
    {
      signals.close();
      signals.open({SIGUSR2}, support::options());
    }
    else if (times_ % 3 == 1)
      signals.remove(number_);
    else
    {
      signals.update({SIGUSR2});
      signals.close();
    }
  }

  signal_fd signals;

private:
  int number_;
  int times_ = 0;
};

struct ::sigaction action_of(int number)
{
  struct ::sigaction action{};
  BOOST_REQUIRE(::sigaction(number, nullptr, &action) == 0);
  return action;
}

void set_action(int number, void (*handler)(int), int given = 0)
{
  struct ::sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = given;
  BOOST_REQUIRE(::sigaction(number, &action, nullptr) == 0);
}

constexpr int about_children = SA_NOCLDSTOP | SA_NOCLDWAIT;

// That the action is a handler that is told nothing, and interrupts nothing.
void expect_idle_handler(int number, int child_flags = 0)
{
  const struct ::sigaction action = action_of(number);
  BOOST_TEST((action.sa_handler != SIG_DFL));
  BOOST_TEST((action.sa_handler != SIG_IGN));
  BOOST_TEST((action.sa_flags & SA_SIGINFO) == 0);
  BOOST_TEST((action.sa_flags & SA_RESTART) != 0);
  BOOST_TEST((action.sa_flags & about_children) == child_flags);
}

void open_and_close(net::io_context& context, int number)
{
  signal_fd signals(context, signal_mask{number}, support::options());
  BOOST_TEST(support::has_siginfo_handler(number));
}

void on_signal(int)
{
}

// Time passes, a little more each time.
void spin(int round)
{
  const auto end = std::chrono::steady_clock::now()
      + std::chrono::microseconds(4 * (round % 64));
  while (std::chrono::steady_clock::now() < end)
    continue;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(default_ignored, fixture)

BOOST_AUTO_TEST_CASE(children_that_end_beside_the_last_watcher)
{
  on_and_off object(context, SIGCHLD);
  for (int round = 0; round < rounds; ++round)
  {
    object.on();
    const ::pid_t pid = ::fork();
    BOOST_REQUIRE(pid != -1);
    if (pid == 0)
      ::_exit(0);
    spin(round);
    object.off();

    // A child that can be waited for has sent its signal.
    ::siginfo_t ended{};
    while (::waitid(P_PID, static_cast<::id_t>(pid), &ended, WEXITED) == -1)
      BOOST_REQUIRE(errno == EINTR);
    object.on();
    std::optional<signal_info> info;
    BOOST_TEST_CONTEXT("round " << round)
    BOOST_REQUIRE(support::wait_until(
        [&] { return (info = object.signals.try_wait()).has_value(); }));
    BOOST_REQUIRE(info->number() == SIGCHLD);
    BOOST_REQUIRE(info->child().has_value());
    BOOST_REQUIRE(info->child()->pid == pid);
    object.off();
  }
}

BOOST_AUTO_TEST_CASE(a_sender_that_waits_for_each_to_arrive)
{
  for (const int number : {SIGURG, SIGWINCH, SIGCONT})
    BOOST_TEST_CONTEXT("signal " << number)
    {
      // Blocked before anything is sent.
      open_and_close(context, number);
      int acknowledged[2];
      BOOST_REQUIRE(::pipe2(acknowledged, O_CLOEXEC) == 0);
      support::process sender([&, receiver = ::getpid()] {
        char byte;
        for (int i = 0; i < rounds / 3; ++i)
          if (!support::queue(receiver, number, i)
              || ::read(acknowledged[0], &byte, 1) != 1)
            return 1;
        return 0;
      });
      on_and_off object(context, number);
      int arrived = 0;
      auto last = std::chrono::steady_clock::now();
      for (int turn = 0; arrived < rounds / 3; ++turn)
      {
        object.on();
        if (turn % 4 == 0)
        {
          // The pipe's thread needs a while.
          ::pollfd readable{object.signals.native_handle(), POLLIN, 0};
          ::poll(&readable, 1, 1);
        }
        if (const auto info = object.signals.try_wait())
        {
          BOOST_REQUIRE(info->number() == number);
          BOOST_REQUIRE(info->value().has_value());
          BOOST_REQUIRE(info->value()->sival_int == arrived);
          ++arrived;
          last = std::chrono::steady_clock::now();
          BOOST_REQUIRE(::write(acknowledged[1], "", 1) == 1);
        }
        else
          BOOST_REQUIRE(
              (std::chrono::steady_clock::now() - last < support::patience()));
        object.off();
      }
      BOOST_TEST(sender.wait() == 0);
      ::close(acknowledged[0]);
      ::close(acknowledged[1]);
    }
}

BOOST_AUTO_TEST_CASE(a_handler_that_does_nothing_stands_in_for_the_default)
{
  for (const int number : ignored_by_default)
    for (int times = 0; times < 6; ++times)
      BOOST_TEST_CONTEXT("signal " << number << ", " << times)
      {
        on_and_off object(context, number);
        for (int i = 0; i <= times; ++i)
        {
          object.on();
          BOOST_TEST(support::has_siginfo_handler(number));
          object.off();
          expect_idle_handler(number);
        }
      }
}

BOOST_AUTO_TEST_CASE(it_does_nothing)
{
  if (support::has_thread_sanitizer)
    return; // it hands signals over late
  for (const int number : ignored_by_default)
  {
    open_and_close(context, number);
    bool blocked = true;
    std::thread([&] {
      support::unblock_all();
      ::kill(::getpid(), number);
      errno = EXDEV;
      ::pthread_kill(::pthread_self(), number);
      BOOST_TEST(errno == EXDEV);
      blocked = support::is_blocked(number);
    }).join();
    BOOST_TEST(!blocked);
    BOOST_TEST(!support::is_pending(number));
    signal_fd signals(context, signal_mask{number}, support::options());
    BOOST_TEST(!signals.try_wait());
  }
}

BOOST_AUTO_TEST_CASE(it_goes_with_the_last_watcher_only)
{
  for (const int number : ignored_by_default)
  {
    signal_fd first(context, signal_mask{number}, support::options());
    signal_fd second(context, signal_mask{number}, support::options());
    first.close();
    BOOST_TEST(support::has_siginfo_handler(number));
    first.open({number}, support::options());
    second.close();
    BOOST_TEST(support::has_siginfo_handler(number));
    first.close();
    expect_idle_handler(number);
  }
}

BOOST_AUTO_TEST_CASE(flags_about_children_are_kept)
{
  for (const int given : {0, SA_NOCLDSTOP, SA_NOCLDWAIT, about_children})
  {
    set_action(SIGCHLD, SIG_DFL, given);
    for (int times = 0; times < 3; ++times)
    {
      open_and_close(context, SIGCHLD);
      expect_idle_handler(SIGCHLD, given);
    }

    // Those that an object had are gone with it.
    for (const flags f : {flags::none, flags::restart, flags::no_child_stop,
             flags::no_child_wait})
    {
      signal_fd signals(context, signal_mask{}, support::options());
      signals.add(SIGCHLD, f);
      signals.close();
      expect_idle_handler(SIGCHLD, given);
    }

    const ::pid_t pid = ::fork();
    if (pid == 0)
      ::_exit(0);
    const bool becomes_zombie = (given & SA_NOCLDWAIT) == 0;
    BOOST_TEST((::waitpid(pid, nullptr, 0) == pid) == becomes_zombie);
  }
}

BOOST_AUTO_TEST_CASE(execve_resets_it)
{
  for (const int number : ignored_by_default)
    open_and_close(context, number);
  ::pid_t pid = -1;
  char* const arguments[] = {const_cast<char*>(support::sleep_program),
      const_cast<char*>(support::sleep_time), nullptr};
  BOOST_REQUIRE(
      ::posix_spawn(&pid, arguments[0], nullptr, nullptr, arguments, ::environ)
      == 0);
  support::started_child child(pid);
  support::await_exec(pid);
  const support::signal_sets sets = support::signals_of(pid);
  BOOST_TEST(sets.caught == 0u);
  BOOST_TEST(
      (sets.ignored & support::bits({SIGCHLD, SIGURG, SIGWINCH, SIGCONT}))
      == 0u);
}

BOOST_AUTO_TEST_CASE(a_program_that_ignores_it_goes_on_to)
{
  for (const int number : {SIGCHLD, SIGURG, SIGWINCH, SIGCONT, SIGUSR1})
  {
    set_action(number, SIG_IGN);
    on_and_off object(context, number);
    for (int times = 0; times < 6; ++times)
    {
      object.on();
      BOOST_TEST(support::has_siginfo_handler(number));
      object.off();
      BOOST_TEST((action_of(number).sa_handler == SIG_IGN));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_handler_of_the_program_is_put_back)
{
  for (const int number : ignored_by_default)
  {
    set_action(number, &on_signal, SA_NODEFER);
    open_and_close(context, number);
    BOOST_TEST((action_of(number).sa_handler == &on_signal));
    BOOST_TEST((action_of(number).sa_flags & SA_NODEFER) != 0);
  }
}

BOOST_AUTO_TEST_CASE(other_signals_get_their_default_back)
{
  for (const int number : {SIGHUP, SIGTERM, SIGUSR1, SIGTSTP, SIGRTMIN})
  {
    on_and_off object(context, number);
    for (int times = 0; times < 3; ++times)
    {
      object.on();
      BOOST_TEST(support::has_siginfo_handler(number));
      object.off();
      BOOST_TEST((action_of(number).sa_handler == SIG_DFL));
    }
  }
}

// What the program does about the signal meanwhile counts.
BOOST_AUTO_TEST_CASE(the_program_may_change_its_mind)
{
  for (const int number : ignored_by_default)
  {
    open_and_close(context, number);
    const struct ::sigaction idle = action_of(number);

    set_action(number, SIG_IGN);
    open_and_close(context, number);
    BOOST_TEST((action_of(number).sa_handler == SIG_IGN));

    set_action(number, &on_signal);
    open_and_close(context, number);
    BOOST_TEST((action_of(number).sa_handler == &on_signal));

    set_action(number, SIG_DFL);
    open_and_close(context, number);
    expect_idle_handler(number);

    // It had saved what it found, and puts it back.
    set_action(number, &on_signal);
    BOOST_REQUIRE(::sigaction(number, &idle, nullptr) == 0);
    open_and_close(context, number);
    expect_idle_handler(number);
  }
}

BOOST_AUTO_TEST_CASE(without_the_guard_no_action_changes)
{
  sigfd::open_options options = support::options();
  options.stray = sigfd::stray_policy::ignore;
  for (const int number : ignored_by_default)
  {
    {
      signal_fd signals(context, signal_mask{number}, options);
      BOOST_TEST((action_of(number).sa_handler == SIG_DFL));
    }
    BOOST_TEST((action_of(number).sa_handler == SIG_DFL));
  }
}

BOOST_AUTO_TEST_SUITE_END()
