// Many objects in several contexts on several threads, and a flood from a
// second process: each gets all, in order, with its siginfo.

#include <sigfd/signal_fd.hpp>

#include "support/delivery.hpp"
#include "support/process.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>
#include <boost/version.hpp>

#if BOOST_VERSION >= 107700
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#endif

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;

constexpr int count = support::has_sanitizer ? 10'000 : 100'000;

// Waits until it has heard the last; checks that each is the next of one
// sender. Now and then it cancels the wait that it has just started, in one of
// several ways, and starts another.
class receiver
{
public:
  receiver(net::io_context& context, const sigfd::open_options& options,
      unsigned seed, bool cancels)
    : context_(context),
      signals_(context, {SIGRTMIN}, options),
      random_(seed),
      cancels_(cancels)
  {
  }

  void start(std::atomic<int>& running, ::pid_t sender)
  {
    running_ = &running;
    sender_ = sender;
    ++running;
    net::post(context_, [this] { wait(); });
  }

  int received() const
  {
    return received_;
  }

  int wrong() const
  {
    return wrong_;
  }

  int cancelled() const
  {
    return cancelled_;
  }

private:
  void receive(const signal_info& info)
  {
    const auto sender = info.sender();
    const bool is_next = info.number() == SIGRTMIN && info.code() == SI_QUEUE
        && support::value_of(info) == received_ && sender
        && sender->pid == sender_ && sender->uid == ::getuid();
    is_next ? ++received_ : ++wrong_;
  }

  void go_on(error_code ec)
  {
    if (ec == net::error::operation_aborted)
      ++cancelled_;
    else if (ec)
      ++wrong_;
    if (received_ + wrong_ < count)
      wait();
    else
      --*running_;
  }

  void wait()
  {
    const auto what = random_() % 8;
    if (what < 3)
      signals_.async_wait_some(infos_, [this](error_code ec, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i)
          receive(infos_[i]);
        go_on(ec);
      });
    else
      start_one();
    if (!cancels_ || what % 2 != 0)
      return;
    if (what == 2)
    {
      // With a wait outstanding, which finds fewer.
      while (const auto info = signals_.try_wait())
      {
        receive(*info);
        if (random_() % 4 == 0)
          break;
      }
      if (received_ + wrong_ == count)
        signals_.cancel(); // there is nothing left for it
    }
    cancel(what);
  }

  void start_one()
  {
    auto handler = [this](error_code ec, const signal_info& info) {
      if (!ec)
        receive(info);
      go_on(ec);
    };
#if BOOST_VERSION >= 107700
    signals_.async_wait(
        net::bind_cancellation_slot(cancellation_.slot(), handler));
#else
    signals_.async_wait(handler);
#endif
  }

  // At once, or when others have had their turn.
  void cancel(unsigned long what)
  {
    if (what == 6)
      signals_.cancel();
    else if (what == 0)
      net::post(context_, [this] { signals_.cancel(); });
#if BOOST_VERSION >= 107700
    else if (what == 4)
      net::post(context_,
          [this] { cancellation_.emit(net::cancellation_type::total); });
#endif
  }

  net::io_context& context_;
  signal_fd signals_;
  std::mt19937 random_;
  bool cancels_;
  std::array<signal_info, 16> infos_{};
#if BOOST_VERSION >= 107700
  net::cancellation_signal cancellation_;
#endif
  std::atomic<int>* running_ = nullptr;
  ::pid_t sender_ = 0;
  int received_ = 0;
  int wrong_ = 0;
  int cancelled_ = 0;
};

// An object that comes and goes, changes, and reads little.
class guest
{
public:
  guest(net::io_context& context, unsigned seed)
    : context_(context),
      signals_(context),
      timer_(context),
      random_(seed)
  {
  }

  // Until nobody receives any more.
  void start(const std::atomic<int>& running)
  {
    timer_.expires_after(std::chrono::milliseconds(1));
    timer_.async_wait([this, &running](error_code) {
      if (running == 0)
      {
        signals_.close();
        return;
      }
      change();
      start(running);
    });
  }

private:
  void change()
  {
    switch (random_() % 8)
    {
    case 0:
    {
      sigfd::open_options options = support::options_with(random_() % 50,
          random_() % 2 == 0 ? sigfd::overflow_policy::hold_back
                             : sigfd::overflow_policy::drop_oldest);
      options.source = random_() % 2 == 0 ? support::test_source()
                                          : sigfd::source::kernel;
      signals_ = signal_fd(context_, {SIGRTMIN, SIGRTMIN + 1}, options);
      break;
    }
    case 1:
      signals_.close();
      break;
    case 2:
      signals_.remove(SIGRTMIN);
      break;
    case 3:
      if (signals_.is_open())
        signals_.add(SIGRTMIN);
      break;
    case 4:
      signals_.async_wait([](error_code, const signal_info&) {});
      break;
    case 5:
    {
      signal_fd moved(std::move(signals_));
      signals_ = std::move(moved);
      break;
    }
    default:
      if (signals_.is_open())
        while (signals_.try_wait())
          continue;
    }
  }

  net::io_context& context_;
  signal_fd signals_;
  net::steady_timer timer_;
  std::mt19937 random_;
};

void test(bool disturbed, bool mixed)
{
  constexpr std::size_t objects = 16;
  constexpr std::size_t threads = 4;
  std::array<net::io_context, threads> contexts;
  std::vector<std::unique_ptr<receiver>> receivers;
  std::vector<std::unique_ptr<guest>> guests;
  for (std::size_t i = 0; i < objects; ++i)
  {
    sigfd::open_options options = support::options();
    if (mixed && i % 3 == 0)
      options.source = sigfd::source::kernel;
    receivers.push_back(std::make_unique<receiver>(
        contexts[i % threads], options, static_cast<unsigned>(i), disturbed));
  }
  support::process sender = support::queue_many(SIGRTMIN, count);
  std::atomic<int> running{0};
  for (const auto& r : receivers)
    r->start(running, sender.pid());
  if (disturbed)
    for (std::size_t i = 0; i < threads; ++i)
    {
      guests.push_back(std::make_unique<guest>(
          contexts[i], static_cast<unsigned>(objects + i)));
      guests.back()->start(running);
    }
  std::vector<std::thread> pool;
  for (net::io_context& context : contexts)
    pool.emplace_back([&] { context.run(); });
  for (std::thread& thread : pool)
    thread.join();
  BOOST_TEST(sender.wait() == 0);
  int cancelled = 0;
  for (const auto& r : receivers)
  {
    BOOST_TEST(r->received() == count);
    BOOST_TEST(r->wrong() == 0);
    cancelled += r->cancelled();
  }
  BOOST_TEST((cancelled > 0) == disturbed);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(delivery_stress, support::delivery_fixture)

BOOST_AUTO_TEST_CASE(sixteen_objects_hear_everything_in_order)
{
  test(false, false);
}

BOOST_AUTO_TEST_CASE(also_while_others_come_and_go_and_waits_are_cancelled)
{
  test(true, false);
}

BOOST_AUTO_TEST_CASE(also_where_some_have_the_kernel)
{
  if (support::test_source() != sigfd::source::kernel)
    test(true, true);
}

BOOST_AUTO_TEST_SUITE_END()
