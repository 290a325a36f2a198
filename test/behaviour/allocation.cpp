// In the steady state a wait allocates nothing: it lives in memory that Asio
// recycles.
//
// The steady state is reached when the recycled pieces have grown to what the
// largest operation needs. Which operation is the largest, and when it comes
// for the first time, is a matter of timing: whether a signal is there when a
// wait begins. So a test looks for a stretch of signals without an allocation,
// and fails if there is none in several stretches.

#include <sigfd/signal_fd.hpp>

#include "support/allocations.hpp"
#include "support/process.hpp"
#include "support/source.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>
#include <boost/version.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <limits>
#include <optional>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_info;

constexpr int stretch = 2'000;
constexpr int stretches = 5;

using concrete_fd = sigfd::basic_signalfd<net::io_context::executor_type>;
using sigfd::signal_fd;

// The signals come one at a time, each when the wait for it was started, or are
// all there before the first wait.
enum class arrival
{
  one_by_one,
  pending
};

void queue_all()
{
  for (int i = 0; i < stretch * stretches; ++i)
    BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
}

// A process that queues a signal whenever it is asked for one.
class on_demand
{
public:
  on_demand()
  {
    BOOST_REQUIRE(::pipe(ends_) == 0);
    sender_.emplace([this, parent = ::getpid()] {
      ::close(ends_[1]);
      for (char c; ::read(ends_[0], &c, 1) == 1;)
        if (!support::queue(parent, SIGRTMIN, 0))
          return 1;
      return 0;
    });
    ::close(ends_[0]);
  }

  ~on_demand()
  {
    ::close(ends_[1]);
    BOOST_TEST(sender_->wait() == 0);
  }

  void ask()
  {
    if (::write(ends_[1], "", 1) != 1)
      BOOST_FAIL("the sender is gone");
  }

private:
  int ends_[2];
  std::optional<support::process> sender_;
};

// Sees to the signals, and looks for a stretch without an allocation.
class meter
{
public:
  explicit meter(arrival how)
  {
    if (how == arrival::one_by_one)
      sender_.emplace();
    else
      queue_all();
  }

  // A wait was started.
  void started()
  {
    if (sender_)
      sender_->ask();
  }

  // One more signal was taken; whether there are more to come.
  bool count()
  {
    if (++taken_ % stretch != 0)
      return true;
    const long now = support::allocations();
    least_ = std::min(least_, now - before_);
    before_ = now;
    return taken_ < stretch * stretches;
  }

  void check() const
  {
    BOOST_TEST(taken_ == stretch * stretches);
    BOOST_TEST(least_ == 0);
  }

private:
  std::optional<on_demand> sender_;
  int taken_ = 0;
  long before_ = support::allocations();
  long least_ = std::numeric_limits<long>::max();
};

template <typename Object>
struct by_callback
{
  Object& signals;
  meter& m;

  void operator()()
  {
    signals.async_wait([this](error_code ec, const signal_info&) {
      if (ec)
        BOOST_FAIL(ec.message());
      if (m.count())
        (*this)();
    });
    m.started();
  }
};

template <typename Object>
struct some_by_callback
{
  Object& signals;
  meter& m;
  std::array<signal_info, 1> infos{};

  void operator()()
  {
    signals.async_wait_some(infos, [this](error_code ec, std::size_t count) {
      if (ec || count != 1)
        BOOST_FAIL(ec.message());
      if (m.count())
        (*this)();
    });
    m.started();
  }
};

// Operations of two sizes in turn.
template <typename Object>
struct alternately
{
  Object& signals;
  meter& m;
  std::array<signal_info, 1> infos{};

  void operator()()
  {
    signals.async_wait([this](error_code, const signal_info&) {
      if (!m.count())
        return;
      signals.async_wait_some(infos, [this](error_code, std::size_t) {
        if (m.count())
          (*this)();
      });
      m.started();
    });
    m.started();
  }
};

// Two operations at a time.
template <typename Object>
struct in_pairs
{
  Object& signals;
  meter& m;
  int done = 0;

  void operator()()
  {
    for (int i = 0; i < 2; ++i)
      signals.async_wait([this](error_code, const signal_info&) {
        if (m.count() && ++done % 2 == 0)
          (*this)();
      });
    m.started();
    m.started();
  }
};

// One operation, then two at a time, then one again.
template <typename Object>
struct singly_and_in_pairs
{
  Object& signals;
  meter& m;
  int round = 0;
  int left = 0;

  void operator()()
  {
    const int count = round++ % 3 == 1 ? 2 : 1;
    left = count;
    for (int i = 0; i < count; ++i)
    {
      signals.async_wait([this](error_code, const signal_info&) {
        if (m.count() && --left == 0)
          (*this)();
      });
      m.started();
    }
  }
};

template <typename Object, template <typename> class Wait>
void test_callback(arrival how)
{
  net::io_context context;
  Object signals(context, {SIGRTMIN}, support::options());
  meter m(how);
  Wait<Object> wait{signals, m};
  wait();
  context.run();
  m.check();
}

#if defined(BOOST_ASIO_HAS_CO_AWAIT)

net::awaitable<void> take_one_by_one(signal_fd& signals, meter& m)
{
  do
  {
    m.started();
    co_await signals.async_wait(net::use_awaitable);
  } while (m.count());
}

net::awaitable<void> take_some(signal_fd& signals, meter& m)
{
  std::array<signal_info, 1> infos;
  do
  {
    m.started();
    co_await signals.async_wait_some(infos, net::use_awaitable);
  } while (m.count());
}

template <typename Coroutine>
void test_awaitable(Coroutine coroutine, arrival how)
{
  net::io_context context;
  signal_fd signals(context, {SIGRTMIN}, support::options());
  meter m(how);
  net::co_spawn(context, coroutine(signals, m),
      [](std::exception_ptr e) { BOOST_TEST(!e); });
  context.run();
  m.check();
}

#endif

} // namespace

BOOST_AUTO_TEST_SUITE(allocation)

// The control: the counter counts.
BOOST_AUTO_TEST_CASE(the_counter_can_fail)
{
  const long before = support::allocations();
  int* volatile a = new int;
  delete a;
  void* volatile b = std::malloc(100);
  std::free(b);
  void* volatile c = std::aligned_alloc(64, 128);
  std::free(c);
  BOOST_TEST(support::allocations() - before >= 3);
}

BOOST_AUTO_TEST_CASE(none_with_a_callback)
{
  for (const arrival how : {arrival::one_by_one, arrival::pending})
  {
    test_callback<signal_fd, by_callback>(how);
    test_callback<signal_fd, some_by_callback>(how);
    test_callback<concrete_fd, by_callback>(how);
    test_callback<concrete_fd, some_by_callback>(how);
  }
}

BOOST_AUTO_TEST_CASE(none_with_several_operations)
{
  for (const arrival how : {arrival::one_by_one, arrival::pending})
  {
    test_callback<signal_fd, alternately>(how);
    // Older ones of Asio keep the memory of one piece at a time only.
    if (BOOST_VERSION >= 108000)
    {
      test_callback<concrete_fd, in_pairs>(how);
      test_callback<concrete_fd, singly_and_in_pairs>(how);
    }
  }
}

#if defined(BOOST_ASIO_HAS_CO_AWAIT)

BOOST_AUTO_TEST_CASE(none_with_an_awaitable)
{
  for (const arrival how : {arrival::one_by_one, arrival::pending})
  {
    test_awaitable(take_one_by_one, how);
    test_awaitable(take_some, how);
  }
}

#endif

BOOST_AUTO_TEST_SUITE_END()
