// Threads that do not block what is watched, where RLIMIT_SIGPENDING is
// reached. There a signal may come that nobody sent, which says nothing; but
// none that somebody sent stays away, or comes twice.

#include <sigfd/signal_fd.hpp>
#include <sigfd/stray_counts.hpp>

#include "support/arrivals.hpp"
#include "support/no_room.hpp"
#include "support/patient_sender.hpp"
#include "support/process.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"
#include "support/stray_fixture.hpp"
#include "support/unblocked_threads.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <optional>
#include <thread>
#include <vector>

namespace {

namespace net = boost::asio;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;

// All that the kernel keeps of a signal without room; what a spurious one says.
bool is_bare(const signal_info& info)
{
  return info.code() == SI_USER && info.native().ssi_pid == 0
      && info.native().ssi_uid == 0;
}

// Has so many threads catch one signal each, with the values 0, 1, 2 and so on,
// while there is no room. False if they could not be sent.
bool catch_without_room(int number, std::size_t count)
{
  std::atomic<std::size_t> ready{0};
  std::atomic<bool> go{false};
  std::atomic<bool> sent{true};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      ::sigset_t only;
      ::sigemptyset(&only);
      ::sigaddset(&only, number);
      ::pthread_sigmask(SIG_BLOCK, &only, nullptr);
      ::sigval value{};
      value.sival_int = static_cast<int>(i);
      if (::pthread_sigqueue(::pthread_self(), number, value) != 0)
        sent = false;
      ++ready;
      while (!go)
        ::usleep(50);
      ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
    });
  while (ready != count)
    ::usleep(50);
  {
    const support::no_room limit;
    go = true;
    for (std::thread& thread : threads)
      thread.join();
  }
  return sent;
}

// Takes the values 0, 1, 2 and so on in any order, and calls a function when
// none is there; whether each came once.
template <typename Function>
bool take_values(
    signal_fd& signals, std::size_t count, Function when_none_is_there)
{
  std::vector<int> times(count);
  std::size_t taken = 0;
  bool right = true;
  support::wait_until([&] {
    while (const auto info = signals.try_wait())
    {
      if (is_bare(*info))
        continue;
      const auto value = static_cast<std::size_t>(
          info->value() ? info->value()->sival_int : -1);
      right = right && value < count && ++times[value] == 1;
      ++taken;
    }
    when_none_is_there();
    return taken >= count;
  });
  return right && taken == count;
}

bool take_values(signal_fd& signals, std::size_t count)
{
  return take_values(signals, count, [] {});
}

// Several senders, and threads that catch what they send: no more than the
// library keeps for as long as nothing is taken, which may be long.
int flood(::rlim_t room, int each)
{
  constexpr int senders = 4;
  constexpr int most_threads = 256;
  support::set_queue_room(room);
  net::io_context context;
  signal_fd signals(context, signal_mask{SIGRTMIN}, support::options());
  std::vector<support::process> processes;
  for (int s = 0; s < senders; ++s)
    processes.push_back(support::queue_many(SIGRTMIN, each, 0, s * each));
  const bool all_once = [&] {
    support::passing_threads threads(most_threads);
    return take_values(signals, static_cast<std::size_t>(senders * each),
        [&] { threads.allow(most_threads); });
  }();
  if (!all_once)
    return 2;
  for (support::process& process : processes)
    if (process.wait() != 0)
      return 3;
  while (const auto info = signals.try_wait())
    if (!is_bare(*info))
      return 4;
  const auto counts = sigfd::count_strays();
  // A sanitizer slows the threads down so much that they may catch none.
  const bool has_caught = counts.caught > 0 || support::has_sanitizer;
  return counts.lost == 0 && has_caught ? 0 : 5;
}

} // namespace

// Each case is a child process, which has a limit of its own and exits with 0
// if all was well.

BOOST_AUTO_TEST_SUITE(stray_limit)

BOOST_AUTO_TEST_CASE(none_of_a_quiet_sender_is_dropped_after_strays)
{
  for (const std::size_t threads : {8u, 64u})
    BOOST_TEST_CONTEXT(threads << " threads")
    {
      support::process child([&] {
        net::io_context context;
        signal_fd signals(context, signal_mask{SIGRTMIN}, support::options());
        if (!catch_without_room(SIGRTMIN, threads))
          return 1;
        support::set_queue_limit(0);
        if (!take_values(signals, threads))
          return 2;
        while (signals.try_wait())
          continue;
        support::patient_sender sender(50, [](::pid_t receiver, int) {
          return ::kill(receiver, SIGRTMIN) == 0;
        });
        return sender.receive_all(signals, is_bare) ? 0 : 3;
      });
      BOOST_TEST(child.wait() == 0);
    }
}

