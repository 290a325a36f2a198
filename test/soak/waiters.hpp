// Objects that are open from the beginning to the end, and wait in every way
// that there is.

#ifndef SIGFD_TEST_SOAK_WAITERS_HPP
#define SIGFD_TEST_SOAK_WAITERS_HPP

#include <sigfd/signal_fd.hpp>

#include "account.hpp"
#include "plan.hpp"
#include "support/source.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <variant>

namespace soak {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;

inline signal_mask mask_of_every()
{
  return {number_of(channel::ordered), number_of(channel::strayed),
      number_of(channel::coalesced), number_of(channel::single)};
}

inline signal_mask mask_of_one()
{
  return {number_of(channel::shared), number_of(channel::shared_strayed),
      number_of(channel::shared_single)};
}

inline sigfd::open_options options_of_one()
{
  sigfd::open_options options = support::options();
  options.delivery = sigfd::delivery_policy::one;
  return options;
}

inline void rethrow(std::exception_ptr e)
{
  if (e)
    std::rethrow_exception(e);
}

// Hands to an account what one of several objects gets that compete. Each of
// them gets what it gets in the order in which it was sent, if nothing that a
// closed object had goes back to the process: with the kernel's source.
class competitor
{
public:
  competitor(account& all, std::string name)
    : account_(all),
      name_(std::move(name)),
      is_ordered_(support::test_source() == sigfd::source::kernel)
  {
  }

  bool enter(const signal_info& info)
  {
    if (is_stop(info))
    {
      // Once, although one that takes many may get it more than once.
      if (!std::exchange(has_ended_, true))
        ++account_.run().ended;
      return false;
    }
    const auto value = info.value();
    if (is_ordered_ && value && value->sival_int >= 0
        && info.number() == number_of(channel::shared))
    {
      const std::size_t s = stream_of(value->sival_int);
      const std::uint32_t position = position_of(value->sival_int);
      if (s < streams.size() && next_[s] > position)
        account_.run().found.add("out of order", name_, s, position);
      if (s < streams.size())
        next_[s] = position + 1;
    }
    return account_.enter(info);
  }

private:
  account& account_;
  std::string name_;
  bool is_ordered_;
  bool has_ended_ = false;
  std::array<std::uint32_t, streams.size()> next_{};
};

// What follows gets an Entry: an account, or a competitor.

template <typename Entry>
class by_callback
{
public:
  by_callback(signal_fd signals, Entry& entry)
    : signals_(std::move(signals)),
      entry_(entry)
  {
    wait();
  }

private:
  void wait()
  {
    signals_.async_wait([this](error_code ec, const signal_info& info) {
      if (!ec && entry_.enter(info))
        wait();
    });
  }

  signal_fd signals_;
  Entry& entry_;
};

template <typename Entry>
net::awaitable<void> by_coroutine(signal_fd signals, Entry& entry)
{
  for (error_code ec;;)
  {
    const signal_info info = co_await signals.async_wait(
        net::redirect_error(net::use_awaitable, ec));
    if (ec || !entry.enter(info))
      co_return;
  }
}

// Each wait competes with a timer, which wins now and then.
inline net::awaitable<void> beside_a_timer(signal_fd signals, account& entry)
{
  using namespace net::experimental::awaitable_operators;
  net::steady_timer timer(signals.get_executor());
  for (;;)
  {
    timer.expires_after(std::chrono::microseconds(800));
    const auto first = co_await (signals.async_wait(net::use_awaitable)
        || timer.async_wait(net::use_awaitable));
    if (first.index() == 1)
      ++entry.run().timeouts;
    else if (!entry.enter(std::get<0>(first)))
      co_return;
  }
}

template <typename Entry>
class by_some
{
public:
  by_some(signal_fd signals, Entry& entry)
    : signals_(std::move(signals)),
      entry_(entry)
  {
    wait();
  }

private:
  void wait()
  {
    signals_.async_wait_some(infos_, [this](error_code ec, std::size_t n) {
      bool goes_on = !ec;
      for (std::size_t i = 0; i < n; ++i)
        goes_on = entry_.enter(infos_[i]) && goes_on;
      if (goes_on)
        wait();
    });
  }

