// Counts the expiries of a POSIX timer, also when late.
//
// An expiry while the signal of another is pending sends none: it is counted as
// an overrun, so a program that is late misses nothing.
//
//   ./example/run posix_timer [SIGNALS]

#include "arguments.hpp"
#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <time.h>

#include <chrono>
#include <iostream>
#include <system_error>
#include <thread>

// Sends SIGRTMIN with the value 17, twenty times a second.
void start_timer()
{
  ::sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGRTMIN;
  event.sigev_value.sival_int = 17;
  ::timer_t timer;
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer) == -1)
    throw std::system_error(errno, std::generic_category(), "timer_create");
  const ::itimerspec period{{0, 50'000'000}, {0, 50'000'000}};
  ::timer_settime(timer, 0, &period, nullptr);
}

int main(int argc, char* argv[])
{
  arguments::at_most(1, argc, argv);
  const int limit = arguments::number(
      argc > 1 ? argv[1] : "10", "a number of signals", 1);
  boost::asio::io_context context; // need not run: wait() blocks
  sigfd::signal_fd signals(context, SIGINT, SIGRTMIN);
  start_timer(); // now that its signal is blocked
  std::cout << "waiting for " << limit << " of " << signals.signals()
            << "; try: Ctrl-C" << std::endl;
  int expiries = 0;
  for (int i = 1; i <= limit; ++i)
  {
    const sigfd::signal_info info = signals.wait();
    std::cout << info << std::endl;
    if (info == SIGINT)
      break;
    if (const auto expiry = info.timer())
      expiries += 1 + expiry->overrun;
    if (i == 2) // four periods in which it is busy
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  std::cout << expiries << " expiries" << std::endl;
}
