// fork(2) where several objects watch the same signals: the child has none of
// the copies that are in the parent's objects, both hear their own, and neither
// changes what the other hears.

#include <sigfd/signal_fd.hpp>

#include "support/delivery.hpp"
#include "support/outcome.hpp"
#include "support/paced_sender.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;
using support::options;
using support::options_with;
using support::outcome;
using support::range;
using support::settle;
using support::take;
using support::value_of;
using support::values;

// Longer than whatever a child waits for.
constexpr std::chrono::seconds bound{60};

bool send_own(int number, int first, int end)
{
  return support::queue_range(::getpid(), number, first, end);
}

// Whether an object gets these values and, a moment later, no more.
bool gets(signal_fd& signals, const values& expected)
{
  values all;
  support::wait_until([&] {
    for (const int i : take(signals))
      all.push_back(i);
    return all.size() >= expected.size();
  });
  settle();
  for (const int i : take(signals))
    all.push_back(i);
  return all == expected;
}

// Two objects that watch the same signals, in one context or in two.
struct two
{
  net::io_context context;
  net::io_context other;
  std::optional<signal_fd> first;
  std::optional<signal_fd> second;

  two(bool in_one_context, std::size_t backlog = 1024)
  {
    const signal_mask numbers{SIGUSR1, SIGRTMIN};
    first.emplace(context, numbers, options());
    second.emplace(
        in_one_context ? context : other, numbers, options_with(backlog));
    settle(); // a pipe's thread knows of both
  }

  void notify(net::io_context::fork_event event)
  {
    context.notify_fork(event);
    other.notify_fork(event);
  }

  // The second gets copies, which it does not take, and the first has nothing.
  void keep_in_second(int count)
  {
    BOOST_REQUIRE(send_own(SIGRTMIN, 0, count));
    settle();
    BOOST_TEST(gets(*first, range(0, count)));
  }

  // Whether both get what is sent now.
  bool both_hear(int value)
  {
    return send_own(SIGRTMIN, value, value + 1) && gets(*first, {value})
        && gets(*second, {value});
  }

  // Runs both contexts until there is what is waited for.
  template <typename Condition>
  bool run_until(Condition condition)
  {
    return support::wait_until([&] {
      context.restart();
      context.poll();
      other.restart();
      other.poll();
      return condition();
    });
  }

  // Takes from both until each has had what was sent last.
  bool take_until(int last, values& from_first, values& from_second)
  {
    return support::wait_until([&] {
      for (const int i : take(*first))
        from_first.push_back(i);
      for (const int i : take(*second))
        from_second.push_back(i);
      return !from_first.empty() && from_first.back() == last
          && !from_second.empty() && from_second.back() == last;
    });
  }

  // Whether these waits hear what is sent now, from this process.
  bool hear(int value, const outcome<signal_info>& one,
      const outcome<signal_info>& another)
  {
    if (!send_own(SIGRTMIN, value, value + 1) || !run_until([&] {
          return one.completions != 0 && another.completions != 0;
        }))
      return false;
    for (const auto* heard : {&one, &another})
      if (!heard->succeeded() || value_of(heard->result) != value
          || heard->result.sender()->pid != ::getpid())
        return false;
    return !first->try_wait() && !second->try_wait();
  }
};

// The child runs a function, and exits with what it returns, or with 100 if it
// throws.
template <typename Function>
auto run(Function function)
{
  return [=]() mutable {
    try
    {
      return function();
    }
    catch (...)
    {
      return 100;
    }
  };
}

template <typename Function>
support::process fork_untold(Function function)
{
  return support::process(run(function));
}

