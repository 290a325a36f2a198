// Handlers of the program's, and what they were called with.

#ifndef SIGFD_TEST_SUPPORT_HANDLER_SCENE_HPP
#define SIGFD_TEST_SUPPORT_HANDLER_SCENE_HPP

#include <sigfd/signal_fd.hpp>

#include "drain.hpp"
#include "outcome.hpp"
#include "process.hpp"
#include "process_state.hpp"
#include "source.hpp"
#include "wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace support::handler_scene {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::handler_policy;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::stray_policy;

// What a handler of the program was called with.
struct call
{
  int number;
  std::optional<::siginfo_t> info; // of one with SA_SIGINFO
  void* context;
  ::pid_t thread;
};

inline std::vector<call> calls;
inline std::function<void()> in_handler; // what it does besides

inline void note(const call& c)
{
  calls.push_back(c);
  if (in_handler)
    in_handler();
}

inline void plain(int number)
{
  note({number, {}, nullptr, ::gettid()});
}

inline void with_siginfo(int number, ::siginfo_t* info, void* context)
{
  note({number, *info, context, ::gettid()});
}

enum class kind
{
  plain,
  with_siginfo
};

inline void install(int number, kind k)
{
  struct ::sigaction action{};
  if (k == kind::plain)
    action.sa_handler = plain;
  else
  {
    action.sa_sigaction = with_siginfo;
    action.sa_flags = SA_SIGINFO;
  }
  BOOST_TEST_REQUIRE(::sigaction(number, &action, nullptr) == 0);
}

inline sigfd::open_options with(
    handler_policy handlers, stray_policy stray = stray_policy::forward)
{
  sigfd::open_options options = support::options();
  options.handlers = handlers;
  options.stray = stray;
  return options;
}

inline sigfd::open_options calling(stray_policy stray = stray_policy::forward)
{
  return with(handler_policy::call, stray);
}

inline void send(int number, int value = 0)
{
  BOOST_TEST_REQUIRE(support::queue(::getpid(), number, value));
}

// The value of the next signal of an object, which is on its way.
inline int next_value(signal_fd& signals)
{
  std::optional<signal_info> info;
  BOOST_TEST_REQUIRE(support::wait_until([&] {
    info = signals.try_wait();
    return info.has_value();
  }));
  return info->value() ? info->value()->sival_int : -1;
}

// That there is nothing, and no handler is called for it.
inline void expect_nothing(signal_fd& signals)
{
  const auto before = calls.size();
  BOOST_TEST(!signals.try_wait());
  BOOST_TEST(calls.size() == before);
}

inline const std::array numbers{SIGTERM, SIGUSR1, SIGCHLD, SIGRTMIN};

struct fixture
{
  net::io_context context;

  fixture()
  {
    calls.clear();
    in_handler = nullptr;
    for (const int n : numbers)
      ::signal(n, SIG_DFL);
  }

  // Objects in a test are gone by now.
  ~fixture()
  {
    in_handler = nullptr;
    for (const int n : numbers)
    {
      if (support::is_blocked(n))
        support::drain(n);
      ::signal(n, SIG_DFL);
    }
  }

  void run_until(std::function<bool()> condition)
  {
    BOOST_TEST_REQUIRE(support::wait_until([&] {
      context.restart();
      context.poll();
      return condition();
    }));
  }
};

// The ways to take a signal, each of which takes one here.

struct way
{
  const char* name;
  void (*take)(net::io_context& context, signal_fd& signals);
};

inline const std::array<way, 6> ways{{
    {"async_wait",
        [](net::io_context& context, signal_fd& signals) {
          support::outcome<signal_info> o;
          std::size_t seen = 0;
          signals.async_wait([&](error_code ec, const signal_info& info) {
            o.handler()(ec, info);
            seen = calls.size();
          });
          context.restart();
          context.run();
          BOOST_TEST(o.succeeded());
          BOOST_TEST(seen == calls.size()); // it was called before
        }},
    {"async_wait_some",
        [](net::io_context& context, signal_fd& signals) {
          std::array<signal_info, 100> infos;
          support::outcome<std::size_t> o;
          std::size_t seen = 0;
          signals.async_wait_some(infos, [&](error_code ec, std::size_t count) {
            o.handler()(ec, count);
            seen = calls.size();
          });
          context.restart();
          context.run();
          BOOST_TEST(o.succeeded());
          BOOST_TEST(o.result == 1u);
          BOOST_TEST(seen == calls.size());
        }},
    {"wait", [](net::io_context&, signal_fd& signals) { signals.wait(); }},
    {"wait_some",
        [](net::io_context&, signal_fd& signals) {
          std::array<signal_info, 100> infos;
          BOOST_TEST(signals.wait_some(infos) == 1u);
        }},
    {"try_wait",
        [](net::io_context&, signal_fd& signals) { next_value(signals); }},
    {"try_wait_some",
        [](net::io_context&, signal_fd& signals) {
          std::array<signal_info, 100> infos;
          BOOST_TEST_REQUIRE(support::wait_until(
              [&] { return signals.try_wait_some(infos) == 1; }));
        }},
}};

} // namespace support::handler_scene

#endif // SIGFD_TEST_SUPPORT_HANDLER_SCENE_HPP
