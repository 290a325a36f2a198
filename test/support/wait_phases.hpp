// How far a wait has got: queued on the executor; waiting in the reactor;
// readable, with the completion queued but not run.

#ifndef SIGFD_TEST_SUPPORT_WAIT_PHASES_HPP
#define SIGFD_TEST_SUPPORT_WAIT_PHASES_HPP

#include <sigfd/signal_fd.hpp>

#include "drain.hpp"
#include "process.hpp"
#include "source.hpp"
#include "wait_until.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <poll.h>

#include <optional>
#include <utility>

namespace support {

enum class phase
{
  queued,
  waiting,
  readable
};

inline constexpr phase phases[] = {
    phase::queued, phase::waiting, phase::readable};

// An object whose handlers run on an io_context of their own, so that a test
// decides how far a wait gets.
struct wait_phases
{
  boost::asio::io_context reactor;  // of the object
  boost::asio::io_context handlers; // where its waits complete
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
      reactor.get_executor()};
  std::optional<sigfd::signal_fd> signals;

  wait_phases()
  {
    signals.emplace(reactor, sigfd::signal_mask{SIGRTMIN}, options());
  }

  ~wait_phases()
  {
    // Nothing stays pending for the next case.
    signals.reset();
    drain(SIGRTMIN);
  }

  template <typename Handler>
  auto bound(Handler handler)
  {
    return boost::asio::bind_executor(
        handlers.get_executor(), std::move(handler));
  }

  // Brings a wait that was just started to a phase.
  void bring_to(phase p)
  {
    if (p == phase::queued)
      return;
    finish(); // its first step finds nothing, and it waits
    if (p == phase::readable)
    {
      send(1);
      // The reactor sees it and queues the completion with the handlers.
      while (!is_readable())
        continue;
      reactor.restart();
      while (reactor.poll() == 0)
        continue;
    }
  }

  void send(int value)
  {
    BOOST_REQUIRE(queue(::getpid(), SIGRTMIN, value));
  }

  bool is_readable()
  {
    ::pollfd p{signals->native_handle(), POLLIN, 0};
    return ::poll(&p, 1, 0) == 1;
  }

  // Runs everything there is to run.
  void finish()
  {
    reactor.restart();
    handlers.restart();
    while (reactor.poll() + handlers.poll() != 0)
      continue;
  }

  // Takes what is pending with an object of its own; -1 if nothing is.
  int take_value()
  {
    sigfd::signal_fd other(reactor, {SIGRTMIN}, options());
    int value = -1;
    wait_until([&] {
      const auto info = other.try_wait();
      if (info)
        value = info->value()->sival_int;
      return info.has_value();
    });
    return value;
  }
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_WAIT_PHASES_HPP
