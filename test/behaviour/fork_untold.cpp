// Children that nobody told the library of: by notify_fork, because they only

#include <sigfd/signal_fd.hpp>
#include <sigfd/stray_counts.hpp>

#include "support/drain.hpp"
#include "support/no_room.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"
#include "support/take_all.hpp"
#include "support/unblocked_threads.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;
using support::child_bound;
using support::outcome;
using support::take_all;

void change_mask(int how, int number)
{
  ::sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, number);
  ::pthread_sigmask(how, &only, nullptr);
}

// What is called in each child of fork(3) before any other function that was
// registered for that.
void (*first_in_child)() = nullptr;

[[gnu::constructor(101)]] void register_first()
{
  ::pthread_atfork(nullptr, nullptr, [] {
    if (first_in_child != nullptr)
      first_in_child();
  });
}

// The ways in which the system makes a child.
std::vector<::pid_t (*)()> ways()
{
  std::vector<::pid_t (*)()> all = {::fork, support::clone_process};
  if (void* const found = ::dlsym(RTLD_DEFAULT, "_Fork")) // since glibc 2.34
    all.push_back(reinterpret_cast<::pid_t (*)()>(found));
  else
    BOOST_TEST_MESSAGE("no _Fork");
  return all;
}

// A parent in which signals wait that the kernel did not take back: strays, or
// what a pipe held.
struct holding_parent
{
  static constexpr int count = 5;

  net::io_context context;
  signal_fd signals{context, {SIGRTMIN}, support::options()};

  holding_parent()
  {
    const auto caught = sigfd::count_strays().caught;
    for (int i = 0; i < count; ++i)
      BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
    if (signals.source() == sigfd::source::pipe)
    {
      BOOST_REQUIRE(
          support::wait_until([] { return !support::is_pending(SIGRTMIN); }));
      const support::no_room refused;
      signals.close();
    }
    else
    {
      const support::no_room refused;
      support::unblocked_threads threads(count); // each catches one
      BOOST_REQUIRE(support::wait_until(
          [&] { return sigfd::count_strays().caught - caught >= count; }));
    }
  }

  ~holding_parent()
  {
    signals.close();
    support::drain(SIGRTMIN);
  }

  // Whether the parent gets them, once each. The number alone may come, too.
  bool gets_its_own()
  {
    if (!signals.is_open())
      signals.open({SIGRTMIN}, support::options());
    std::multiset<int> values = take_all(signals, count);
    values.erase(-1);
    return values == std::multiset<int>{0, 1, 2, 3, 4};
  }
};

// In the child: whether an object of its own finds just this.
bool finds(const std::multiset<int>& expected)
{
  net::io_context context;
  signal_fd signals(context, {SIGRTMIN}, support::options());
  std::multiset<int> values = take_all(signals, expected.size());
  values.erase(-1);
  return values == expected;
}

// In the child: catches a signal.
void catch_own()
{
  change_mask(SIG_UNBLOCK, SIGRTMIN);
  support::queue(::getpid(), SIGRTMIN, 1'000);
}

// In the child: catches a signal that the kernel does not take back.
void catch_own_without_queue()
{
  change_mask(SIG_BLOCK, SIGRTMIN);
  support::queue(::getpid(), SIGRTMIN, 1'000);
  const support::no_room refused;
  change_mask(SIG_UNBLOCK, SIGRTMIN);
}

} // namespace

BOOST_AUTO_TEST_SUITE(fork_untold)

// As a global object is destroyed in a child that calls exit(3), while the
// parent's other threads hold locks of all kinds.
BOOST_AUTO_TEST_CASE(a_child_that_exits_does_not_hang)
{
  // Of no other case: what does not fit into the kernel's queue at the end is
  // kept for the next object that watches it.
  const int flooding = SIGRTMIN + 2;
  auto& context = *new net::io_context; // its threads end with the process
  auto* const signals = new signal_fd(
      context, {flooding, SIGUSR1}, support::options());
  auto work = net::make_work_guard(context);
  std::atomic<bool> end{false};
  std::atomic<int> outstanding{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] { context.run(); });
  threads.emplace_back([&] { // the one that uses the object
    std::array<signal_info, 4> infos;
    for (int i = 0; !end; ++i)
    {
      if (outstanding < 20)
      {
        ++outstanding;
        signals->async_wait(
            [&](error_code, const signal_info&) { --outstanding; });
      }
      (void)signals->try_wait();
      (void)signals->try_wait_some(infos);
      support::queue(::getpid(), flooding, i);
      if (i % 5 == 0)
        signals->cancel();
    }
  });
  threads.emplace_back([&] { // one that uses another of the same context
    while (!end)
      signal_fd(context, {SIGRTMIN + 1, SIGUSR1}, support::options()).close();
  });

  int hung = 0;
  int failed = 0;
  // The sanitizers' allocators keep their locks over a fork, too.
  const int forks = support::has_sanitizer ? 50 : 400;
  for (int i = 0; i < forks && hung < 3; ++i)
  {
    support::process child([&] {
      delete signals;
      return 0;
    });
    const int status = child.wait_for(child_bound());
    hung += status == -2 ? 1 : 0;
    failed += status != 0 ? 1 : 0;
  }
  BOOST_TEST(hung == 0);
  BOOST_TEST(failed == 0);

  end = true;
  threads[2].join();
  threads[3].join();
  context.stop();
  threads[0].join();
  threads[1].join();
  delete signals;
  work.reset();
  delete &context;
  support::drain(flooding);
}

