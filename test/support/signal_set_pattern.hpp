// The same code with boost::asio::signal_set and with sigfd::signal_fd.

#ifndef SIGFD_TEST_SUPPORT_SIGNAL_SET_PATTERN_HPP
#define SIGFD_TEST_SUPPORT_SIGNAL_SET_PATTERN_HPP

#include <sigfd/signal_fd.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <tuple>
#include <type_traits>

namespace support {

using both = std::tuple<boost::asio::signal_set, sigfd::signal_fd>;

template <typename Signals>
constexpr bool is_sigfd = std::is_same_v<Signals, sigfd::signal_fd>;

// A signal_fd leaves its signals blocked, and a signal_set never hears of a
// blocked one: every case has to give the mask back.
class restored_mask
{
public:
  restored_mask()
  {
    ::pthread_sigmask(SIG_SETMASK, nullptr, &old_);
  }

  restored_mask(const restored_mask&) = delete;
  restored_mask& operator=(const restored_mask&) = delete;

  ~restored_mask()
  {
    ::pthread_sigmask(SIG_SETMASK, &old_, nullptr);
  }

private:
  ::sigset_t old_;
};

struct signal_set_fixture
{
  restored_mask mask;
  boost::asio::io_context io_context;

  // A real signal, to the process.
  static void send(int signal_number)
  {
    BOOST_REQUIRE(::kill(::getpid(), signal_number) == 0);
  }

  // Runs until there is nothing more to do.
  void run()
  {
    io_context.restart();
    io_context.run();
  }
};

// Waits once, for SIGUSR1, to see that an object works.
template <typename Signals>
void expect_to_hear(
    signal_set_fixture& f, Signals& signals, int signal_number = SIGUSR1)
{
  int heard = 0;
  signals.async_wait([&](boost::system::error_code ec, int n) {
    BOOST_TEST(!ec);
    heard = n;
  });
  signal_set_fixture::send(signal_number);
  BOOST_TEST(heard == 0);
  f.run();
  BOOST_TEST(heard == signal_number);
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_SIGNAL_SET_PATTERN_HPP
