// A second process traces the first by ptrace(2), as debuggers do, while that
// waits for signals: attaches and detaches again and again, or has all signals
// shown and passes them on. Nothing is lost. More by "--".

#include <sigfd/signal_fd.hpp>

#include "environment/argument.hpp"
#include "environment/receiver.hpp"
#include "support/process.hpp"
#include "support/skip.hpp"
#include "support/source.hpp"
#include "support/unblock.hpp"
#include "support/unblocked_threads.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace {

namespace net = boost::asio;
using environment::channel;
using environment::way;
using sigfd::signal_fd;
using support::process;

std::vector<::pid_t> threads_of(::pid_t pid)
{
  std::vector<::pid_t> threads;
  std::error_code ec;
  for (std::filesystem::directory_iterator
           task("/proc/" + std::to_string(pid) + "/task", ec),
      end;
      !ec && task != end; task.increment(ec))
    threads.push_back(std::stoi(task->path().filename().string()));
  return threads;
}

long trace(decltype(PTRACE_CONT) request, ::pid_t thread, int signal_number)
{
  return ::ptrace(request, thread, nullptr,
      reinterpret_cast<void*>(static_cast<std::intptr_t>(signal_number)));
}

// The signal that stopped a thread which is traced; or nothing if it has ended.
std::optional<int> stop_of(::pid_t thread, int& event)
{
  int status = 0;
  while (::waitpid(thread, &status, __WALL) == -1)
    if (errno != EINTR)
      return std::nullopt;
  if (!WIFSTOPPED(status))
    return std::nullopt;
  event = status >> 16;
  return WSTOPSIG(status);
}

// Attaches to a thread, which sends it a SIGSTOP, and detaches.
bool attach_and_detach(::pid_t thread)
{
  if (::ptrace(PTRACE_ATTACH, thread, nullptr, nullptr) == -1)
    return false;
  int event = 0;
  for (;;)
  {
    const auto stop = stop_of(thread, event);
    if (!stop)
      return false;
    if (*stop == SIGSTOP)
      return trace(PTRACE_DETACH, thread, 0) == 0;
    trace(PTRACE_CONT, thread, *stop); // another signal came before that
  }
}

// Interrupts a thread without a signal.
bool interrupt_and_detach(::pid_t thread)
{
  if (::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) == -1)
    return false;
  ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
  int event = 0;
  const auto stop = stop_of(thread, event);
  return stop
      && trace(PTRACE_DETACH, thread, event == PTRACE_EVENT_STOP ? 0 : *stop)
      == 0;
}

void skip_where_forbidden()
{
  const channel never;
  const process idle([&] { return never.hear(); });
  if (!attach_and_detach(idle.pid()))
    support::skip(
        std::string("ptrace is not allowed: ") + std::strerror(errno));
}

// A process that receives so many signals, and one that sends them.
struct scene
{
  scene(way how, int count, bool has_strays)
    : receiver([=, this] {
        net::io_context context;
        const auto size = static_cast<std::size_t>(count);
        signal_fd signals(context, {SIGRTMIN}, support::options());
        std::optional<support::passing_threads> others;
        if (has_strays)
          others.emplace();
        ready.tell();
        if (how == way::asynchronous && has_strays)
          support::unblock_all(); // it catches them itself
        const auto values = environment::receive(context, signals, how, size);
        others.reset();
        if (!environment::are_all(values, size))
          return 1;
        return signals.try_wait() ? 2 : 0;
      }),
      sender([=, this] {
        ready.hear();
        for (int i = 0; i + 1 < count; ++i)
          if (!support::queue(receiver.pid(), SIGRTMIN, i)
              || (i % 4 == 0 && ::usleep(100) != 0))
            return 1;
        may_end.hear();
        return support::queue(receiver.pid(), SIGRTMIN, count - 1) ? 0 : 1;
      })
  {
  }

  channel ready;
  channel may_end;
  process receiver;
  process sender;
};

// What a tracer does again and again to each thread of a process.
template <typename Action>
void disturb(Action action, bool has_strays)
{
  const int rounds = environment::argument(200);
  for (const way how : environment::ways)
  {
    scene s(how, 4 * rounds, has_strays);
    int done = 0;
    BOOST_TEST(support::wait_until([&] {
      for (int i = 0; i < 50; ++i)
        for (const ::pid_t thread : threads_of(s.receiver.pid()))
          done += action(thread) ? 1 : 0;
      return done >= rounds;
    }));
    s.may_end.tell();
    BOOST_TEST(s.sender.wait() == 0);
    BOOST_TEST(s.receiver.wait_for(support::child_bound()) == 0);
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(traced)

BOOST_AUTO_TEST_CASE(attached_and_detached)
{
  skip_where_forbidden();
  disturb(&attach_and_detach, false);
}

BOOST_AUTO_TEST_CASE(interrupted_and_detached)
{
  skip_where_forbidden();
  disturb(&interrupt_and_detach, false);
}

BOOST_AUTO_TEST_CASE(attached_while_threads_catch_strays)
{
  skip_where_forbidden();
  disturb(&attach_and_detach, true);
}

// A tracer is shown each signal that a handler is called for; what is blocked
// it does not see.
BOOST_AUTO_TEST_CASE(signals_that_a_tracer_passes_on)
{
  skip_where_forbidden();
  const int count = 4 * environment::argument(200);
  for (const way how : environment::ways)
  {
    scene s(how, count, true);
    const ::pid_t pid = s.receiver.pid();
    BOOST_REQUIRE(
        ::ptrace(PTRACE_SEIZE, pid, nullptr,
            reinterpret_cast<void*>(PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL))
        == 0);
    for (const ::pid_t thread : threads_of(pid)) // those that are there already
      ::ptrace(PTRACE_SEIZE, thread, nullptr,
          reinterpret_cast<void*>(PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL));
    s.may_end.tell();
    int shown = 0;
    int exit_status = -1;
    bool sender_ended = false;
    while (exit_status == -1 || !sender_ended)
    {
      int status = 0;
      const ::pid_t thread = ::waitpid(-1, &status, __WALL);
      BOOST_REQUIRE(thread > 0);
      if (thread == s.sender.pid())
        sender_ended = true;
      else if (WIFSTOPPED(status))
      {
        const bool is_signal = status >> 16 == 0;
        shown += is_signal ? 1 : 0;
        trace(PTRACE_CONT, thread, is_signal ? WSTOPSIG(status) : 0);
      }
      else if (thread == pid)
        exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
    }
    BOOST_TEST(exit_status == 0);
    BOOST_TEST(shown > 0);
    BOOST_TEST_MESSAGE("shown to the tracer: " << shown << " signals");
  }
}

BOOST_AUTO_TEST_SUITE_END()