  signal_fd signals_;
  Entry& entry_;
  std::array<signal_info, 16> infos_{};
};

// On a thread of its own: use_future, or wait().
class blocking
{
public:
  blocking(signal_fd signals, account& entry, bool by_future)
    : signals_(std::move(signals)),
      thread_([this, &entry, by_future] {
        while (
            entry.enter(by_future ? signals_.async_wait(net::use_future).get()
                                  : signals_.wait()))
          continue;
      })
  {
  }

  ~blocking()
  {
    thread_.join();
  }

private:
  signal_fd signals_;
  std::thread thread_;
};

// Cancels every second wait, in one of several ways.
template <typename Entry>
class canceller
{
public:
  canceller(signal_fd signals, Entry& entry, run_state& run, unsigned seed)
    : signals_(std::move(signals)),
      entry_(entry),
      run_(run),
      random_(seed)
  {
    net::post(signals_.get_executor(), [this] { wait(); });
  }

private:
  void wait()
  {
    signals_.async_wait(net::bind_cancellation_slot(
        slot_.slot(), [this](error_code ec, const signal_info& info) {
          if (ec == net::error::operation_aborted)
            ++run_.cancelled;
          else if (ec || !entry_.enter(info))
            return;
          // Not at once, or it would have a processor for itself.
          if (ec)
            pause();
          else
            wait();
        }));
    switch (random_() % 8)
    {
    case 0:
      signals_.cancel();
      break;
    case 1:
      slot_.emit(net::cancellation_type::total);
      break;
    case 2:
      net::post(signals_.get_executor(), [this] { signals_.cancel(); });
      break;
    case 3:
      net::post(signals_.get_executor(),
          [this] { slot_.emit(net::cancellation_type::terminal); });
      break;
    default:
      break;
    }
  }

  void pause()
  {
    timer_.expires_after(std::chrono::microseconds(300));
    timer_.async_wait([this](error_code) { wait(); });
  }

  signal_fd signals_;
  Entry& entry_;
  run_state& run_;
  std::mt19937 random_;
  net::cancellation_signal slot_;
  net::steady_timer timer_{signals_.get_executor()};
};

// Has little room, and takes nothing for a while: what it has no room for is
// held back from all, or dropped here.
template <typename Entry>
class slow
{
public:
  slow(signal_fd signals, Entry& entry, run_state& run)
    : signals_(std::move(signals)),
      entry_(entry),
      run_(run),
      timer_(signals_.get_executor())
  {
    wait();
  }

  std::uint64_t dropped() const
  {
    return dropped_;
  }

private:
  void wait()
  {
    signals_.async_wait([this](error_code ec, const signal_info& info) {
      if (ec)
        return;
      const bool goes_on = enter(info);
      dropped_ = signals_.dropped();
      if (!goes_on)
        return;
      const phase now = run_.shared.now();
      if (++taken_ % 256 != 0
          || (!is(now, phase::stall) && now != phase::limit))
        wait();
      else
        pause();
    });
  }

  bool enter(const signal_info& info)
  {
    if constexpr (requires { entry_.enter(info, true); })
      return entry_.enter(info, true);
    else
      return entry_.enter(info);
  }

  void pause()
  {
    timer_.expires_after(std::chrono::milliseconds(150));
    timer_.async_wait([this](error_code) { wait(); });
  }

  signal_fd signals_;
  Entry& entry_;
  run_state& run_;
  net::steady_timer timer_;
  unsigned taken_ = 0;
  std::uint64_t dropped_ = 0;
};

} // namespace soak

#endif // SIGFD_TEST_SOAK_WAITERS_HPP
