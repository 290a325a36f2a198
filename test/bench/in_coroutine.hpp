// What the contestants that wait in a coroutine have in common.

#ifndef SIGFD_BENCH_IN_COROUTINE_HPP
#define SIGFD_BENCH_IN_COROUTINE_HPP

#include "harness.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <boost/version.hpp>

#if BOOST_VERSION >= 107900
#include <boost/asio/as_tuple.hpp>
#elif BOOST_VERSION >= 107800
#include <boost/asio/experimental/as_tuple.hpp>
#endif

#include <exception>
#include <tuple>
#include <utility>

namespace bench {

#if BOOST_VERSION >= 107900
using boost::asio::as_tuple;
#elif BOOST_VERSION >= 107800
using boost::asio::experimental::as_tuple;
#endif

// A contestant on an io_context, all of whose waits are in one coroutine. With
// the executor of an io_context, as where waits have callbacks.
template <typename Contestant>
class in_coroutine : public Contestant
{
public:
  using Contestant::Contestant;

protected:
  using executor = boost::asio::io_context::executor_type;
  using awaitable = boost::asio::awaitable<void, executor>;
  using token = boost::asio::use_awaitable_t<executor>;

  // Waits until the receiver wants no more.
  virtual awaitable watch() = 0;

  // Calls cancel_each() with what starts a wait.
  virtual awaitable watch_and_cancel() = 0;

  // Waits by co_await start(token) and is cancelled, as often as it has to be.
  // As a tuple, because an exception would cost more than all the rest.
  template <typename Start>
  awaitable cancel_each([[maybe_unused]] Start start)
  {
#if BOOST_VERSION >= 107800
    boost::system::error_code ec;
    do
    {
      this->cancel_soon();
      const auto result = co_await start(as_tuple(token()));
      ec = std::get<0>(result);
    } while (this->cancelled(ec));
#else
    throw unsupported("this Boost.Asio has no as_tuple");
    co_return;
#endif
  }

private:
  void start_waiting() override
  {
    spawn(watch());
  }

  void start_cancelling() override
  {
    spawn(watch_and_cancel());
  }

  void spawn(awaitable coroutine)
  {
    boost::asio::co_spawn(
        this->context_, std::move(coroutine), [](std::exception_ptr e) {
          if (e)
            std::rethrow_exception(e);
        });
  }
};

} // namespace bench

#endif // SIGFD_BENCH_IN_COROUTINE_HPP
