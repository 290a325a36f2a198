// Objects that come and go.

#ifndef SIGFD_TEST_SOAK_GUESTS_HPP
#define SIGFD_TEST_SOAK_GUESTS_HPP

#include <sigfd/signal_fd.hpp>

#include "account.hpp"
#include "plan.hpp"
#include "support/source.hpp"
#include "waiters.hpp"

#include <boost/asio/io_context.hpp>

#include <unistd.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

namespace soak {

// A thread's work: opens an object, uses it for a moment, and closes it with
// waits outstanding, over and over until the end. Now and then the context
// ends first.
template <typename Guest>
void come_and_go(run_state& run, Guest guest)
{
  std::mt19937 random(Guest::seed);
  auto context = std::make_unique<net::io_context>();
  while (!run.stops)
  {
    guest.come(*context, random);
    ++run.opened;
    for (auto steps = 1 + random() % 16; steps != 0; --steps)
    {
      guest.change(random);
      context->restart();
      context->poll();
      ::usleep(500);
    }
    if (random() % 8 == 0)
    {
      context.reset();
      guest.go();
      context = std::make_unique<net::io_context>();
    }
    else
    {
      guest.go();
      context->restart();
      context->poll();
    }
    if (!is(run.shared.now(), phase::changes))
      ::usleep(30'000);
  }
}

// Beside others that get the same.
class guest_of_every
{
public:
  static constexpr unsigned seed = 1;

  explicit guest_of_every(run_state& run)
    : range_(run, "an object that comes and goes")
  {
  }

  void come(net::io_context& context, std::mt19937& random)
  {
    sigfd::open_options options = support::options();
    // Where there is a pipe, the kernel's source may be beside it.
    if (random() % 4 == 0)
      options.source = sigfd::source::kernel;
    options.backlog = 1 + random() % 64;
    drops_ = random() % 2 == 0;
    if (drops_)
      options.overflow = sigfd::overflow_policy::drop_oldest;
    signals_.emplace(context, mask_of_every(), options);
    has_dropped_ = 0;
    range_.begin();
    wait_some();
  }

  void change(std::mt19937& random)
  {
    ++range_.run().changed;
    const int ordered = number_of(channel::ordered);
    switch (random() % 8)
    {
    case 0:
      check_drops();
      signals_->remove(ordered);
      range_.forget(channel::ordered);
      break;
    case 1:
      signals_->add(ordered);
      break;
    case 2:
    {
      signal_fd moved(std::move(*signals_));
      *signals_ = std::move(moved);
      break;
    }
    case 3:
      while (const auto info = signals_->try_wait())
        range_.enter(*info, drops_);
      break;
    case 4:
      signals_->cancel();
      break;
    default:
      wait();
    }
  }

  void go()
  {
    check_drops();
    signals_.reset();
  }

private:
  void wait()
  {
    signals_->async_wait([this](error_code ec, const signal_info& info) {
      if (!ec && range_.enter(info, drops_) && signals_)
        wait();
    });
  }

  void wait_some()
  {
    signals_->async_wait_some(infos_, [this](error_code ec, std::size_t n) {
      for (std::size_t i = 0; i < n; ++i)
        range_.enter(infos_[i], drops_);
      if (!ec && signals_)
        wait_some();
    });
  }

  // It has left out no more than it says.
  void check_drops()
  {
    if (!signals_ || !signals_->is_open())
      return;
    has_dropped_ = signals_->dropped();
    for (std::uint64_t i = has_dropped_; i < range_.gaps(); ++i)
      range_.run().found.add(
          "lost", range_.name() + " and drops", 0, range_.next(0));
  }

  range_account range_;
  std::optional<signal_fd> signals_;
  std::array<signal_info, 8> infos_{};
  std::uint64_t has_dropped_ = 0;
  bool drops_ = false;
};

// Beside others that compete with it; or alone, so that in between nobody
// watches, and what is pending waits for the next one.
template <bool Alone>
class guest_of_one
{
public:
  static constexpr unsigned seed = Alone ? 2 : 3;

  explicit guest_of_one(account& all)
    : entry_(all)
  {
  }

  void come(net::io_context& context, std::mt19937&)
  {
    signals_.emplace(context,
        Alone ? signal_mask{number_of(channel::relayed)} : mask_of_one(),
        options_of_one());
    wait_some();
  }

  void change(std::mt19937& random)
  {
    ++entry_.run().changed;
    switch (random() % 6)
    {
    case 0:
      if (const auto info = signals_->try_wait())
        entry_.enter(*info);
      break;
    case 1:
      signals_->cancel();
      wait();
      break;
    case 2:
    {
      signal_fd moved(std::move(*signals_));
      *signals_ = std::move(moved);
      break;
    }
    default:
      wait();
    }
  }

  void go()
  {
    signals_.reset();
  }

private:
  void wait()
  {
    signals_->async_wait([this](error_code ec, const signal_info& info) {
      if (!ec)
        entry_.enter(info);
      if (!ec && signals_)
        wait();
    });
  }

  void wait_some()
  {
    signals_->async_wait_some(infos_, [this](error_code ec, std::size_t n) {
      for (std::size_t i = 0; i < n; ++i)
        entry_.enter(infos_[i]);
      if (!ec && signals_)
        wait_some();
    });
  }

  account& entry_;
  std::optional<signal_fd> signals_;
  std::array<signal_info, 8> infos_{};
};

} // namespace soak

#endif // SIGFD_TEST_SOAK_GUESTS_HPP
