// handler_policy::call: handlers of the program go on running for signals that
// objects take before the kernel calls them.

#include <sigfd/detail/undelivered.hpp>

#include "support/handler_scene.hpp"
#include "support/process.hpp"
#include "support/raw_siginfo.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/system/error_code.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

using namespace support::handler_scene;

BOOST_FIXTURE_TEST_SUITE(handlers_called, fixture)

BOOST_AUTO_TEST_CASE(whoever_takes_a_signal_calls_the_handler_once)
{
  for (const way& w : ways)
    for (const int number : {SIGTERM, SIGRTMIN})
      for (const stray_policy stray :
          {stray_policy::forward, stray_policy::ignore})
        for (const kind k : {kind::plain, kind::with_siginfo})
          for (const bool before : {true, false})
          {
            BOOST_TEST_CONTEXT(w.name << ", signal " << number << ", stray "
                                      << int(stray) << ", kind " << int(k)
                                      << ", before " << before)
            {
              calls.clear();
              if (before)
                install(number, k);
              signal_fd signals(context, {number}, calling(stray));
              if (!before)
                install(number, k);
              send(number, 7);
              w.take(context, signals);
              BOOST_TEST_REQUIRE(calls.size() == 1u);
              BOOST_TEST(calls[0].number == number);
              BOOST_TEST(calls[0].thread == ::gettid());
              BOOST_TEST(calls[0].context == nullptr);
              const auto& info = calls[0].info;
              BOOST_TEST(info.has_value() == (k == kind::with_siginfo));
              if (info)
                BOOST_TEST(info->si_value.sival_int == 7);
              expect_nothing(signals);
            }
            ::signal(number, SIG_DFL);
          }
}

BOOST_AUTO_TEST_CASE(it_is_told_everything_that_came)
{
  install(SIGUSR1, kind::with_siginfo);
  install(SIGCHLD, kind::with_siginfo);
  signal_fd signals(context, {SIGUSR1, SIGCHLD}, calling());
  const ::pid_t self = ::getpid();
  support::process child([&] { return ::kill(self, SIGUSR1) == 0 ? 5 : 6; });
  const ::pid_t pid = child.pid();
  BOOST_TEST_REQUIRE(support::wait_until([&] {
    while (signals.try_wait())
      continue;
    return calls.size() == 2;
  }));
  BOOST_TEST(child.wait() == 5);
  const bool first = calls[0].number == SIGUSR1;
  const ::siginfo_t sent = *calls[first ? 0 : 1].info;
  BOOST_TEST(sent.si_signo == SIGUSR1);
  BOOST_TEST(sent.si_code == SI_USER);
  BOOST_TEST(sent.si_pid == pid);
  BOOST_TEST(sent.si_uid == ::getuid());
  const ::siginfo_t ended = *calls[first ? 1 : 0].info;
  BOOST_TEST(ended.si_signo == SIGCHLD);
  BOOST_TEST(ended.si_code == CLD_EXITED);
  BOOST_TEST(ended.si_pid == pid);
  BOOST_TEST(ended.si_status == 5);
}

BOOST_AUTO_TEST_CASE(the_one_that_is_installed_at_that_moment_is_called)
{
  install(SIGRTMIN, kind::plain);
  signal_fd signals(context, {SIGRTMIN}, calling());
  send(SIGRTMIN);
  next_value(signals);
  install(SIGRTMIN, kind::with_siginfo);
  send(SIGRTMIN);
  next_value(signals);
  ::signal(SIGRTMIN, SIG_IGN);
  ::signal(SIGRTMIN, SIG_DFL);
  send(SIGRTMIN);
  next_value(signals);
  BOOST_TEST_REQUIRE(calls.size() == 2u);
  BOOST_TEST(!calls[0].info);
  BOOST_TEST(calls[1].info.has_value());
}

BOOST_AUTO_TEST_CASE(without_a_handler_nothing_is_called)
{
  for (const auto action : {SIG_DFL, SIG_IGN})
    for (const int number : {SIGTERM, SIGCHLD, SIGRTMIN})
    {
      ::signal(number, action);
      signal_fd signals(context, {number}, calling());
      send(number, 3);
      BOOST_TEST(next_value(signals) == 3);
      signals.close();
      ::signal(number, SIG_DFL);
    }
  BOOST_TEST(calls.empty());
}

BOOST_AUTO_TEST_CASE(unless_asked_for_nothing_is_called)
{
  BOOST_TEST((sigfd::open_options().handlers == handler_policy::leave));
  for (const bool before : {true, false})
  {
    if (before)
      install(SIGTERM, kind::plain);
    signal_fd signals(context, {SIGTERM}, support::options());
    if (!before)
      install(SIGTERM, kind::plain);
    for (const way& w : ways)
    {
      send(SIGTERM);
      w.take(context, signals);
    }
    signals.close();
    ::signal(SIGTERM, SIG_DFL);
  }
  BOOST_TEST(calls.empty());
}

