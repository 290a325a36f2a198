// What one object does not deliver, the next one gets: open and close beside a
// sender that never stops.

#include <sigfd/signal_fd.hpp>

#include "support/drain.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/source.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

namespace {

namespace net = boost::asio;
using sigfd::signal_fd;
using sigfd::signal_info;

// A process that queues signals with the values 0, 1, 2 ... until it is told
// to stop, and then says how many it queued.
class endless_sender
{
public:
  endless_sender()
  {
    BOOST_REQUIRE(::pipe2(stop_, O_CLOEXEC | O_NONBLOCK) == 0);
    BOOST_REQUIRE(::pipe2(count_, O_CLOEXEC) == 0);
    process_.emplace([this, parent = ::getpid()] {
      ::close(stop_[1]);
      int sent = 0;
      char c;
      while (::read(stop_[0], &c, 1) == -1)
      {
        ::sigval value{};
        value.sival_int = sent;
        if (::sigqueue(parent, SIGRTMIN, value) == 0)
          ++sent;
        else if (errno == EAGAIN)
          ::usleep(20);
        else
          return 1;
      }
      return ::write(count_[1], &sent, sizeof sent) == sizeof sent ? 0 : 1;
    });
    ::close(stop_[0]);
  }

  ~endless_sender()
  {
    ::close(count_[0]);
    ::close(count_[1]);
  }

  // Stops it; how many signals were accepted.
  std::size_t stop()
  {
    ::close(stop_[1]);
    int sent = 0;
    BOOST_REQUIRE(::read(count_[0], &sent, sizeof sent) == sizeof sent);
    BOOST_TEST(process_->wait() == 0);
    return static_cast<std::size_t>(sent);
  }

private:
  int stop_[2];
  int count_[2];
  std::optional<support::process> process_;
};

// Opens and closes, taking some signals each time; then takes the rest.
void test_cycles(int cycles)
{
  net::io_context context;
  net::posix::stream_descriptor reactor(context);
  const sigfd::scoped_signal_block block({SIGRTMIN});
  const support::process_state before;
  endless_sender sender;

  std::vector<int> arrivals;
  std::array<signal_info, 64> infos;
  const auto take = [&](signal_fd& signals) {
    const std::size_t count = signals.try_wait_some(infos);
    for (std::size_t i = 0; i < count; ++i)
    {
      const auto value = static_cast<std::size_t>(infos[i].value()->sival_int);
      if (arrivals.size() <= value)
        arrivals.resize(2 * value + 1);
      ++arrivals[value];
    }
    return count;
  };

  BOOST_REQUIRE(
      support::wait_until([] { return support::is_pending(SIGRTMIN); }));
  for (int cycle = 0; cycle < cycles; ++cycle)
  {
    signal_fd signals(context, {SIGRTMIN}, support::options());
    // Seldom everything, so that something is left over, but often enough to
    // keep up with the sender.
    take(signals);
    if (cycle % 8 == 0)
      while (take(signals) != 0)
        continue;
  }
  const std::size_t sent = sender.stop();
  std::size_t received = 0;
  {
    signal_fd signals(context, {SIGRTMIN}, support::options());
    support::wait_until([&] {
      while (take(signals) != 0)
        continue;
      received = 0;
      for (const int count : arrivals)
        received += static_cast<std::size_t>(count);
      return received >= sent;
    });
  }

  BOOST_TEST(sent > 0u);
  BOOST_TEST(received == sent);
  arrivals.resize(sent);
  std::size_t wrong = 0;
  for (const int count : arrivals)
    wrong += count == 1 ? 0 : 1;
  BOOST_TEST(wrong == 0u);
  BOOST_TEST(support::drain(SIGRTMIN) == 0);
  BOOST_TEST(support::wait_until([&] {
    return support::count_threads() == before.threads
        && support::count_descriptors() == before.descriptors + 2;
  }));
}

} // namespace

BOOST_AUTO_TEST_SUITE(handover)

BOOST_AUTO_TEST_CASE(ten_thousand_cycles_lose_nothing_and_repeat_nothing)
{
  test_cycles(10'000);
}

// There is no room for what goes back: it waits in the process.
BOOST_AUTO_TEST_CASE(nor_do_they_with_the_queue_full)
{
  ::rlimit old;
  BOOST_REQUIRE(::getrlimit(RLIMIT_SIGPENDING, &old) == 0);
  ::rlimit low = old;
  low.rlim_cur = 256;
  BOOST_REQUIRE(::setrlimit(RLIMIT_SIGPENDING, &low) == 0);
  test_cycles(2'000);
  BOOST_REQUIRE(::setrlimit(RLIMIT_SIGPENDING, &old) == 0);
}

// Of two objects, one has heard a first SIGUSR1. A second one, which the other
// object has no room for beside the first, is still nobody's.
BOOST_AUTO_TEST_CASE(a_standard_signal_that_was_heard_hides_no_later_one)
{
  net::io_context context;
  std::optional<signal_fd> one;
  std::optional<signal_fd> other;
  one.emplace(context, sigfd::signal_mask{SIGUSR1}, support::options());
  other.emplace(context, sigfd::signal_mask{SIGUSR1}, support::options());
  ::kill(::getpid(), SIGUSR1);
  BOOST_REQUIRE(
      support::wait_until([&] { return one->try_wait().has_value(); }));
  ::kill(::getpid(), SIGUSR1);
  BOOST_REQUIRE(support::wait_until([&] {
    ::pollfd p{one->native_handle(), POLLIN, 0};
    return ::poll(&p, 1, 0) == 1;
  }));
  one.reset();
  other.reset();
  BOOST_TEST(support::drain(SIGUSR1) == 1);
}

// What the thread took for an object with a pipe goes to one that came later,
// which is then the only one to watch it, and reads a signalfd of its own.
BOOST_AUTO_TEST_CASE(what_a_pipe_had_goes_to_an_object_with_a_signalfd)
{
  net::io_context context;
  signal_fd pipe(
      context, {SIGRTMIN, SIGRTMIN + 1}, {.source = sigfd::source::pipe});
  BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 1));
  BOOST_REQUIRE(support::wait_until([&] {
    ::pollfd p{pipe.native_handle(), POLLIN, 0};
    return ::poll(&p, 1, 0) == 1;
  }));
  signal_fd later(context, {SIGRTMIN}, support::options());
  pipe.remove(SIGRTMIN);
  std::optional<signal_info> info;
  BOOST_TEST(support::wait_until([&] {
    info = later.try_wait();
    return info.has_value();
  }));
}

BOOST_AUTO_TEST_SUITE_END()
