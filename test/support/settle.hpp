// Signals on their way through the thread of the pipe source.

#ifndef SIGFD_TEST_SUPPORT_SETTLE_HPP
#define SIGFD_TEST_SUPPORT_SETTLE_HPP

#include <sigfd/detail/pipe_thread.hpp>
#include <sigfd/signal_fd.hpp>

#include "process.hpp"
#include "process_state.hpp"
#include "source.hpp"
#include "wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <mutex>

namespace support {

// Waits until every signal that was sent before is where it stays: a thread
// that takes them for pipes takes lower numbers first, one after the other.
// Not SIGRTMAX, which valgrind keeps for itself.
inline void settle(sigfd::source source = test_source())
{
  boost::asio::io_context context;
  const int number = SIGRTMAX - 1;
  sigfd::signal_fd last(context, {number}, {.source = source});
  BOOST_REQUIRE(queue(::getpid(), number, 0));
  BOOST_REQUIRE(wait_until([&] { return last.try_wait().has_value(); }));
}

// The same for a number, where the thread is there for it.
inline bool settle(int number)
{
  const bool taken = wait_until([=] { return !is_pending(number); });
  const std::lock_guard pause(sigfd::detail::the_pipe_thread());
  return taken;
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_SETTLE_HPP