BOOST_AUTO_TEST_CASE(a_child_with_the_parents_process_id_leaves_it_its_own)
{
  constexpr int refused = 99;
  for (const bool only_destroys : {false, true})
  {
    support::process outside([&] {
      if (::unshare(CLONE_NEWPID) == -1
          && ::unshare(CLONE_NEWUSER | CLONE_NEWPID) == -1)
        return refused;
      support::process first([&] {
        net::io_context context;
        std::optional<signal_fd> signals(std::in_place, context,
            sigfd::signal_mask{SIGRTMIN}, support::options());
        outcome<signal_info> wait;
        signals->async_wait(wait.handler());
        context.poll();
        if (::unshare(CLONE_NEWPID) == -1)
          return refused;
        support::process child([&] {
          if (only_destroys)
            signals.reset();
          else
            signals->close();
          return ::getpid() == 1 ? 0 : 1;
        });
        if (const int status = child.wait_for(child_bound()))
          return status == -2 ? 10 : 11;
        if (!support::queue(::getpid(), SIGRTMIN, 7))
          return 12;
        context.run_for(support::patience());
        return ::getpid() == 1 && wait.succeeded() ? 0 : 13;
      });
      return first.wait();
    });
    const int status = outside.wait_for(3 * child_bound());
    if (status == refused)
      BOOST_TEST_MESSAGE("skipped: no namespaces");
    else
      BOOST_TEST(status == 0);
  }
}

// For each way to make a child.
BOOST_AUTO_TEST_CASE(a_child_does_not_get_what_waits_in_the_parent)
{
  if (support::has_thread_sanitizer)
    return; // no strays there
  for (const auto way : ways())
  {
    holding_parent parent;
    support::process child([] { return finds({}) ? 0 : 1; }, way);
    BOOST_TEST(child.wait_for(child_bound()) == 0);
    BOOST_TEST(parent.gets_its_own());
  }
}

// Also not by giving it back to the kernel, or forgetting it for both.
BOOST_AUTO_TEST_CASE(a_child_does_not_lose_what_it_catches)
{
  if (support::has_thread_sanitizer)
    return;
  for (const auto catch_one : {catch_own, catch_own_without_queue})
    for (const auto way : ways())
    {
      holding_parent parent;
      support::process child(
          [&] {
            // The handler is there as long as an object watches.
            net::io_context context;
            signal_fd signals(
                context, {SIGRTMIN}, {.source = sigfd::source::kernel});
            catch_one();
            return finds({1'000}) && finds({}) ? 0 : 1;
          },
          way);
      BOOST_TEST(child.wait_for(child_bound()) == 0);
      BOOST_TEST(parent.gets_its_own());
    }
}

// Nor what it catches before anybody can have been told that it is a child.
BOOST_AUTO_TEST_CASE(a_child_does_not_lose_what_it_catches_at_once)
{
  if (support::has_thread_sanitizer)
    return;
  for (const auto catch_one : {catch_own, catch_own_without_queue})
  {
    net::io_context context;
    signal_fd signals(context, {SIGRTMIN}, support::options());
    first_in_child = catch_one;
    support::process child([] { return finds({1'000}) ? 0 : 1; });
    first_in_child = nullptr;
    BOOST_TEST(child.wait_for(child_bound()) == 0);
    BOOST_TEST(!signals.try_wait());
  }
}

// What the child has of the actions and of the memory is not of one moment, if
// another thread of the parent changes both.
BOOST_AUTO_TEST_CASE(a_child_catches_although_another_thread_opens_and_closes)
{
  if (support::has_sanitizer)
    return; // a child cannot allocate while the parent's allocator is locked
  change_mask(SIG_BLOCK, SIGRTMIN);
  std::atomic<bool> end{false};
  std::thread opening([&] {
    net::io_context context;
    while (!end)
      signal_fd(context, {SIGRTMIN}, support::options()).close();
  });
  int failed = 0;
  for (int i = 0; i < 300; ++i)
  {
    support::process child([] {
      net::io_context context;
      signal_fd signals(context, {SIGRTMIN}, support::options());
      catch_own();
      return take_all(signals, 1) == std::multiset<int>{1'000} ? 0 : 1;
    });
    failed += child.wait_for(child_bound()) == 0 ? 0 : 1;
  }
  BOOST_TEST(failed == 0);
  end = true;
  opening.join();
}

BOOST_AUTO_TEST_SUITE_END()
