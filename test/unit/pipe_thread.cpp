// detail/pipe_thread: takes what comes for all who need it, can be paused, and
// goes.

#include <sigfd/detail/pipe_thread.hpp>

#include "support/drain.hpp"
#include "support/find_thread.hpp"
#include "support/no_room.hpp"
#include "support/plain_watcher.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/raw_siginfo.hpp"
#include "support/settle.hpp"

#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/thread_audit.hpp>

#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

namespace {

using sigfd::delivery_policy;
using sigfd::signal_info;
using sigfd::signal_mask;
using support::plain_watcher;

using list = std::vector<int>;

const signal_mask mask{SIGUSR1, SIGUSR2, SIGRTMIN, SIGRTMIN + 1};

struct fixture
{
  sigfd::scoped_signal_block block{mask};

  ~fixture()
  {
    for (const int number : mask)
      support::drain(number);
  }

  static sigfd::open_options pipe()
  {
    return {.source = sigfd::source::pipe};
  }

  static void send(int number, int first, int end)
  {
    for (int i = first; i < end; ++i)
      BOOST_REQUIRE(support::queue(::getpid(), number, i));
  }

  // Sends, and waits until they are in the stores.
  static void bring(int number, int first, int end)
  {
    send(number, first, end);
    BOOST_REQUIRE(support::settle(number));
  }
};

list range(int first, int end)
{
  list values(static_cast<std::size_t>(end - first));
  std::iota(values.begin(), values.end(), first);
  return values;
}

std::size_t count_pipe_threads()
{
  std::size_t count = 0;
  const sigfd::thread_audit audit;
  for (const auto& thread : audit.threads())
    count += thread.name == "sigfd-pipe" ? 1u : 0u;
  return count;
}

bool waits_for_signals()
{
  const sigfd::thread_audit audit;
  const auto thread = support::find_named(audit.threads(), "sigfd-pipe");
  return thread && thread->awaited && thread->awaited->contains(SIGRTMIN);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(the_thread, fixture)

BOOST_AUTO_TEST_CASE(there_is_one_for_all_as_long_as_anybody_needs_it)
{
  BOOST_TEST(count_pipe_threads() == 0u);
  plain_watcher kernel(mask);
  BOOST_TEST(count_pipe_threads() == 0u);
  {
    plain_watcher a(mask, pipe());
    plain_watcher b(mask, pipe());
    BOOST_TEST(support::wait_until([] { return count_pipe_threads() == 1; }));
    a.close();
    BOOST_TEST(count_pipe_threads() == 1u);
  }
  BOOST_TEST(support::wait_until([] { return count_pipe_threads() == 0; }));
}

BOOST_AUTO_TEST_CASE(it_blocks_every_signal)
{
  const plain_watcher a(mask, pipe());
  BOOST_TEST(support::wait_until([] { return count_pipe_threads() == 1; }));
  const sigfd::thread_audit audit;
  const auto thread = support::find_named(audit.threads(), "sigfd-pipe");
  BOOST_TEST_REQUIRE(thread.has_value());
  BOOST_TEST((thread->blocked == signal_mask::all()));
}

BOOST_AUTO_TEST_CASE(it_alone_takes_what_anybody_needs_it_for)
{
  plain_watcher kernel({SIGUSR1, SIGRTMIN});
  BOOST_TEST(kernel.is_alone());
  {
    plain_watcher a({SIGRTMIN, SIGUSR2}, pipe());
    BOOST_TEST(!kernel.is_alone());
    BOOST_TEST((kernel.takes() == signal_mask{SIGUSR1}));
    BOOST_TEST(a.takes().empty());
    bring(SIGRTMIN, 0, 10);
    BOOST_TEST(kernel.wakes == 1);
    BOOST_TEST(
        kernel.take_values() == range(0, 10), boost::test_tools::per_element());
    BOOST_TEST(
        a.take_values() == range(0, 10), boost::test_tools::per_element());
    send(SIGUSR1, 0, 1);
    BOOST_TEST(support::is_pending(SIGUSR1));
  }
  BOOST_TEST(kernel.is_alone());
  BOOST_TEST((kernel.takes() == signal_mask{SIGUSR1, SIGRTMIN}));
}

BOOST_AUTO_TEST_CASE(objects_that_come_while_it_waits_have_memory)
{
  std::deque<plain_watcher> objects;
  objects.emplace_back(mask, pipe());
  bring(SIGRTMIN, 0, 1); // for one object, the thread has memory
  BOOST_REQUIRE(support::wait_until(waits_for_signals));
  for (int i = 0; i < 200; ++i)
    objects.emplace_back(mask, pipe());
  bring(SIGRTMIN, 1, 2);
  BOOST_TEST(objects.front().take_values() == range(0, 2),
      boost::test_tools::per_element());
  objects.pop_front();
  for (plain_watcher& object : objects)
    BOOST_TEST(
        object.take_values() == range(1, 2), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(others_that_use_memory_while_it_waits_leave_it_some)
{
  plain_watcher a({SIGRTMIN}, pipe());
  plain_watcher takes({SIGRTMIN + 1});
  plain_watcher hears({SIGRTMIN + 1});
  BOOST_REQUIRE(support::wait_until(waits_for_signals));
  const std::vector<signal_info> many(
      500, signal_info(support::make_siginfo(SIGRTMIN + 1, SI_QUEUE)));
  takes.distribute(many);
  constexpr int burst = sigfd::detail::background_taker::burst;
  bring(SIGRTMIN, 0, burst); // as many as it takes at once
  BOOST_TEST(
      a.take_values() == range(0, burst), boost::test_tools::per_element());
  BOOST_TEST(hears.take().size() == many.size());
}

BOOST_AUTO_TEST_CASE(what_nobody_has_room_for_stays_in_the_kernel)
{
  plain_watcher a(
      {SIGRTMIN, SIGUSR1}, {.source = sigfd::source::pipe, .backlog = 100});
  constexpr int count = 2'000;
  send(SIGRTMIN, 0, count);
  list all;
  {
    const std::lock_guard pause(sigfd::detail::the_pipe_thread());
    BOOST_TEST(support::is_pending(SIGRTMIN));
  }
  bring(SIGUSR1, -1, 0); // is heard all the same
  BOOST_TEST(a.take_values(1) == list{-1});
  while (all.size() < count)
  {
    const list some = a.take_values(7);
    all.insert(all.end(), some.begin(), some.end());
  }
  BOOST_TEST(all == range(0, count), boost::test_tools::per_element());
}

// Even where it may drop: as long as it harms nobody, nothing is lost.
BOOST_AUTO_TEST_CASE(one_that_is_alone_drops_nothing)
{
  plain_watcher a({SIGRTMIN},
      {.source = sigfd::source::pipe,
          .backlog = 4,
          .overflow = sigfd::overflow_policy::drop_oldest});
  send(SIGRTMIN, 0, 100);
  list all;
  support::wait_until([&] {
    const list some = a.take_values(3);
    all.insert(all.end(), some.begin(), some.end());
    return all.size() == 100;
  });
  BOOST_TEST(all == range(0, 100), boost::test_tools::per_element());
  BOOST_TEST(a.dropped() == 0u);
}

BOOST_AUTO_TEST_CASE(an_update_keeps_the_order_of_what_stays)
{
  plain_watcher a({SIGRTMIN, SIGUSR1}, pipe());
  constexpr int count = 2'000;
  send(SIGRTMIN, 0, count);
  a.update({SIGRTMIN, SIGUSR2});
  a.update({SIGRTMIN, SIGUSR1});
  list all;
  while (all.size() < count)
  {
    const list some = a.take_values(7);
    all.insert(all.end(), some.begin(), some.end());
  }
  BOOST_TEST(all == range(0, count), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_no_longer_watched_goes_back)
{
  plain_watcher a({SIGRTMIN, SIGRTMIN + 1}, pipe());
  bring(SIGRTMIN, 0, 50);
  bring(SIGRTMIN + 1, 50, 100);
  a.update({SIGRTMIN + 1});
  BOOST_TEST(support::is_pending(SIGRTMIN));
  send(SIGRTMIN, 100, 101);
  BOOST_TEST(
      a.take_values() == range(50, 100), boost::test_tools::per_element());
  BOOST_TEST(support::drain(SIGRTMIN) == 51);
}

BOOST_AUTO_TEST_CASE(closing_gives_everything_back_as_it_came)
{
  {
    plain_watcher a(mask, pipe());
    bring(SIGRTMIN, 0, 10);
    a.close();
    BOOST_TEST(support::is_pending(SIGRTMIN));
  }
  plain_watcher a(mask, pipe());
  BOOST_REQUIRE(support::settle(SIGRTMIN));
  const auto infos = a.take();
  BOOST_REQUIRE(infos.size() == 10u);
  for (int i = 0; i < 10; ++i)
  {
    const signal_info& info = infos[static_cast<std::size_t>(i)];
    BOOST_TEST(info.value()->sival_int == i);
    BOOST_TEST(info.sender()->pid == ::getpid());
    BOOST_TEST(info.code() == SI_QUEUE);
  }
}

// What somebody has delivered, or has still, does not come again.
BOOST_AUTO_TEST_CASE(closing_discards_what_others_have)
{
  plain_watcher a({SIGRTMIN}, pipe());
  plain_watcher b({SIGRTMIN}, pipe());
  bring(SIGRTMIN, 0, 10);
  BOOST_TEST(a.take_values(5) == range(0, 5), boost::test_tools::per_element());
  a.close();
  BOOST_TEST(!support::is_pending(SIGRTMIN));
  BOOST_TEST(b.take_values(2) == range(0, 2), boost::test_tools::per_element());
  b.close();
  BOOST_TEST(support::drain(SIGRTMIN) == 5); // nobody ever delivered those
}

BOOST_AUTO_TEST_CASE(what_others_have_comes_once_to_who_came_later)
{
  plain_watcher a({SIGRTMIN}, pipe());
  plain_watcher b({SIGRTMIN}, pipe());
  bring(SIGRTMIN, 0, 3);
  plain_watcher late({SIGRTMIN});
  a.close();
  BOOST_TEST(late.take().empty());
  b.close();
  BOOST_TEST(
      late.take_values() == range(0, 3), boost::test_tools::per_element());
}

// Though they came later, and with the kernel's queue full: nothing is queued.
BOOST_AUTO_TEST_CASE(what_goes_back_is_heard_at_once_by_those_who_watch_it)
{
  plain_watcher a({SIGRTMIN}, pipe());
  bring(SIGRTMIN, 0, 3);
  plain_watcher b({SIGRTMIN}, pipe());
  plain_watcher kernel({SIGRTMIN});
  BOOST_TEST(b.take().empty());
  {
    const support::no_room limit;
    a.close();
  }
  for (plain_watcher* w : {&b, &kernel})
  {
    BOOST_TEST(w->wakes == 1);
    BOOST_TEST(
        w->take_values() == range(0, 3), boost::test_tools::per_element());
  }
  BOOST_TEST(!support::is_pending(SIGRTMIN));
}

BOOST_AUTO_TEST_CASE(those_who_compete_get_each_once)
{
  const sigfd::open_options options{
      .source = sigfd::source::pipe, .delivery = delivery_policy::one};
  plain_watcher a({SIGRTMIN}, options);
  plain_watcher b({SIGRTMIN}, options);
  plain_watcher kernel({SIGRTMIN}, {.delivery = delivery_policy::one});
  BOOST_TEST(!kernel.is_alone());
  bring(SIGRTMIN, 0, 10);
  BOOST_TEST(a.wakes == 1);
  BOOST_TEST(b.wakes == 1);
  BOOST_TEST(kernel.wakes == 1);
  BOOST_TEST(b.take_values(3) == range(0, 3), boost::test_tools::per_element());
  b.close();
  BOOST_TEST(
      kernel.take_values(3) == range(3, 6), boost::test_tools::per_element());
  a.close();
  // Nobody needs the thread any more. The rest is as if it had stayed there.
  list all = kernel.take_values();
  BOOST_TEST(all == range(6, 10), boost::test_tools::per_element());
  BOOST_TEST((kernel.takes() == signal_mask{SIGRTMIN}));
  BOOST_TEST(kernel.is_alone());
}

BOOST_AUTO_TEST_CASE(many_updates_beside_a_sender_lose_and_invent_nothing)
{
  plain_watcher a({SIGRTMIN}, pipe());
  constexpr int count = 20'000;
  support::process sender = support::queue_many(SIGRTMIN, count);
  int next = 0;
  for (int round = 0; next < count; ++round)
  {
    if (round % 8 == 0)
      a.update(round % 16 == 0 ? signal_mask{SIGRTMIN, SIGUSR1}
                               : signal_mask{SIGRTMIN});
    for (const int value : a.take_values(7))
      BOOST_REQUIRE(value == next++);
  }
  BOOST_TEST(sender.wait() == 0);
}

// Whatever its number and code, a record is the one that signalfd(2) gives.
BOOST_AUTO_TEST_CASE(its_records_are_those_of_the_kernel)
{
  const auto all = signal_mask::all();
  const sigfd::scoped_signal_block block_all(all);
  plain_watcher a(signal_mask(), pipe());
  int compared = 0;
  for (const int number : all)
    for (int code = -70; code < 200; code += code > 20 ? 20 : 1)
    {
      const ::siginfo_t raw = support::full_siginfo(number, code);
      signal_info from_kernel;
      {
        const sigfd::detail::unique_fd kernel(
            ::signalfd(-1, &all.native(), SFD_CLOEXEC));
        BOOST_REQUIRE(support::queue_raw(raw));
        BOOST_REQUIRE(::read(kernel.get(), &from_kernel, sizeof from_kernel)
            == ::ssize_t{sizeof from_kernel});
      }
      a.update(all);
      BOOST_REQUIRE(support::queue_raw(raw));
      std::vector<signal_info> taken;
      support::wait_until([&] { return !(taken = a.take(2)).empty(); });
      if (taken != std::vector{from_kernel})
        BOOST_ERROR("number " << number << " code " << code << ": "
                              << taken.front() << " is not " << from_kernel);
      a.update(signal_mask()); // the kernel's turn
      ++compared;
    }
  BOOST_TEST(compared == 57 * 100);
}

// A signal of the number that interrupts the thread, sent by somebody else,
// does what it would do without the thread.
BOOST_AUTO_TEST_CASE(a_foreign_interruption_goes_on)
{
  support::process child([&] {
    ::signal(SIGFPE, SIG_DFL); // not a sanitizer's
    plain_watcher a(mask, pipe());
    for (;;)
      a.update(a.ec ? mask : signal_mask{SIGRTMIN});
    return 0;
  });
  ::usleep(10'000);
  BOOST_REQUIRE(::kill(child.pid(), SIGFPE) == 0);
  const int status = child.wait_status();
  BOOST_TEST((WIFSIGNALED(status) && WTERMSIG(status) == SIGFPE));
}

// The same where no other thread would take it: it is pending.
BOOST_AUTO_TEST_CASE(a_foreign_interruption_that_is_blocked_stays)
{
  support::process child([&] {
    ::signal(SIGFPE, SIG_DFL); // not a sanitizer's
    ::sigset_t only;
    ::sigemptyset(&only);
    ::sigaddset(&only, SIGFPE);
    ::pthread_sigmask(SIG_BLOCK, &only, nullptr);
    const plain_watcher a(mask, pipe());
    if (::kill(::getpid(), SIGFPE) == -1
        || !support::wait_until(waits_for_signals))
      return 1;
    ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
    return 2;
  });
  const int status = child.wait_status();
  BOOST_TEST((WIFSIGNALED(status) && WTERMSIG(status) == SIGFPE));
}

// At the limit the kernel keeps no more of them than their number, and two may
// become one.
BOOST_AUTO_TEST_CASE(no_interruption_is_taken_for_a_foreign_one)
{
  support::process child([&] {
    ::signal(SIGFPE, SIG_DFL); // not a sanitizer's
    plain_watcher pipes({SIGRTMIN}, pipe());
    plain_watcher others({SIGRTMIN});
    support::set_queue_limit(0);
    std::atomic<bool> done{false};
    std::thread second([&] {
      for (int i = 0; !done; ++i)
        others.update(i % 2 == 0 ? signal_mask{SIGRTMIN, SIGUSR1}
                                 : signal_mask{SIGRTMIN});
    });
    // Each waits for the thread, which a busy machine lets wait for its turn.
    const auto end = std::chrono::steady_clock::now()
        + std::chrono::seconds(10);
    for (int i = 0; i < 20'000 && std::chrono::steady_clock::now() < end; ++i)
      pipes.update(
          i % 2 == 0 ? signal_mask{SIGRTMIN, SIGUSR2} : signal_mask{SIGRTMIN});
    done = true;
    second.join();
    return 0;
  });
  BOOST_TEST(child.wait_status() == 0);
}

BOOST_AUTO_TEST_CASE(a_child_has_one_of_its_own_when_it_needs_it)
{
  plain_watcher a({SIGRTMIN}, pipe());
  bring(SIGRTMIN, 0, 3);
  support::process child([&] {
    plain_watcher own({SIGRTMIN}, pipe());
    if (own.ec || ::kill(::getpid(), SIGRTMIN) == -1
        || !support::settle(SIGRTMIN))
      return 1;
    return own.take().size() == 1 ? 0 : 2;
  });
  BOOST_TEST(child.wait() == 0);
  BOOST_TEST(a.take_values() == range(0, 3), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