BOOST_AUTO_TEST_CASE(more_than_fit_into_one_call_are_all_handled)
{
  constexpr int count = 150;
  install(SIGRTMIN, kind::with_siginfo);
  signal_fd signals(context, {SIGRTMIN}, calling());
  std::optional<signal_fd> other;
  for (const bool shared : {false, true})
  {
    if (shared)
      other.emplace(context, sigfd::signal_mask{SIGRTMIN}, calling());
    calls.clear();
    for (int i = 0; i < count; ++i)
      send(SIGRTMIN, i);
    std::vector<signal_info> infos(count + 10);
    std::vector<int> values;
    std::function<void()> wait = [&] {
      signals.async_wait_some(infos, [&](error_code ec, std::size_t n) {
        BOOST_TEST(!ec);
        for (std::size_t i = 0; i < n; ++i)
          values.push_back(infos[i].value()->sival_int);
        BOOST_TEST(calls.size() == values.size()); // those, and no others
        if (values.size() < count)
          wait();
      });
    };
    wait();
    context.restart();
    context.run();
    BOOST_TEST_REQUIRE(values.size() == std::size_t{count});
    BOOST_TEST_REQUIRE(calls.size() == std::size_t{count});
    for (int i = 0; i < count; ++i)
    {
      const auto at = static_cast<std::size_t>(i);
      BOOST_TEST(values[at] == i);
      BOOST_TEST(calls[at].info->si_value.sival_int == i);
    }
    if (other)
      for (int i = 0; i < count; ++i)
        BOOST_TEST(next_value(*other) == i);
    BOOST_TEST(calls.size() == std::size_t{count});
  }
}

BOOST_AUTO_TEST_CASE(of_several_objects_one_calls_it)
{
  for (const bool other_calls : {true, false})
    for (const bool other_first : {true, false})
      BOOST_TEST_CONTEXT(
          "the other calls " << other_calls << ", first " << other_first)
      {
        install(SIGTERM, kind::plain);
        install(SIGRTMIN, kind::with_siginfo);
        signal_fd signals(context, {SIGTERM, SIGRTMIN}, calling());
        signal_fd other(context, {SIGRTMIN, SIGTERM},
            with(other_calls ? handler_policy::call : handler_policy::leave));
        calls.clear();
        send(SIGTERM);
        send(SIGRTMIN, 1);
        send(SIGRTMIN, 2);
        const auto take = [](signal_fd& s) {
          for (int i = 0; i < 3; ++i)
            next_value(s);
        };
        take(other_first ? other : signals);
        BOOST_TEST(calls.size() == (other_first && !other_calls ? 0u : 3u));
        take(other_first ? signals : other);
        BOOST_TEST(calls.size() == 3u);
        expect_nothing(signals);
        expect_nothing(other);
      }
}

// One that did not go back to the kernel, and one that another object took.
BOOST_AUTO_TEST_CASE(what_comes_from_two_places_at_once_is_all_handled)
{
  install(SIGRTMIN, kind::with_siginfo);
  signal_fd signals(context, {SIGRTMIN}, calling());
  signal_fd other(context, {SIGRTMIN}, with(handler_policy::leave));
  send(SIGRTMIN, 2);
  BOOST_TEST(next_value(other) == 2);
  ::siginfo_t raw = support::make_siginfo(SIGRTMIN, SI_QUEUE);
  raw.si_value.sival_int = 1;
  sigfd::detail::undelivered().keep(signal_info(raw));
  std::array<signal_info, 4> infos;
  BOOST_TEST_REQUIRE(signals.try_wait_some(infos) == 2u);
  BOOST_TEST_REQUIRE(calls.size() == 2u);
  for (std::size_t i = 0; i < 2; ++i)
  {
    BOOST_TEST(infos[i].value()->sival_int == static_cast<int>(i) + 1);
    BOOST_TEST(calls[i].info->si_value.sival_int == static_cast<int>(i) + 1);
  }
  BOOST_TEST(next_value(other) == 1);
  BOOST_TEST(calls.size() == 2u);
}

BOOST_AUTO_TEST_CASE(where_objects_compete_the_one_that_gets_it_calls_it)
{
  install(SIGRTMIN, kind::with_siginfo);
  sigfd::open_options options = calling();
  options.delivery = sigfd::delivery_policy::one;
  signal_fd first(context, {SIGRTMIN}, options);
  options.handlers = handler_policy::leave;
  signal_fd second(context, {SIGRTMIN}, options);
  send(SIGRTMIN, 1);
  BOOST_TEST(next_value(first) == 1);
  BOOST_TEST(calls.size() == 1u);
  send(SIGRTMIN, 2);
  BOOST_TEST(next_value(second) == 2);
  BOOST_TEST(calls.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_object_that_was_moved_calls_it)
{
  install(SIGRTMIN, kind::plain);
  signal_fd other(context, {SIGRTMIN}, support::options());
  signal_fd signals(context, {SIGRTMIN}, calling());
  send(SIGRTMIN, 1);
  BOOST_TEST(next_value(other) == 1);
  sigfd::basic_signalfd<net::any_io_executor> moved(std::move(signals));
  BOOST_TEST(moved.wait().value()->sival_int == 1);
  BOOST_TEST(calls.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
