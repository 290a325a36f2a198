// What the contestants on an io_context have in common.

#ifndef SIGFD_BENCH_IO_CONTEXT_CONTESTANT_HPP
#define SIGFD_BENCH_IO_CONTEXT_CONTESTANT_HPP

#include "harness.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace bench {

using context_ptr = std::shared_ptr<boost::asio::io_context>;

// One wait is outstanding at a time, and each handler starts the next, so the
// loop ends by itself when the receiver wants no more.
class io_context_contestant : public contestant
{
public:
  explicit io_context_contestant(
      context_ptr context = std::make_shared<boost::asio::io_context>())
    : context_(*context),
      owner_(std::move(context))
  {
  }

  const context_ptr& context() const
  {
    return owner_;
  }

  void run() override
  {
    start_waiting();
    context_.run();
  }

  void start() override
  {
    start_waiting();
  }

  bool has_threads() const override
  {
    return true;
  }

  void run_with_threads(int count) override
  {
    start_waiting();
    std::vector<std::thread> threads;
    for (int i = 1; i < count; ++i)
      threads.emplace_back([this] { context_.run(); });
    context_.run();
    for (std::thread& thread : threads)
      thread.join();
  }

  void start_and_cancel(long cycles) override
  {
    to_cancel_ = cycles;
    context_.restart();
    start_cancelling();
    context_.run();
    if (to_cancel_ != 0)
      throw std::runtime_error("a wait was not cancelled");
  }

protected:
  virtual void start_waiting() = 0;
  virtual void cancel() = 0;

  // Starts a wait that will be cancelled, and is followed by the next.
  virtual void start_cancelling()
  {
    start_waiting();
    cancel_soon();
  }

  // The wait is cancelled when it has got to the reactor, as one that loses
  // against a timer is: two turns later, because it may be started on the next.
  void cancel_soon()
  {
    boost::asio::post(context_,
        [this] { boost::asio::post(context_, [this] { cancel(); }); });
  }

  // For a wait that ended because it was cancelled: whether there is to be one
  // more.
  bool cancelled(const boost::system::error_code& ec)
  {
    if (ec != boost::asio::error::operation_aborted)
      throw boost::system::system_error(ec);
    return --to_cancel_ != 0;
  }

  // For each handler: whether its wait ended well.
  bool ok(const boost::system::error_code& ec)
  {
    if (!ec)
      return true;
    if (cancelled(ec))
      start_cancelling();
    return false;
  }

  boost::asio::io_context& context_;

private:
  const context_ptr owner_; // the last one's, as they may go in any order
  long to_cancel_ = 0;
};

// For those that are made with a receiver and a context.
template <typename Contestant>
std::unique_ptr<contestant> make_beside(receiver& receive, contestant& other)
{
  return std::make_unique<Contestant>(
      receive, dynamic_cast<Contestant&>(other).context());
}

} // namespace bench

#endif // SIGFD_BENCH_IO_CONTEXT_CONTESTANT_HPP