BOOST_AUTO_TEST_CASE(nor_in_a_child)
{
  support::process child([] {
    net::io_context context;
    signal_fd signals(context, signal_mask{SIGRTMIN}, support::options());
    if (!catch_without_room(SIGRTMIN, 16) || !take_values(signals, 16))
      return 1;
    support::set_queue_limit(0);
    support::process grandchild([] {
      net::io_context own_context;
      signal_fd own(own_context, signal_mask{SIGRTMIN}, support::options());
      support::patient_sender sender(20, [](::pid_t receiver, int) {
        return ::kill(receiver, SIGRTMIN) == 0;
      });
      return sender.receive_all(own, is_bare) ? 0 : 1;
    });
    return grandchild.wait() == 0 ? 0 : 2;
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_CASE(none_is_dropped_that_a_thread_catches_without_room)
{
  support::process child([] {
    net::io_context context;
    signal_fd signals(context, signal_mask{SIGRTMIN}, support::options());
    support::set_queue_limit(0);
    // They go to threads that do not block, or to the object.
    const support::passing_threads threads;
    support::patient_sender sender(500,
        [](::pid_t receiver, int) { return ::kill(receiver, SIGRTMIN) == 0; });
    return sender.receive_all(signals, is_bare) ? 0 : 1;
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_flood_loses_nothing_and_repeats_nothing)
{
  constexpr int each = support::has_sanitizer ? 1'000 : 10'000;
  for (const ::rlim_t room : {3'000u, 60u})
    BOOST_TEST_CONTEXT("room for " << room)
    {
      support::process child([&] { return flood(room, each); });
      BOOST_TEST(child.wait() == 0);
    }
}

BOOST_AUTO_TEST_CASE(nor_does_one_with_hardly_any_room)
{
  constexpr int each = support::has_sanitizer ? 50 : 500;
  for (::rlim_t room = 1; room <= 10; ++room)
    BOOST_TEST_CONTEXT("room for " << room)
    {
      support::process child([&] { return flood(room, each); });
      BOOST_TEST(child.wait() == 0);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(stray_full_queue, support::stray_fixture)

BOOST_AUTO_TEST_CASE(a_full_queue_loses_nothing)
{
  const int runs = support::has_sanitizer ? 1 : 20;
  constexpr int senders = 4;
  constexpr int each = 500; // more than a pipe and the queue hold, in all
  constexpr int all = senders * each;
  ::rlimit old;
  BOOST_REQUIRE(::getrlimit(RLIMIT_SIGPENDING, &old) == 0);
  for (int run = 0; run < runs; ++run)
  {
    // Beside what other processes of the user have queued, which would have the
    // senders wait.
    support::set_queue_room(256);
    const auto before = sigfd::count_strays();
    signal_fd signals(context, signal_mask{SIGRTMIN}, support::options());
    std::vector<support::process> processes;
    for (int s = 0; s < senders; ++s)
      processes.push_back(support::queue_many(SIGRTMIN, each, 0, s * each));
    // Each catches one, and there is little room to queue that again.
    BOOST_REQUIRE(support::wait_until(support::is_queue_full));
    support::unblocked_threads threads(4);
    support::arrivals arrived(signals);
    while (arrived.total() < std::size_t{all})
      context.run_one();
    for (support::process& process : processes)
      BOOST_TEST(process.wait() == 0);
    context.poll();
    BOOST_TEST(arrived.others().empty());
    for (int i = 0; i < all; ++i)
      BOOST_REQUIRE(arrived.count(SIGRTMIN, i) == 1);
    BOOST_TEST(sigfd::count_strays().caught > before.caught);
    BOOST_TEST(sigfd::count_strays().lost == before.lost);
    signals.close();
    context.run();
    context.restart();
  }
  BOOST_REQUIRE(::setrlimit(RLIMIT_SIGPENDING, &old) == 0);
}

BOOST_AUTO_TEST_CASE(a_full_queue_makes_nothing_of_nothing)
{
  // With no room at all, timers' signals still come: theirs was made before.
  support::process child([&] {
    signal_fd signals(context, signal_mask{SIGRTMIN}, support::options());
    ::sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGRTMIN;
    ::timer_t timer;
    if (::timer_create(CLOCK_MONOTONIC, &event, &timer) == -1)
      return 1;
    const ::rlimit none{0, 0};
    ::setrlimit(RLIMIT_SIGPENDING, &none);
    for (int i = 0; i < 300; ++i)
    {
      support::unblocked_threads threads(3);
      ::itimerspec at_once{};
      at_once.it_value.tv_nsec = 1;
      ::timer_settime(timer, 0, &at_once, nullptr);
      if (signals.wait().code() != SI_TIMER)
        return 2;
      for (int k = 0; k < 20; ++k)
        if (signals.try_wait())
          return 3;
    }
    return 0;
  });
  BOOST_TEST(child.wait() == 0);
}

// The library's handler, which one of the program's calls, does what the action
// under it would have done. What tells more than a kill(2) does, it cannot send
// again as it is.
BOOST_AUTO_TEST_CASE(a_full_queue_hinders_no_default_action)
{
  support::process child([&] {
    std::optional<signal_fd> signals;
    signals.emplace(context, signal_mask{SIGRTMIN}, support::options());
    static struct ::sigaction library;
    struct ::sigaction own{};
    own.sa_sigaction = [](int number, ::siginfo_t* info, void* frame) {
      library.sa_sigaction(number, info, frame);
    };
    own.sa_flags = SA_SIGINFO;
    ::sigaction(SIGRTMIN, &own, &library);
    signals.reset();
    return catch_without_room(SIGRTMIN, 1) ? 1 : 2;
  });
  const int status = child.wait_status();
  BOOST_TEST(WIFSIGNALED(status));
  BOOST_TEST(WTERMSIG(status) == SIGRTMIN);
}

BOOST_AUTO_TEST_SUITE_END()
