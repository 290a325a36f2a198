// handler_policy::call: boost::asio::signal_set beside a signal_fd.

#include "support/handler_scene.hpp"
#include "support/outcome.hpp"
#include "support/source.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/system/error_code.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <functional>
#include <optional>
#include <vector>

using namespace support::handler_scene;

BOOST_FIXTURE_TEST_SUITE(handlers_of_signal_set, fixture)

BOOST_AUTO_TEST_CASE(a_signal_set_hears_all)
{
  for (const bool signal_set_first : {true, false})
    for (const stray_policy stray :
        {stray_policy::forward, stray_policy::ignore})
      BOOST_TEST_CONTEXT(
          "signal_set first: " << signal_set_first << ", stray " << int(stray))
      {
        std::optional<net::signal_set> set;
        if (signal_set_first)
          set.emplace(context, SIGTERM, SIGRTMIN);
        signal_fd signals(context, {SIGTERM, SIGRTMIN}, calling(stray));
        if (!signal_set_first)
          set.emplace(context, SIGTERM, SIGRTMIN);
        std::vector<int> heard;
        std::vector<int> taken;
        std::function<void()> wait_set = [&] {
          set->async_wait([&](error_code ec, int number) {
            if (ec)
              return;
            heard.push_back(number);
            wait_set();
          });
        };
        std::function<void()> wait = [&] {
          signals.async_wait([&](error_code ec, const signal_info& info) {
            if (ec)
              return;
            taken.push_back(info.number());
            wait();
          });
        };
        wait_set();
        wait();
        std::vector<int> sent;
        for (int i = 0; i < 20; ++i)
        {
          sent.push_back(i % 3 == 0 ? SIGTERM : SIGRTMIN);
          send(sent.back());
          run_until([&] {
            return heard.size() == sent.size() && taken.size() == sent.size();
          });
        }
        BOOST_TEST(heard == sent);
        BOOST_TEST(taken == sent);
        signals.cancel();
        set->cancel();
        context.restart();
        context.run();
        BOOST_TEST(heard.size() == sent.size());
        if (!signal_set_first)
          set.reset(); // first what was installed last
        signals.close();
      }
}

BOOST_AUTO_TEST_CASE(without_it_a_signal_set_hears_nothing)
{
  net::signal_set set(context, SIGTERM);
  signal_fd signals(context, {SIGTERM}, support::options());
  support::outcome<int> heard;
  set.async_wait(heard.handler());
  send(SIGTERM, 1);
  BOOST_TEST(next_value(signals) == 1);
  context.poll();
  BOOST_TEST(heard.completions == 0);
  set.cancel();
  context.restart();
  context.run();
  BOOST_TEST(heard.aborted());
}

BOOST_AUTO_TEST_SUITE_END()
