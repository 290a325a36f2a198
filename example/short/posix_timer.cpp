// A periodic POSIX timer that sends a real-time signal. Expiries that come
// while the signal is pending are not sent but counted: the overruns. So no
// expiry is lost by a program that is late.
//
//   ./example/run posix_timer 10      ten signals; Ctrl-C ends it earlier

#include "arguments.hpp"
#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <signal.h>
#include <time.h>

#include <chrono>
#include <exception>
#include <iostream>
#include <system_error>
#include <thread>

namespace net = boost::asio;
using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds period = 50ms;

// Owns a POSIX timer that sends a signal, with a value, in every period.
class periodic_timer
{
public:
  periodic_timer(int signal_number, int value)
  {
    ::sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = signal_number;
    event.sigev_value.sival_int = value;
    if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) == -1)
      throw std::system_error(
          errno, std::generic_category(), "timer_create");
    const ::itimerspec often{{0, period.count()}, {0, period.count()}};
    ::timer_settime(timer_, 0, &often, nullptr); // cannot fail: valid times
  }

  periodic_timer(const periodic_timer&) = delete;
  periodic_timer& operator=(const periodic_timer&) = delete;

  ~periodic_timer()
  {
    ::timer_delete(timer_);
  }

private:
  ::timer_t timer_;
};

class expiry_counter
{
public:
  // Opens the signal_fd first, so that the signal is blocked when it comes.
  expiry_counter(net::io_context& context, int limit)
    : signals_(context, SIGRTMIN, SIGINT),
      timer_(SIGRTMIN, 17),
      limit_(limit)
  {
    wait();
  }

private:
  void wait()
  {
    signals_.async_wait(
        [this](boost::system::error_code ec, sigfd::signal_info info)
        {
          if (ec)
            throw boost::system::system_error(ec, "waiting for signals");
          std::cout << info << std::endl;
          if (const auto expiry = info.timer())
            expiries_ += 1 + expiry->overrun;
          if (info == SIGINT || ++seen_ == limit_)
            std::cout << seen_ << " signals, " << expiries_ << " expiries"
                      << std::endl;
          else
          {
            if (seen_ == 2)
              std::this_thread::sleep_for(4 * period); // work that takes long
            wait();
          }
        });
  }

  sigfd::signal_fd signals_;
  periodic_timer timer_;
  int limit_;
  int seen_ = 0;
  int expiries_ = 0;
};

int main(int argc, char* argv[])
try
{
  arguments::at_most(1, argc, argv);
  const int limit = arguments::number(
      argc > 1 ? argv[1] : "10", "a number of signals", 1);
  net::io_context context;
  expiry_counter counter(context, limit);
  context.run();
}
catch (const std::exception& e)
{
  std::cerr << e.what() << '\n';
  return 1;
}
