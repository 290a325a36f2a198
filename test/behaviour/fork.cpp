// fork(2): parent and child each get their own signals, and waits go on in
// both.

#include <sigfd/signal_fd.hpp>

#include "support/drain.hpp"
#include "support/no_threads.hpp"
#include "support/outcome.hpp"
#include "support/paced_sender.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using boost::system::system_error;
using sigfd::signal_fd;
using sigfd::signal_info;
using support::outcome;

struct fixture
{
  net::io_context context;
  signal_fd signals{context, {SIGRTMIN}, support::options()};

  ~fixture()
  {
    signals.close();
    support::drain(SIGRTMIN);
  }

  // Forks; the child runs a function and exits with what it returns, or with
  // 100 if it throws.
  template <typename Function>
  support::process fork(Function function)
  {
    context.notify_fork(net::io_context::fork_prepare);
    support::process child([&] {
      try
      {
        context.notify_fork(net::io_context::fork_child);
        return function();
      }
      catch (const std::exception&)
      {
        return 100;
      }
    });
    context.notify_fork(net::io_context::fork_parent);
    return child;
  }

  // Queues a signal to this process and runs until a wait has it.
  bool gets_own(const outcome<signal_info>& wait, int value)
  {
    if (!support::queue(::getpid(), SIGRTMIN, value))
      return false;
    context.restart();
    context.run_for(support::patience());
    return wait.succeeded() && wait.result.value()->sival_int == value
        && wait.result.sender()->pid == ::getpid();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(forking, fixture)

BOOST_AUTO_TEST_CASE(an_outstanding_wait_goes_on_in_parent_and_child)
{
  for (const bool in_reactor : {false, true})
  {
    outcome<signal_info> wait;
    signals.async_wait(wait.handler());
    if (in_reactor)
      context.poll();
    support::process child = fork([&] { return gets_own(wait, 1) ? 0 : 1; });
    BOOST_TEST(gets_own(wait, 2));
    BOOST_TEST(child.wait() == 0);
    context.restart();
  }
}

BOOST_AUTO_TEST_CASE(what_is_pending_stays_with_the_parent)
{
  for (int i = 0; i < 20; ++i)
    BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
  ::usleep(10'000); // so that a pipe is likely to have some
  support::process child = fork([&] {
    outcome<signal_info> wait;
    signals.async_wait(wait.handler());
    return gets_own(wait, 100) && !signals.try_wait() ? 0 : 1;
  });
  BOOST_TEST(child.wait() == 0);
  for (int i = 0; i < 20; ++i)
    BOOST_TEST(signals.wait().value()->sival_int == i);
}

BOOST_AUTO_TEST_CASE(a_child_can_cancel_close_and_open)
{
  outcome<signal_info> wait;
  signals.async_wait(wait.handler());
  context.poll();
  support::process child = fork([&] {
    const auto descriptors = support::count_descriptors();
    signals.cancel();
    context.run();
    if (!wait.aborted())
      return 1;
    signals.close();
    signals.open({SIGRTMIN}, support::options());
    outcome<signal_info> again;
    signals.async_wait(again.handler());
    if (!gets_own(again, 1))
      return 2;
    return support::count_descriptors() == descriptors ? 0 : 3;
  });
  BOOST_TEST(child.wait() == 0);
  BOOST_TEST(gets_own(wait, 2));
}

BOOST_AUTO_TEST_CASE(a_fork_that_did_not_happen_changes_nothing)
{
  outcome<signal_info> wait;
  signals.async_wait(wait.handler());
  context.poll();
  context.notify_fork(net::io_context::fork_prepare);
  context.notify_fork(net::io_context::fork_parent);
  BOOST_TEST(gets_own(wait, 1));

  context.notify_fork(net::io_context::fork_prepare);
  signals.close();
  context.notify_fork(net::io_context::fork_parent);
  BOOST_TEST(!signals.is_open());
}

BOOST_AUTO_TEST_CASE(a_child_that_only_execs_is_clean)
{
  const std::string test = "test ! -e /proc/self/fd/"
      + std::to_string(signals.native_handle());
  support::process child([&] {
    ::execl("/bin/sh", "sh", "-c", test.c_str(), nullptr);
    return 127;
  });
  BOOST_TEST(child.wait() == 0);
  outcome<signal_info> wait;
  signals.async_wait(wait.handler());
  BOOST_TEST(gets_own(wait, 1));
}

// A child that nobody told, and that runs destructors: the reactor it has is
// the parent's.
BOOST_AUTO_TEST_CASE(a_child_that_destroys_the_object_leaves_the_parents_alone)
{
  outcome<signal_info> wait;
  signals.async_wait(wait.handler());
  context.poll();
  support::process child([&] {
    signals.close();
    return 0;
  });
  BOOST_TEST(child.wait() == 0);
  BOOST_TEST(gets_own(wait, 1));
  outcome<signal_info> another;
  signals.async_wait(another.handler());
  context.restart();
  context.poll();
  BOOST_TEST(gets_own(another, 2));
}

BOOST_AUTO_TEST_CASE(a_child_without_room_for_a_thread_says_so)
{
  if (support::test_source() != sigfd::source::pipe)
    return; // the kernel needs none
  outcome<signal_info> wait;
  signals.async_wait(wait.handler());
  context.poll();
  support::process child([&] {
    if (!support::forbid_threads())
      return 1;
    try
    {
      context.notify_fork(net::io_context::fork_child);
      return 3;
    }
    catch (const system_error& e)
    {
      if (e.code() != boost::system::errc::resource_unavailable_try_again)
        return 4;
    }
    if (signals.is_open())
      return 5;
    context.notify_fork(net::io_context::fork_prepare);
    context.notify_fork(net::io_context::fork_parent);
    context.restart();
    context.run();
    return wait.aborted() ? 0 : 6;
  });
  BOOST_TEST(child.wait() == 0);
  BOOST_TEST(gets_own(wait, 1));
}

// There is no thread for it in the child, so it is closed: as any object that
// is not open, it can be asked to wait.
BOOST_AUTO_TEST_CASE(what_a_child_found_closed_can_wait_and_open)
{
  if (support::source_name() != "pipe")
    return; // the kernel needs none, and a sandbox has no other source to open
  support::process child([&] {
    if (!support::forbid_threads())
      return 1;
    try
    {
      context.notify_fork(net::io_context::fork_child);
      return 3;
    }
    catch (const system_error&)
    {
    }
    outcome<signal_info> wait;
    signals.async_wait(wait.handler());
    context.poll();
    if (!wait.failed_with(net::error::bad_descriptor))
      return 4;
    signals.open({SIGRTMIN}, {.source = sigfd::source::kernel});
    outcome<signal_info> another;
    signals.async_wait(another.handler());
    return gets_own(another, 1) ? 0 : 5;
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_childs_context_may_end_before_the_object)
{
  std::optional<net::io_context> own(std::in_place);
  signal_fd object(*own, {SIGRTMIN}, support::options());
  support::process child([&] {
    own->notify_fork(net::io_context::fork_child);
    if (!object.is_open())
      return 1;
    own.reset();
    return object.is_open() ? 2 : 0;
  });
  BOOST_TEST(child.wait() == 0);
}

// Signals are in flight to the parent all the time, from one process, and to
// each child, from the parent. Each gets exactly its own, in order.
BOOST_AUTO_TEST_CASE(a_hundred_forks_with_signals_in_flight)
{
  constexpr int forks = 100;
  constexpr int to_child = 50;
  constexpr int to_parent = 200;
  const ::pid_t parent = ::getpid();
  support::paced_sender sender(SIGRTMIN, to_parent);

  // Waits again and again, and checks sender, order and value.
  struct listener
  {
    signal_fd& signals;
    ::pid_t from;
    int next = 0;
    int wrong = 0;
    int expected;

    void operator()()
    {
      signals.async_wait([this](error_code ec, const signal_info& info) {
        if (ec)
          return;
        if (info.sender()->pid == from && info.value()->sival_int == next)
          ++next;
        else
          ++wrong;
        if (next + wrong < expected)
          (*this)();
      });
    }
  } listen{signals, sender.pid(), 0, 0, forks * to_parent};
  listen();

  int failed = 0;
  for (int i = 0; i < forks; ++i)
  {
    context.poll();
    sender.go_on(); // so that there is a wait, however slow this is
    support::process child = fork([&] {
      // The wait that was outstanding in the parent goes on here, too; from
      // now on it hears the parent.
      listen.from = parent;
      listen.next = 0;
      listen.wrong = 0;
      listen.expected = to_child;
      context.restart();
      context.run_for(support::patience());
      const bool nothing_else = !signals.try_wait();
      return listen.next == to_child && listen.wrong == 0 && nothing_else ? 0
                                                                          : 1;
    });
    for (int value = 0; value < to_child; ++value)
      BOOST_REQUIRE(support::queue(child.pid(), SIGRTMIN, value));
    // The parent goes on while the child is at work.
    context.poll();
    failed += child.wait() == 0 ? 0 : 1;
  }
  BOOST_TEST(failed == 0);
  context.restart();
  context.run();
  BOOST_TEST(listen.next == forks * to_parent);
  BOOST_TEST(listen.wrong == 0);
  BOOST_TEST(sender.wait() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
