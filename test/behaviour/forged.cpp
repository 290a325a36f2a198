// Signals that say what only the process itself may make them say. It may have
// been another program when it did: what is pending survives execve(2), and the
// program before may have given it any code.

#include <sigfd/signal_fd.hpp>

#include "support/process.hpp"
#include "support/raw_siginfo.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdint>

namespace {

namespace net = boost::asio;
using sigfd::signal_fd;

// In the environment of the program that comes after.
constexpr const char* is_next = "SIGFD_TEST_FORGED";

// By this the library knows its own wake-ups (stray_queue::wakeup_pid).
constexpr std::uint32_t wakeup_pid = 0xAE998999;

// Leaves a forged signal pending.
bool forge(int number)
{
  ::sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, number);
  ::pthread_sigmask(SIG_BLOCK, &only, nullptr);
  ::siginfo_t raw{};
  raw.si_signo = number;
  raw.si_code = SI_USER;
  raw.si_pid = static_cast<::pid_t>(wakeup_pid);
  return support::queue_raw(raw);
}

} // namespace

BOOST_AUTO_TEST_SUITE(forged)

// The kernel merges the genuine one with what is pending.
BOOST_AUTO_TEST_CASE(a_genuine_signal_is_not_lost)
{
  if (::getenv(is_next) == nullptr)
  {
    support::process child([] {
      if (!forge(SIGTERM) || !forge(SIGRTMIN) || ::setenv(is_next, "1", 1) != 0)
        return 100;
      ::execl("/proc/self/exe", "forged", "--catch_system_errors=no",
          "--color_output=no", static_cast<char*>(nullptr));
      return 101;
    });
    BOOST_TEST(child.wait_for(support::child_bound()) == 0);
    return;
  }
  net::io_context context;
  signal_fd signals(context, {SIGTERM}, support::options());
  BOOST_REQUIRE(::kill(::getpid(), SIGTERM) == 0);
  const auto take = [&] {
    context.restart();
    int number = 0;
    signals.async_wait(
        [&](boost::system::error_code, const sigfd::signal_info& info) {
          number = info.number();
        });
    context.run_for(support::patience());
    return number;
  };
  BOOST_TEST(take() == SIGTERM);
  // Nor is one that merges with nothing.
  signals.update({SIGRTMIN});
  BOOST_TEST(take() == SIGRTMIN);
}

BOOST_AUTO_TEST_SUITE_END()
