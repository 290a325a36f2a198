// Threads that do not block what is watched: nothing that reaches them is lost,
// and they go on as if nothing had.

#include <sigfd/signal_fd.hpp>
#include <sigfd/stray_counts.hpp>

#include "support/arrivals.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"
#include "support/stray_fixture.hpp"
#include "support/unblock.hpp"
#include "support/unblocked_threads.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <thread>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;

} // namespace

BOOST_FIXTURE_TEST_SUITE(stray, support::stray_fixture)

BOOST_AUTO_TEST_CASE(threads_that_never_block_lose_nothing)
{
  const int flood = support::has_thread_sanitizer ? 2'000 : 100'000;
  // Under ThreadSanitizer one at a time: it keeps one of each number for a
  // thread, and drops the others before they reach a handler.
  const bool one_at_a_time = support::has_thread_sanitizer;
  const std::array<int, 3> mixed{SIGUSR1, SIGCHLD, SIGTERM};

  support::unblocked_threads threads(8);
  const auto before = sigfd::count_strays();
  signal_fd signals(context, signal_mask{SIGUSR1, SIGCHLD, SIGTERM, SIGRTMIN},
      support::options());
  support::arrivals arrived(signals);

  // A standard signal is sent again only when the last one arrived: two that
  // are pending are one.
  int acknowledged[2];
  BOOST_REQUIRE(::pipe2(acknowledged, O_CLOEXEC) == 0);
  BOOST_REQUIRE(::fcntl(acknowledged[1], F_SETPIPE_SZ, 1 << 20) >= flood / 2);
  arrived.acknowledge_to(acknowledged[1]);
  const ::pid_t receiver = ::getpid();
  support::process sender([&] {
    int sent = 0;
    int seen = 0;
    const auto wait_for_all = [&] {
      for (char byte; seen < sent && ::read(acknowledged[0], &byte, 1) == 1;)
        ++seen;
      return seen == sent;
    };
    for (int i = 0; i < flood; ++i)
    {
      if (!support::queue(receiver, SIGRTMIN, i))
        return 1;
      ++sent;
      if ((one_at_a_time || i % 1'000 == 0) && !wait_for_all())
        return 2;
      if (i % 1'000 == 0)
        for (int number : mixed)
        {
          if (!support::queue(receiver, number, i))
            return 3;
          ++sent;
          if (one_at_a_time && !wait_for_all())
            return 4;
        }
    }
    return wait_for_all() ? 0 : 5;
  });
  const auto expected = static_cast<std::size_t>(
      flood + 3 * ((flood + 999) / 1'000));
  while (arrived.total() < expected)
    context.run_one();
  BOOST_TEST(arrived.strangers(sender.pid()) == 0);
  for (int i = 0; i < flood; ++i)
    BOOST_REQUIRE(arrived.count(SIGRTMIN, i) == 1);
  for (int i = 0; i < flood; i += 1'000)
    for (int number : mixed)
      BOOST_REQUIRE(arrived.count(number, i) == 1);

  const ::pid_t pid = sender.pid();
  BOOST_TEST(sender.wait() == 0);
  while (arrived.others().empty())
    context.run_one();
  BOOST_TEST(arrived.others()[0].child().value().pid == pid);

  const auto after = sigfd::count_strays();
  BOOST_TEST(after.lost == before.lost);
  BOOST_TEST(after.caught > before.caught);
  if (!support::has_thread_sanitizer) // its handlers cannot change the mask
    BOOST_TEST(after.caught - before.caught <= 8u * 4u);
  ::close(acknowledged[0]);
  ::close(acknowledged[1]);
}

BOOST_AUTO_TEST_CASE(without_the_guard_the_process_dies)
{
  support::process victim([&] {
    support::unblocked_threads threads(8);
    sigfd::open_options options = support::options();
    options.stray = sigfd::stray_policy::ignore;
    signal_fd signals(context, signal_mask{SIGTERM}, options);
    for (int i = 0; i < 8; ++i)
      ::kill(::getpid(), SIGTERM);
    return signals.wait().number() == SIGTERM ? 0 : 1;
  });
  const int status = victim.wait_status();
  BOOST_TEST(WIFSIGNALED(status));
  BOOST_TEST(WTERMSIG(status) == SIGTERM);
}

BOOST_AUTO_TEST_CASE(what_a_signal_to_one_thread_says_arrives)
{
  for (int number : {SIGUSR1, SIGRTMIN})
  {
    support::unblocked_threads threads(1);
    signal_fd signals(context, signal_mask{number}, support::options());
    BOOST_REQUIRE(::pthread_kill(threads.handle(0), number) == 0);
    const signal_info info = signals.wait();
    BOOST_TEST(info.number() == number);
    BOOST_TEST(info.code() == SI_TKILL);
    BOOST_TEST(info.sender().value().pid == ::getpid());
    BOOST_TEST(info.sender().value().attested);
    BOOST_TEST(!signals.try_wait());
  }
}

BOOST_AUTO_TEST_CASE(a_stray_wakes_a_wait)
{
  support::unblocked_threads threads(1);
  signal_fd signals(context, signal_mask{SIGUSR1}, support::options());
  signal_info info;
  signals.async_wait([&](error_code, const signal_info& i) { info = i; });
  context.poll();
  BOOST_REQUIRE(info.number() == 0);
  BOOST_REQUIRE(::pthread_kill(threads.handle(0), SIGUSR1) == 0);
  context.run();
  BOOST_TEST(info.number() == SIGUSR1);
  BOOST_TEST(info.code() == SI_TKILL);
}

BOOST_AUTO_TEST_CASE(a_stray_wakes_a_wait_of_another_context)
{
  support::unblocked_threads threads(1);
  net::io_context other;
  signal_fd idle(
      context, signal_mask{SIGUSR1}, {.source = sigfd::source::kernel});
  signal_fd signals(
      other, signal_mask{SIGUSR1}, {.source = sigfd::source::kernel});
  signal_info info;
  signals.async_wait([&](error_code, const signal_info& i) { info = i; });
  other.poll();
  BOOST_REQUIRE(::pthread_kill(threads.handle(0), SIGUSR1) == 0);
  other.run();
  BOOST_TEST(info.number() == SIGUSR1);
  BOOST_TEST(idle.try_wait().has_value());
}

BOOST_AUTO_TEST_CASE(nothing_merges_with_a_forwarding)
{
  // What is sent after the delivery of a stray is a signal of its own.
  signal_fd signals(
      context, signal_mask{SIGCHLD, SIGRTMIN}, support::options());
  for (int number : {SIGCHLD, SIGRTMIN})
    for (int i = 0; i < 200; ++i)
    {
      support::unblocked_threads threads(1);
      BOOST_REQUIRE(::pthread_kill(threads.handle(0), number) == 0);
      BOOST_REQUIRE(signals.wait().code() == SI_TKILL);
      BOOST_REQUIRE(support::queue(::getpid(), number, i));
      std::optional<signal_info> info;
      BOOST_REQUIRE(support::wait_until(
          [&] { return (info = signals.try_wait()).has_value(); }));
      BOOST_REQUIRE(info->value().value().sival_int == i);
    }
  BOOST_TEST(!signals.try_wait());
}

BOOST_AUTO_TEST_CASE(who_adds_a_signal_hears_of_what_was_caught_before)
{
  sigfd::scoped_signal_block(signal_mask{SIGUSR1}).release();
  signal_fd signals(context, signal_mask{SIGUSR1}, support::options());
  signal_info info;
  signals.async_wait([&](error_code, const signal_info& i) { info = i; });
  context.poll();
  {
    support::unblocked_threads threads(1);
    signal_fd other(context, signal_mask{SIGRTMIN}, support::options());
    const auto caught = sigfd::count_strays().caught;
    BOOST_REQUIRE(::pthread_kill(threads.handle(0), SIGRTMIN) == 0);
    BOOST_REQUIRE(support::wait_until(
        [&] { return sigfd::count_strays().caught != caught; }));
  }
  signals.add(SIGRTMIN);
  context.run();
  BOOST_TEST(info.number() == SIGRTMIN);
  BOOST_TEST(info.code() == SI_TKILL);
}

BOOST_AUTO_TEST_CASE(a_thread_blocks_what_it_caught)
{
  if (support::has_thread_sanitizer)
    return; // its handlers cannot change the mask
  std::atomic<int> phase{0};
  bool blocked = false;
  std::thread thread([&] {
    support::wait_until([&] { return phase == 1; });
    blocked = support::is_blocked(SIGUSR1) && !support::is_blocked(SIGUSR2);
  });
  signal_fd signals(context, signal_mask{SIGUSR1, SIGUSR2}, support::options());
  BOOST_REQUIRE(::pthread_kill(thread.native_handle(), SIGUSR1) == 0);
  BOOST_TEST(signals.wait().number() == SIGUSR1);
  phase = 1;
  thread.join();
  BOOST_TEST(blocked);
}

BOOST_AUTO_TEST_CASE(an_ignored_signal_arrives)
{
  ::signal(SIGCHLD, SIG_IGN);
  {
    signal_fd signals(context, signal_mask{SIGCHLD}, support::options());
    support::process child([] { return 7; });
    const auto status = signals.wait().child().value();
    BOOST_TEST(status.pid == child.pid());
    BOOST_TEST(status.status == 7);
  }
  BOOST_TEST((::signal(SIGCHLD, SIG_DFL) == SIG_IGN));
}

BOOST_AUTO_TEST_CASE(a_blocking_read_goes_on)
{
  int ends[2];
  BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  std::atomic<bool> reading{false};
  ::ssize_t size = -1;
  std::thread thread([&] {
    reading = true;
    char byte;
    size = ::read(ends[0], &byte, 1);
  });
  signal_fd signals(context, signal_mask{SIGUSR1}, support::options());
  support::wait_until([&] { return reading.load(); });
  for (int i = 0; i < 20; ++i)
    ::sched_yield();
  BOOST_REQUIRE(::pthread_kill(thread.native_handle(), SIGUSR1) == 0);
  BOOST_TEST(signals.wait().number() == SIGUSR1); // it was hit
  BOOST_TEST(size == -1);
  BOOST_REQUIRE(::write(ends[1], "", 1) == 1);
  thread.join();
  BOOST_TEST(size == 1);
  ::close(ends[0]);
  ::close(ends[1]);
}

BOOST_AUTO_TEST_CASE(errno_is_left_alone)
{
  signal_fd signals(context, signal_mask{SIGUSR1}, support::options());
  ::sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGUSR1);
  ::kill(::getpid(), SIGUSR1);
  errno = EXDEV;
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  BOOST_TEST(errno == EXDEV);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  BOOST_TEST(signals.wait().number() == SIGUSR1);
}

BOOST_AUTO_TEST_CASE(a_thread_that_is_cancelled_forwards_all_the_same)
{
  if (support::has_sanitizer)
    return; // an asynchronous cancellation leaves their runtimes broken
  const int rounds = 500;
  signal_fd signals(context, signal_mask{SIGRTMIN}, support::options());
  int arrived = 0;
  int last = -1;
  for (int i = 0; i < rounds; ++i)
  {
    std::atomic<bool> ready{false};
    ::pthread_t thread;
    BOOST_REQUIRE(::pthread_create(
                      &thread, nullptr,
                      [](void* p) -> void* {
                        ::pthread_setcanceltype(
                            PTHREAD_CANCEL_ASYNCHRONOUS, nullptr);
                        support::unblock_all();
                        static_cast<std::atomic<bool>*>(p)->store(true);
                        for (;;)
                          continue;
                      },
                      &ready)
        == 0);
    support::wait_until([&] { return ready.load(); });
    ::sigval value{};
    value.sival_int = i;
    BOOST_REQUIRE(::pthread_sigqueue(thread, SIGRTMIN, value) == 0);
    BOOST_REQUIRE(::pthread_cancel(thread) == 0);
    BOOST_REQUIRE(::pthread_join(thread, nullptr) == 0);
    // It was cancelled before the handler ran, or the handler ran to its end.
    // From the pipe, it may come later.
    while (const auto info = signals.try_wait())
    {
      BOOST_TEST(info->value().value().sival_int <= i);
      BOOST_TEST(info->value().value().sival_int > last);
      last = info->value().value().sival_int;
      ++arrived;
    }
    BOOST_REQUIRE(sigfd::count_strays().lost == 0);
  }
  // What a thread has taken to its end, it leaves: see unit.stray_handler.
  BOOST_TEST(arrived > 0);
}

BOOST_AUTO_TEST_CASE(abort_ends_the_process_by_its_signal)
{
  for (const bool blocked : {false, true})
  {
    support::process victim([&] {
      ::rlimit no_core{0, 0};
      ::setrlimit(RLIMIT_CORE, &no_core);
      if (blocked)
      {
        signal_fd signals(context, signal_mask{SIGABRT}, support::options());
        std::abort();
      }
      std::optional<signal_fd> signals;
      std::atomic<bool> open{false};
      std::thread thread([&] {
        support::wait_until([&] { return open.load(); });
        std::abort();
      });
      signals.emplace(context, signal_mask{SIGABRT}, support::options());
      open = true;
      thread.join();
      return 0;
    });
    const int status = victim.wait_status();
    BOOST_TEST(WIFSIGNALED(status));
    BOOST_TEST(WTERMSIG(status) == SIGABRT);
  }
}

// What the process itself sends to a thread looks like abort(3) before the end:
// the handler does nothing about it. What comes from elsewhere arrives.
BOOST_AUTO_TEST_CASE(what_looks_like_abort_is_left_alone)
{
  signal_fd signals(context, signal_mask{SIGABRT}, support::options());
  support::unblock_all();
  const auto before = sigfd::count_strays();
  BOOST_TEST(::pthread_kill(::pthread_self(), SIGABRT) == 0);
  BOOST_TEST(sigfd::count_strays().caught == before.caught);
  BOOST_TEST(!signals.try_wait().has_value());
  const ::pid_t receiver = ::getpid();
  support::process sender([&] { return ::kill(receiver, SIGABRT); });
  const ::pid_t pid = sender.pid();
  BOOST_TEST(sender.wait() == 0);
  const auto info = signals.wait();
  BOOST_TEST(info.number() == SIGABRT);
  BOOST_TEST(info.sender().value().pid == pid);
  if (signals.source() == sigfd::source::kernel) // or the pipe's thread has it
    BOOST_TEST(sigfd::count_strays().caught - before.caught == 1u);
}

BOOST_AUTO_TEST_CASE(a_fork_leaves_mail_to_the_parent)
{
  support::unblocked_threads threads(1);
  signal_fd signals(context, signal_mask{SIGUSR1}, support::options());
  const auto caught = sigfd::count_strays().caught;
  BOOST_REQUIRE(::pthread_kill(threads.handle(0), SIGUSR1) == 0);
  BOOST_REQUIRE(support::wait_until(
      [&] { return sigfd::count_strays().caught == caught + 1; }));
  context.notify_fork(net::io_context::fork_prepare);
  const ::pid_t pid = ::fork();
  if (pid == 0)
  {
    context.notify_fork(net::io_context::fork_child);
    ::_exit(signals.try_wait() ? 1 : 0);
  }
  context.notify_fork(net::io_context::fork_parent);
  int status = -1;
  BOOST_REQUIRE(::waitpid(pid, &status, 0) == pid);
  BOOST_TEST(status == 0);
  BOOST_TEST(signals.wait().number() == SIGUSR1);
}

BOOST_AUTO_TEST_SUITE_END()
