// Sends itself a signal of each kind, and prints each.
//
//   ./example/run

#include "arguments.hpp"
#include <sigfd.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fcntl.h>
#include <mqueue.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <exception>
#include <iomanip>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>

namespace net = boost::asio;

// Passes the result of a system call on, unless it is an error.
int check(long result)
{
  if (result == -1)
    throw std::system_error(errno, std::generic_category());
  return static_cast<int>(result);
}

// Calls a function in a second process, so that the signal comes from there.
template <typename Function>
void elsewhere(Function function)
{
  const ::pid_t pid = check(::fork());
  if (pid == 0)
    ::_exit(function() == -1);
  int status = 0;
  if (check(::waitpid(pid, &status, 0)); status != 0)
    throw std::runtime_error("could not send a signal");
}

net::awaitable<void> show(const char* what, sigfd::signal_fd& signals)
{
  const auto info = co_await signals.async_wait(net::use_awaitable);
  std::cout << std::left << std::setw(14) << what << info << std::endl;
}

net::awaitable<void> tour(net::io_context& context)
{
  sigfd::signal_fd signals(
      context, SIGUSR1, SIGUSR2, SIGIO, SIGRTMIN, SIGRTMIN + 1, SIGRTMIN + 2);
  std::cout << "waiting for " << signals.signals()
            << ", which it sends by itself; to send others, try: "
            << "./example/run watch" << std::endl;
  const ::pid_t self = ::getpid();
  elsewhere([=] { return ::kill(self, SIGUSR1); });
  co_await show("kill", signals);
  elsewhere([=] { return ::tgkill(self, self, SIGUSR2); });
  co_await show("tgkill", signals);
  elsewhere([=] { return ::sigqueue(self, SIGRTMIN, {.sival_int = 17}); });
  co_await show("sigqueue", signals);

  int ends[2];
  check(::pipe(ends));
  check(::fcntl(ends[0], F_SETSIG, SIGIO));
  check(::fcntl(ends[0], F_SETOWN, self));
  check(::fcntl(ends[0], F_SETFL, O_ASYNC));
  elsewhere([=] { return ::write(ends[1], "x", 1); });
  co_await show("F_SETSIG", signals);
  check(::close(ends[0]));
  check(::close(ends[1]));

  ::sigevent event{{.sival_int = 18}, SIGRTMIN + 1, SIGEV_SIGNAL, {}};
  const auto name = "/sigfd_tour_" + std::to_string(self);
  const auto queue = ::mq_open(name.c_str(), O_CREAT | O_RDWR, 0600, nullptr);
  if (queue != -1) // not every sandbox has message queues
  {
    check(::mq_unlink(name.c_str()));
    check(::mq_notify(queue, &event));
    elsewhere([=] { return ::mq_send(queue, "x", 1, 0); });
    co_await show("mq_notify", signals);
    check(::mq_close(queue));
  }

  signals.add(SIGCHLD);
  const ::pid_t child = check(::fork());
  if (child == 0)
    for (;;)
      ::pause();
  for (const int n : {SIGSTOP, SIGCONT, SIGTERM})
  {
    check(::kill(child, n));
    co_await show("a child", signals);
  }
  check(::waitpid(child, nullptr, 0));

  event.sigev_signo = SIGRTMIN + 2;
  ::timer_t timer;
  check(::timer_create(CLOCK_MONOTONIC, &event, &timer));
  const ::itimerspec every_millisecond{{0, 1'000'000}, {0, 1'000'000}};
  check(::timer_settime(timer, 0, &every_millisecond, nullptr));
  ::usleep(20'000); // what nobody takes in time is counted as overruns
  co_await show("timer_create", signals);
  check(::timer_delete(timer));
}

int main(int argc, char* argv[])
try
{
  arguments::at_most(0, argc, argv);
  net::io_context context;
  net::co_spawn(context, tour(context), [](std::exception_ptr e) {
    if (e)
      std::rethrow_exception(e);
  });
  context.run();
}
catch (const std::exception& e)
{
  return arguments::failure(e);
}
