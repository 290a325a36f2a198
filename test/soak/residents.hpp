// All objects that are open from the beginning to the end, on their threads.

#ifndef SIGFD_TEST_SOAK_RESIDENTS_HPP
#define SIGFD_TEST_SOAK_RESIDENTS_HPP

#include "account.hpp"
#include "plan.hpp"
#include "support/process.hpp"
#include "support/source.hpp"
#include "waiters.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <signal.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace soak {

class residents
{
public:
  explicit residents(run_state& run)
    : run_(run),
      one_(run, 0, "the objects that compete", false),
      dropping_range_(run, "an object that drops")
  {
  }

  // What all those get together that compete.
  account& one()
  {
    return one_;
  }

  // Before anything is sent.
  void start()
  {
    const sigfd::open_options plain = support::options();
    sigfd::open_options little = plain;
    little.backlog = 32;
    sigfd::open_options drops = little;
    drops.overflow = sigfd::overflow_policy::drop_oldest;

    callback_.emplace(every(a_, plain), entry("a callback"));
    net::co_spawn(
        a_, by_coroutine(every(a_, plain), entry("co_await")), rethrow);
    net::co_spawn(a_,
        beside_a_timer(every(a_, plain), entry("co_await || timer")), rethrow);
    some_.emplace(every(b_, plain), entry("async_wait_some"));
    future_.emplace(every(b_, plain), entry("use_future"), true);
    wait_.emplace(every(b_, plain), entry("wait()"), false);
    cancelled_.emplace(
        every(c_, plain), entry("waits that are cancelled"), run_, 1U);
    slow_.emplace(every(c_, little), entry("a slow object"), run_);
    const signal_mask ordered{number_of(channel::ordered), stop_number(true)};
    dropping_.emplace(signal_fd(c_, ordered, drops), dropping_range_, run_);

    one_callback_.emplace(competing(a_), competes_as("a callback"));
    net::co_spawn(
        b_, by_coroutine(competing(b_), competes_as("co_await")), rethrow);
    one_some_.emplace(competing(c_), competes_as("async_wait_some"));
    one_cancelled_.emplace(
        competing(c_), competes_as("waits that are cancelled"), run_, 2U);

    loop(a_, 1);
    loop(b_, 2);
    loop(c_, 1);
  }

  // When all others have ended: each object gets one signal more, and ends.
  // Whether all of them did; if not, a thread may wait for ever.
  bool stop()
  {
    const unsigned count = static_cast<unsigned>(
        accounts_.size() + 1 + competitors_.size());
    // Not once, because it may be the one that gets lost.
    for (int i = 0; i < 30 && run_.ended < count; ++i)
    {
      support::queue(::getpid(), stop_number(true), stop_value);
      for (std::size_t k = 0; k < competitors_.size(); ++k)
        support::queue(::getpid(), stop_number(false), stop_value);
      for (int k = 0; k < 200 && run_.ended < count; ++k)
        ::usleep(10'000);
    }
    if (run_.ended < count)
      return false;
    future_.reset();
    wait_.reset();
    guards_.clear();
    for (std::thread& t : threads_)
      t.join();
    dropped_ = dropping_->dropped();
    callback_.reset();
    some_.reset();
    cancelled_.reset();
    slow_.reset();
    dropping_.reset();
    one_callback_.reset();
    one_some_.reset();
    one_cancelled_.reset();
    return true;
  }

  // At how many objects each signal of a channel is to arrive, those that
  // compete being one.
  std::size_t objects(channel c) const
  {
    return plan_of(c).to_every ? accounts_.size() : 1;
  }

  // What is still pending in the kernel now was not lost. At how many objects
  // it is missing.
  std::uint64_t count_pending(std::size_t s, std::uint32_t position)
  {
    std::uint64_t missing = 0;
    if (!plan_of(streams[s].to).to_every)
      missing += one_.count(s, position) ? 1U : 0U;
    else
      for (account& a : accounts_)
        missing += a.count(s, position) ? 1U : 0U;
    return missing;
  }

  // What has not arrived by now is lost.
  void close_accounts()
  {
    one_.close();
    for (account& a : accounts_)
      a.close();
    for (std::size_t c = 0; c < channels; ++c)
      run_.objects[c] = objects(static_cast<channel>(c));
    std::uint64_t sent = 0;
    for (std::size_t s = 0; s < streams.size(); ++s)
      if (streams[s].to == channel::ordered)
        sent += run_.shared.sent[s];
    run_.dropped = dropped_;
    const std::uint64_t known = dropping_range_.received() + dropped_;
    if (known != sent)
      run_.found.add(known < sent ? "lost" : "twice",
          dropping_range_.name() + ": " + std::to_string(sent) + " sent, "
              + std::to_string(known) + " received or dropped",
          no_stream, 0);
  }

private:
  signal_fd every(net::io_context& context, const sigfd::open_options& options)
  {
    return signal_fd(
        context, mask_of_every() | signal_mask{stop_number(true)}, options);
  }

  signal_fd competing(net::io_context& context)
  {
    return signal_fd(context, mask_of_one() | signal_mask{stop_number(false)},
        options_of_one());
  }

  account& entry(const char* name)
  {
    return accounts_.emplace_back(run_, accounts_.size() + 1, name, true);
  }

  competitor& competes_as(const std::string& name)
  {
    return competitors_.emplace_back(one_, name + ", competing");
  }

  void loop(net::io_context& context, int threads)
  {
    guards_.push_back(net::make_work_guard(context));
    for (int i = 0; i < threads; ++i)
      threads_.emplace_back([&context] { context.run(); });
  }

  run_state& run_;
  account one_;
  std::deque<account> accounts_;
  std::deque<competitor> competitors_;
  range_account dropping_range_;
  std::uint64_t dropped_ = 0;

  net::io_context a_;
  net::io_context b_;
  net::io_context c_;
  std::vector<net::executor_work_guard<net::io_context::executor_type>> guards_;
  std::vector<std::thread> threads_;

  std::optional<by_callback<account>> callback_;
  std::optional<by_some<account>> some_;
  std::optional<blocking> future_;
  std::optional<blocking> wait_;
  std::optional<canceller<account>> cancelled_;
  std::optional<slow<account>> slow_;
  std::optional<slow<range_account>> dropping_;
  std::optional<by_callback<competitor>> one_callback_;
  std::optional<by_some<competitor>> one_some_;
  std::optional<canceller<competitor>> one_cancelled_;
};

} // namespace soak

#endif // SIGFD_TEST_SOAK_RESIDENTS_HPP
