// A wait for a signal that is really sent, and the checks on how it ends: for
// tests of what a wait completes with.

#ifndef SIGFD_TEST_SUPPORT_COMPLETION_SCENE_HPP
#define SIGFD_TEST_SUPPORT_COMPLETION_SCENE_HPP

#include <sigfd/signal_fd.hpp>

#include "drain.hpp"
#include "process.hpp"
#include "source.hpp"
#include "wait_until.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

namespace support {

// async_wait.
class wait_one
{
public:
  using result_type = sigfd::signal_info;

  template <typename Signals, typename... Token>
  auto operator()(Signals& signals, Token&&... token)
  {
    return signals.async_wait(std::forward<Token>(token)...);
  }

  sigfd::signal_info got(const sigfd::signal_info& info) const
  {
    return info;
  }
};

// async_wait_some, with room for more than comes.
class wait_some
{
public:
  using result_type = std::size_t;

  template <typename Signals, typename... Token>
  auto operator()(Signals& signals, Token&&... token)
  {
    return signals.async_wait_some(
        std::span(infos_), std::forward<Token>(token)...);
  }

  sigfd::signal_info got(std::size_t count) const
  {
    BOOST_TEST(count == 1u);
    BOOST_TEST(infos_[1].number() == 0);
    return infos_[0];
  }

private:
  std::array<sigfd::signal_info, 3> infos_;
};

// A signal for a wait, either pending when the wait starts or sent when it is
// in the reactor; and the checks on how the wait ends.
template <typename Wait, bool Pending>
class scene
{
public:
  using result_type = typename Wait::result_type;

  scene()
  {
    if (Pending)
      send();
  }

  // Leaves nothing to the next one.
  ~scene()
  {
    signals.close();
    drain(SIGRTMIN);
  }

  // Starts a wait of an open object.
  template <typename... Token>
  auto start(Token&&... token)
  {
    return start_on(signals, std::forward<Token>(token)...);
  }

  // Starts a wait of an object that is not open.
  template <typename... Token>
  auto start_closed(Token&&... token)
  {
    return start_on(closed_, std::forward<Token>(token)...);
  }

  // Starts a wait. The handler that is posted first has to run first, or the
  // wait was completed from within the call that started it.
  template <typename Signals, typename... Token>
  auto start_on(Signals& from, Token&&... token)
  {
    boost::asio::post(context, [this] { posted_ran_ = true; });
    return wait_(from, std::forward<Token>(token)...);
  }

  // To be called by the completion.
  void succeed(result_type result)
  {
    ++completions;
    BOOST_TEST(posted_ran_);
    const sigfd::signal_info info = wait_.got(result);
    BOOST_TEST(info.number() == SIGRTMIN);
    BOOST_REQUIRE(info.value().has_value());
    BOOST_TEST(info.value()->sival_int == 17);
    BOOST_REQUIRE(info.sender().has_value());
    BOOST_TEST(info.sender()->pid == ::getpid());
    BOOST_TEST(info.sender()->uid == ::getuid());
  }

  void succeed(boost::system::error_code ec, result_type result)
  {
    BOOST_TEST(!ec);
    succeed(result);
  }

  // To be called by the completion of a wait of an object that is not open.
  void fail(boost::system::error_code ec)
  {
    ++completions;
    BOOST_TEST(posted_ran_);
    BOOST_TEST((ec == boost::asio::error::bad_descriptor));
  }

  void fail(boost::system::error_code ec, result_type result)
  {
    fail(ec);
    BOOST_TEST((result == result_type{}));
  }

  // A callback that expects success.
  auto callback()
  {
    return [this](boost::system::error_code ec, result_type result) {
      succeed(ec, result);
    };
  }

  // Runs to the end of everything.
  void run()
  {
    if (!Pending)
    {
      context.poll();
      BOOST_TEST(completions == 0);
      send();
    }
    context.restart();
    context.run();
  }

  // Runs, and a wait completes.
  void run_to_completion()
  {
    BOOST_TEST(completions == 0);
    run();
    BOOST_TEST(completions == 1);
    boost::system::error_code ec; // a test may have closed the object
    BOOST_TEST(!signals.try_wait(ec));
  }

  // The signal is still there, for whoever waits next.
  void expect_left_pending()
  {
    std::optional<sigfd::signal_info> info;
    BOOST_TEST(
        wait_until([&] { return (info = signals.try_wait()).has_value(); }));
    BOOST_REQUIRE(info.has_value());
    BOOST_TEST(info->number() == SIGRTMIN);
    BOOST_TEST(info->value()->sival_int == 17);
  }

  static void send()
  {
    BOOST_REQUIRE(queue(::getpid(), SIGRTMIN, 17));
  }

  boost::asio::io_context context;
  sigfd::signal_fd signals{context, {SIGRTMIN}, options()};
  int completions = 0;

private:
  sigfd::signal_fd closed_{context};
  Wait wait_;
  bool posted_ran_ = false;
};

using scenes = std::tuple<scene<wait_one, true>, scene<wait_one, false>,
    scene<wait_some, true>, scene<wait_some, false>>;

// For what fails, or is cancelled, before anything is taken.
using pending_scenes
    = std::tuple<scene<wait_one, true>, scene<wait_some, true>>;

} // namespace support

#endif // SIGFD_TEST_SUPPORT_COMPLETION_SCENE_HPP