template <typename Function>
support::process fork_told(two& objects, Function function)
{
  objects.notify(net::io_context::fork_prepare);
  support::process child(run([&objects, function]() mutable {
    objects.notify(net::io_context::fork_child);
    return function();
  }));
  objects.notify(net::io_context::fork_parent);
  return child;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(fork_delivery, support::delivery_fixture)

BOOST_AUTO_TEST_CASE(a_child_has_no_copies_and_the_parent_keeps_its_own)
{
  for (const bool in_one_context : {true, false})
    for (const bool is_told : {true, false})
      BOOST_TEST_CONTEXT(in_one_context << is_told)
      {
        two objects(in_one_context);
        objects.keep_in_second(5);
        const auto has_nothing = [&] {
          return take(*objects.second).empty() && take(*objects.first).empty()
              ? 0
              : 1;
        };
        support::process child = is_told ? fork_told(objects, has_nothing)
                                         : fork_untold(has_nothing);
        BOOST_TEST(child.wait_for(bound) == 0);
        BOOST_TEST(gets(*objects.second, range(0, 5)));
        BOOST_TEST(objects.both_hear(5));
      }
}

// In whatever way it is made. Where it was told of nothing, its own objects
// hear everything, also those of another source than the parent's.
BOOST_AUTO_TEST_CASE(objects_of_an_untold_childs_own_hear_everything)
{
  constexpr int count = 3'000; // more than the backlog of those of the parent
  ::pid_t (*const ways[])() = {::fork, support::clone_process};
  for (const auto way : ways)
    for (const auto source : {sigfd::source::kernel, sigfd::source::pipe})
    {
      two objects(true);
      objects.keep_in_second(5);
      support::process child(run([=] {
        net::io_context own;
        signal_fd one(own, {SIGRTMIN}, {.source = source});
        signal_fd another(own, {SIGRTMIN}, {.source = source});
        for (int i = 0; i < count; i += 100)
          if (!send_own(SIGRTMIN, i, i + 100) || !gets(one, range(i, i + 100))
              || !gets(another, range(i, i + 100)))
            return 1;
        return 0;
      }),
          way);
      BOOST_TEST(child.wait_for(bound) == 0);
      BOOST_TEST(gets(*objects.second, range(0, 5)));
      BOOST_TEST(objects.both_hear(5));
    }
}

BOOST_AUTO_TEST_CASE(outstanding_waits_of_both_go_on_in_parent_and_child)
{
  for (const bool in_one_context : {true, false})
    for (const bool in_reactor : {true, false})
      BOOST_TEST_CONTEXT(in_one_context << in_reactor)
      {
        two objects(in_one_context);
        outcome<signal_info> one;
        outcome<signal_info> another;
        objects.first->async_wait(one.handler());
        objects.second->async_wait(another.handler());
        if (in_reactor)
          objects.run_until([] { return true; });
        support::process child = fork_told(objects, [&] {
          if (!objects.hear(1, one, another))
            return 1;
          // And so do new ones.
          outcome<signal_info> again[2];
          objects.first->async_wait(again[0].handler());
          objects.second->async_wait(again[1].handler());
          return objects.hear(2, again[0], again[1]) ? 0 : 2;
        });
        BOOST_TEST(objects.hear(3, one, another));
        BOOST_TEST(child.wait_for(bound) == 0);
        BOOST_TEST(objects.both_hear(4));
      }
}

// One that had copies is not woken for them in the child, nor kept from being
// woken there.
BOOST_AUTO_TEST_CASE(a_wait_beside_copies_of_the_parents_hears_the_childs)
{
  for (const bool in_one_context : {true, false})
  {
    two objects(in_one_context);
    objects.keep_in_second(5);
    support::process child = fork_told(objects, [&] {
      outcome<signal_info> one;
      outcome<signal_info> another;
      objects.first->async_wait(one.handler());
      objects.second->async_wait(another.handler());
      objects.run_until([] { return true; });
      if (one.completions != 0 || another.completions != 0)
        return 1;
      return objects.hear(7, one, another) ? 0 : 2;
    });
    BOOST_TEST(child.wait_for(bound) == 0);
    outcome<signal_info> heard;
    objects.second->async_wait(heard.handler());
    BOOST_TEST(objects.run_until([&] { return heard.completions != 0; }));
    BOOST_TEST(value_of(heard.result) == 0);
    BOOST_TEST(gets(*objects.second, range(1, 5)));
  }
}

// One of two contexts is told, and its object takes a signal before the other
// is told.
BOOST_AUTO_TEST_CASE(a_wait_hears_what_came_before_its_context_was_told)
{
  two objects(false);
  outcome<signal_info> heard;
  objects.second->async_wait(heard.handler());
  objects.run_until([] { return true; });
  objects.notify(net::io_context::fork_prepare);
  support::process child(run([&] {
    objects.context.notify_fork(net::io_context::fork_child);
    if (!send_own(SIGRTMIN, 7, 8) || !support::wait_until([&] {
          return take(*objects.first) == values{7};
        }))
      return 1;
    objects.other.notify_fork(net::io_context::fork_child);
    ::pollfd p{objects.second->native_handle(), POLLIN, 0};
    if (support::test_source() == sigfd::source::pipe && ::poll(&p, 1, 0) != 1)
      return 3;
    objects.run_until([&] { return heard.completions != 0; });
    return heard.succeeded() && value_of(heard.result) == 7 ? 0 : 2;
  }));
  objects.notify(net::io_context::fork_parent);
  BOOST_TEST(child.wait_for(bound) == 0);
  BOOST_TEST(heard.completions == 0);
  BOOST_REQUIRE(send_own(SIGRTMIN, 8, 9));
  BOOST_TEST(gets(*objects.first, {8}));
  BOOST_TEST(objects.run_until([&] { return heard.completions != 0; }));
  BOOST_TEST(value_of(heard.result) == 8);
}

BOOST_AUTO_TEST_CASE(nothing_that_a_told_child_does_changes_the_parents)
{
  const std::function<void(two&)> ways[] = {
      [](two& o) { o.first->close(); },
      [](two& o) { o.second.reset(), o.first.reset(); },
      [](two& o) { o.first->update({SIGUSR2}); },
      [](two& o) { o.second->remove(SIGRTMIN), o.second->add(SIGRTMIN); },
      [](two& o) { o.second->clear(); },
      [](two& o) { o.second->cancel(), o.second->cancel(); },
      [](two& o) { signal_fd(o.context, {SIGRTMIN, SIGUSR1}, options()); },
      [](two& o) { signal_fd moved(std::move(*o.second)); },
      [](two& o) { send_own(SIGRTMIN, 100, 200), take(*o.first); },
      // A number that is held back in the child.
      [](two& o) {
        signal_fd slow(o.context, {SIGRTMIN}, options_with(1));
        settle();
        send_own(SIGRTMIN, 100, 200);
        settle();
        take(*o.first);
        settle();
        if (!support::is_pending(SIGRTMIN))
          throw 1; // and with slow, it is let go
      },
  };
  int way = 0;
  for (const auto& act : ways)
  {
    for (const bool in_one_context : {true, false})
      BOOST_TEST_CONTEXT(way << ' ' << in_one_context)
      {
        two objects(in_one_context);
        objects.keep_in_second(5);
        outcome<signal_info> heard;
        objects.first->async_wait(heard.handler());
        objects.run_until([] { return true; });
        support::process child = fork_told(objects, [&] {
          act(objects);
          return 0;
        });
        BOOST_TEST(child.wait_for(bound) == 0);
        BOOST_TEST(heard.completions == 0);
        BOOST_REQUIRE(send_own(SIGRTMIN, 5, 6));
        BOOST_TEST(objects.run_until([&] { return heard.completions != 0; }));
        BOOST_TEST(value_of(heard.result) == 5);
        BOOST_TEST(gets(*objects.second, range(0, 6)));
        BOOST_TEST(objects.both_hear(6));
      }
    ++way;
  }
}

// What may be done there without telling: to open and to close.
BOOST_AUTO_TEST_CASE(nothing_that_an_untold_child_does_changes_the_parents)
{
  const std::function<void(two&)> ways[] = {
      [](two& o) { o.first->close(); },
      [](two& o) { o.second.reset(), o.first.reset(); },
      [](two&) {
        net::io_context own;
        signal_fd fast(own, {SIGRTMIN}, options());
        signal_fd slow(own, {SIGRTMIN}, options_with(1));
        settle();
        send_own(SIGRTMIN, 100, 200);
        settle();
        if (take(fast).size() != 1 || !support::is_pending(SIGRTMIN))
          throw 1;
      },
      // The same; the child ends while it is held back.
      [](two&) {
        auto* const own = new net::io_context;
        auto* const fast = new signal_fd(*own, {SIGRTMIN}, options());
        new signal_fd(*own, {SIGRTMIN}, options_with(1));
        settle();
        send_own(SIGRTMIN, 100, 200);
        settle();
        if (take(*fast).size() != 1 || !support::is_pending(SIGRTMIN))
          throw 1;
      },
  };
  for (const auto& act : ways)
    for (const bool in_one_context : {true, false})
    {
      two objects(in_one_context);
      objects.keep_in_second(5);
      outcome<signal_info> heard;
      objects.first->async_wait(heard.handler());
      objects.run_until([] { return true; });
      support::process child = fork_untold([&] {
        act(objects);
        return 0;
      });
      BOOST_TEST(child.wait_for(bound) == 0);
      BOOST_REQUIRE(send_own(SIGRTMIN, 5, 6));
      BOOST_TEST(objects.run_until([&] { return heard.completions != 0; }));
      BOOST_TEST(value_of(heard.result) == 5);
      BOOST_TEST(gets(*objects.second, range(0, 6)));
      BOOST_TEST(objects.both_hear(6));
    }
}

// The parent's slow object has no room; the child's has.
BOOST_AUTO_TEST_CASE(what_is_held_back_in_the_parent_is_not_in_the_child)
{
  for (const bool in_one_context : {true, false})
    BOOST_TEST_CONTEXT(in_one_context)
    {
      two objects(in_one_context, 4);
      BOOST_REQUIRE(send_own(SIGRTMIN, 0, 10));
      settle();
      BOOST_TEST(gets(*objects.first, range(0, 4)));
      BOOST_TEST(support::is_pending(SIGRTMIN));
      outcome<signal_info> held;
      objects.first->async_wait(held.handler());
      objects.run_until([] { return true; });
      support::process child = fork_told(objects, [&] {
        outcome<signal_info> another;
        objects.second->async_wait(another.handler());
        if (!objects.hear(100, held, another))
          return 1;
        // It holds back there when its own is full.
        if (!send_own(SIGRTMIN, 200, 210))
          return 2;
        settle();
        if (!gets(*objects.first, range(200, 204)))
          return 3;
        values rest;
        values all;
        return objects.take_until(209, rest, all) && rest == range(204, 210)
                && all == range(200, 210)
            ? 0
            : 4;
      });
      BOOST_TEST(child.wait_for(bound) == 0);
      BOOST_TEST(held.completions == 0);
      BOOST_TEST(support::is_pending(SIGRTMIN));
      BOOST_TEST(take(*objects.second, 4) == range(0, 4));
      BOOST_TEST(objects.run_until([&] { return held.completions != 0; }));
      BOOST_TEST(value_of(held.result) == 4);
      values heard{4};
      values late = range(0, 4);
      BOOST_TEST(objects.take_until(9, heard, late));
      BOOST_TEST(heard == range(4, 10));
      BOOST_TEST(late == range(0, 10));
    }
}

// Waits again and again; checks that each is the next of one sender.
class listener
{
public:
  listener(signal_fd& signals, ::pid_t sender, int expected)
    : signals_(signals)
  {
    begin(sender, expected);
    wait();
  }

  void begin(::pid_t sender, int expected)
  {
    sender_ = sender;
    expected_ = expected;
    heard_ = 0;
    wrong_ = 0;
  }

  bool is_done() const
  {
    return heard_ + wrong_ >= expected_;
  }

  bool is_right() const
  {
    return heard_ == expected_ && wrong_ == 0;
  }

private:
  void wait()
  {
    signals_.async_wait([this](error_code ec, const signal_info& info) {
      const bool is_next = !ec && value_of(info) == heard_
          && info.sender()->pid == sender_;
      is_next ? ++heard_ : ++wrong_;
      if (!is_done())
        wait();
    });
  }

  signal_fd& signals_;
  ::pid_t sender_ = 0;
  int expected_ = 0;
  int heard_ = 0;
  int wrong_ = 0;
};

// Signals are in flight to the parent all the time, from one process, and to
// each child, from the parent: each of the objects gets its own, in order.
BOOST_AUTO_TEST_CASE(fifty_forks_with_signals_in_flight)
{
  constexpr int forks = 25;
  constexpr int to_child = 50;
  constexpr int to_parent = 800;
  const ::pid_t parent = ::getpid();
  for (const bool in_one_context : {true, false})
  {
    two objects(in_one_context, 100);
    support::paced_sender sender(SIGRTMIN, to_parent);
    listener one(*objects.first, sender.pid(), forks * to_parent);
    listener another(*objects.second, sender.pid(), forks * to_parent);
    int failed = 0;
    for (int i = 0; i < forks; ++i)
    {
      objects.run_until([] { return true; });
      sender.go_on(); // so that there is a wait, however slow this is
      support::process child = fork_told(objects, [&] {
        one.begin(parent, to_child);
        another.begin(parent, to_child);
        objects.run_until([&] { return one.is_done() && another.is_done(); });
        return one.is_right() && another.is_right()
                && !objects.first->try_wait() && !objects.second->try_wait()
            ? 0
            : 1;
      });
      for (int value = 0; value < to_child; ++value)
        BOOST_REQUIRE(support::queue(child.pid(), SIGRTMIN, value));
      objects.run_until([] { return true; });
      failed += child.wait_for(bound) == 0 ? 0 : 1;
    }
    BOOST_TEST(failed == 0);
    BOOST_TEST(
        objects.run_until([&] { return one.is_done() && another.is_done(); }));
    BOOST_TEST(one.is_right());
    BOOST_TEST(another.is_right());
    BOOST_TEST(sender.wait() == 0);
  }
}

BOOST_AUTO_TEST_SUITE_END()
