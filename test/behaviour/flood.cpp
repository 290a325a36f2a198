// Floods from a second process arrive complete, in order, with their values.

#include <sigfd/signal_fd.hpp>

#include "support/process.hpp"
#include "support/source.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;

constexpr int flood = 200'000;
constexpr int stall = 50'000;

// Counts arrivals and checks that each is the next value of one sender.
class receiver
{
public:
  explicit receiver(::pid_t sender)
    : sender_(sender)
  {
  }

  void operator()(const signal_info& info)
  {
    const auto value = info.value();
    const auto sender = info.sender();
    if (info.number() == SIGRTMIN && info.code() == SI_QUEUE && value
        && value->sival_int == received_ && sender && sender->pid == sender_
        && sender->uid == ::getuid())
      ++received_;
    else if (wrong_++ == 0)
      first_wrong_ = info;
  }

  int total() const
  {
    return received_ + wrong_;
  }

  void check(int expected) const
  {
    BOOST_TEST(received_ == expected);
    BOOST_TEST(wrong_ == 0, "the first wrong one: " << first_wrong_);
  }

  int wrong() const
  {
    return wrong_;
  }

private:
  ::pid_t sender_;
  int received_ = 0;
  int wrong_ = 0;
  signal_info first_wrong_;
};

// Waits one at a time until all have arrived.
struct one_by_one
{
  signal_fd& signals;
  receiver& receive;
  int expected;

  void operator()()
  {
    signals.async_wait([this](error_code ec, const signal_info& info) {
      BOOST_REQUIRE(!ec);
      receive(info);
      if (receive.total() < expected)
        (*this)();
    });
  }
};

// Waits for up to 64 at a time.
struct many_at_once
{
  signal_fd& signals;
  receiver& receive;
  int expected;
  std::array<signal_info, 64> infos{};

  void operator()()
  {
    signals.async_wait_some(infos, [this](error_code ec, std::size_t count) {
      BOOST_REQUIRE(!ec);
      BOOST_REQUIRE(count > 0);
      for (std::size_t i = 0; i < count; ++i)
        receive(infos[i]);
      if (receive.total() < expected)
        (*this)();
    });
  }
};

// As many signals as the limits let be pending (getrlimit(2)).
std::string pending_signals()
{
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("SigQ:", 0) == 0)
      return line.substr(5);
  return "";
}

// Whether nothing more can be queued until something is taken.
bool queue_is_full()
{
  const std::string both = pending_signals();
  const auto slash = both.find('/');
  return std::stol(both) >= std::stol(both.substr(slash + 1));
}

template <typename Wait>
void test_flood()
{
  net::io_context context;
  signal_fd signals(context, {SIGRTMIN}, support::options());
  support::process sender = support::queue_many(SIGRTMIN, flood);
  receiver receive(sender.pid());
  Wait wait{signals, receive, flood};
  wait();
  context.run();
  BOOST_TEST(sender.wait() == 0);
  receive.check(flood);
  BOOST_TEST(!signals.try_wait());
}

template <typename Wait>
void test_stall()
{
  net::io_context context;
  signal_fd signals(context, {SIGRTMIN}, support::options());
  support::process sender = support::queue_many(SIGRTMIN, stall);
  receiver receive(sender.pid());
  Wait wait{signals, receive, stall};
  wait();
  context.poll();
  // The loop is blocked until all are queued, or no more can be.
  ::siginfo_t ended{};
  while (ended.si_pid == 0 && !queue_is_full())
  {
    BOOST_REQUIRE(::waitid(P_PID, static_cast<::id_t>(sender.pid()), &ended,
                      WEXITED | WNOHANG | WNOWAIT)
        == 0);
    ::usleep(1'000);
  }
  context.run();
  BOOST_TEST(sender.wait() == 0);
  receive.check(stall);
}

struct fixture
{
  fixture()
  {
    // Whatever this process may have pending.
    ::rlimit limit;
    BOOST_REQUIRE(::getrlimit(RLIMIT_SIGPENDING, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    BOOST_REQUIRE(::setrlimit(RLIMIT_SIGPENDING, &limit) == 0);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(floods, fixture)

BOOST_AUTO_TEST_CASE(arrive_one_by_one)
{
  test_flood<one_by_one>();
}

BOOST_AUTO_TEST_CASE(arrive_many_at_once)
{
  test_flood<many_at_once>();
}

BOOST_AUTO_TEST_CASE(arrive_one_by_one_after_a_stall)
{
  test_stall<one_by_one>();
}

BOOST_AUTO_TEST_CASE(arrive_many_at_once_after_a_stall)
{
  test_stall<many_at_once>();
}

// The control: the check notices a signal that is missing, out of order or
// of another sender.
BOOST_AUTO_TEST_CASE(the_receiver_can_fail)
{
  const auto info = [](int value, ::pid_t pid) {
    ::siginfo_t raw{};
    raw.si_signo = SIGRTMIN;
    raw.si_code = SI_QUEUE;
    raw.si_pid = pid;
    raw.si_uid = ::getuid();
    raw.si_value.sival_int = value;
    return signal_info(raw);
  };
  receiver receive(1);
  receive(info(0, 1));
  receive(info(1, 1));
  receive.check(2);
  receive(info(3, 1)); // one is missing
  BOOST_TEST(receive.wrong() == 1);
  receive(info(1, 1)); // twice
  BOOST_TEST(receive.wrong() == 2);
  receive(info(2, 7)); // of another sender
  BOOST_TEST(receive.wrong() == 3);
  receive(info(2, 1));
  BOOST_TEST(receive.total() == 6);
}

BOOST_AUTO_TEST_SUITE_END()
