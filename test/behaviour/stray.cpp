// Threads that do not block what is watched: nothing that reaches them is lost,
// and nothing of the guard stays behind.

#include <sigfd/signal_fd.hpp>
#include <sigfd/stray_counts.hpp>

#include "support/drain.hpp"
#include "support/no_room.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"
#include "support/unblocked_threads.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <map>
#include <optional>
#include <thread>
#include <vector>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;
using flags = signal_fd::flags;

// Signals of these tests are unblocked in the main thread, as in a program that
// has not opened anything yet.
struct fixture
{
  fixture()
  {
    ::sigset_t none;
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  }

  ~fixture()
  {
    for (int n : signal_mask::all())
    {
      if (!support::has_sanitizer) // theirs look alike
        BOOST_TEST(!support::has_siginfo_handler(n));
      ::signal(n, SIG_IGN); // discards what is pending
      ::signal(n, SIG_DFL);
    }
  }

  net::io_context context;
};

// What arrived, by number and value.
class arrivals
{
public:
  explicit arrivals(signal_fd& signals)
    : signals_(signals)
  {
    wait();
  }

  // The pipe of acknowledgements, if the sender waits for them.
  void acknowledge_to(int descriptor)
  {
    acknowledge_ = descriptor;
  }

  std::size_t total() const
  {
    return total_;
  }

  // How often a value came with a number.
  int count(int number, int value) const
  {
    const auto found = counts_.find({number, value});
    return found == counts_.end() ? 0 : found->second;
  }

  // How many came that were not sent by sigqueue(3) from this process.
  int strangers(::pid_t sender) const
  {
    return static_cast<int>(std::count_if(others_.begin(), others_.end(),
               [](const signal_info&) { return true; }))
        + wrong_senders(sender);
  }

  const std::vector<signal_info>& others() const
  {
    return others_;
  }

private:
  int wrong_senders(::pid_t sender) const
  {
    int wrong = 0;
    for (const auto& [pid, count] : senders_)
      wrong += pid == sender ? 0 : count;
    return wrong;
  }

  void wait()
  {
    signals_.async_wait([this](error_code ec, const signal_info& info) {
      if (ec)
        return;
      ++total_;
      const auto value = info.value();
      if (value && info.code() == SI_QUEUE)
      {
        ++counts_[{info.number(), value->sival_int}];
        ++senders_[info.sender()->pid];
      }
      else
        others_.push_back(info);
      if (acknowledge_ != -1)
        BOOST_REQUIRE(::write(acknowledge_, "", 1) == 1);
      wait();
    });
  }

  signal_fd& signals_;
  int acknowledge_ = -1;
  std::size_t total_ = 0;
  std::map<std::pair<int, int>, int> counts_;
  std::map<::pid_t, int> senders_;
  std::vector<signal_info> others_;
};

void on_signal(int) {}

// The action of a signal as sigaction(2) reports it.
struct ::sigaction action_of(int signal_number)
{
  struct ::sigaction action{};
  BOOST_REQUIRE(::sigaction(signal_number, nullptr, &action) == 0);
  return action;
}

bool same_action(const struct ::sigaction& a, const struct ::sigaction& b)
{
  for (int n = 1; n < _NSIG; ++n) // the rest of a set is not initialised
    if (::sigismember(&a.sa_mask, n) != ::sigismember(&b.sa_mask, n))
      return false;
  return a.sa_handler == b.sa_handler && a.sa_flags == b.sa_flags;
}

// Three actions to be found again: a handler with everything one can set, to be
// ignored, and the default.
std::array<struct ::sigaction, 3> three_actions()
{
  std::array<struct ::sigaction, 3> actions{};
  actions[0].sa_handler = &on_signal;
  actions[0].sa_flags = SA_RESTART | SA_NODEFER | SA_ONSTACK;
  ::sigaddset(&actions[0].sa_mask, SIGUSR2);
  actions[1].sa_handler = SIG_IGN;
  actions[2].sa_handler = SIG_DFL;
  return actions;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(stray, fixture)

BOOST_AUTO_TEST_CASE(threads_that_never_block_lose_nothing)
{
  const int flood = support::has_thread_sanitizer ? 2'000 : 100'000;
  // Under ThreadSanitizer one at a time: it keeps one of each number for a
  // thread, and drops the others before they reach a handler.
  const bool one_at_a_time = support::has_thread_sanitizer;
  const std::array<int, 3> mixed{SIGUSR1, SIGCHLD, SIGTERM};

  support::unblocked_threads threads(8);
  const auto before = sigfd::count_strays();
  signal_fd signals(context,
      signal_mask{SIGUSR1, SIGCHLD, SIGTERM, SIGRTMIN}, support::options());
  arrivals arrived(signals);

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
    const ::pid_t receiver = ::getpid();
    std::vector<support::process> processes;
    for (int s = 0; s < senders; ++s)
      processes.emplace_back([=] {
        for (int i = 0; i < each; ++i)
          if (!support::queue(receiver, SIGRTMIN, s * each + i))
            return 1;
        return 0;
      });
    // Each catches one, and there is little room to queue that again.
    BOOST_REQUIRE(support::wait_until(support::is_queue_full));
    support::unblocked_threads threads(4);
    arrivals arrived(signals);
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
  // Two objects compete; the one that waits gets it, whoever it is.
  support::unblocked_threads threads(1);
  net::io_context other;
  signal_fd idle(context, signal_mask{SIGUSR1},
      {.source = sigfd::source::kernel});
  signal_fd signals(other, signal_mask{SIGUSR1},
      {.source = sigfd::source::kernel});
  signal_info info;
  signals.async_wait([&](error_code, const signal_info& i) { info = i; });
  other.poll();
  BOOST_REQUIRE(::pthread_kill(threads.handle(0), SIGUSR1) == 0);
  other.run();
  BOOST_TEST(info.number() == SIGUSR1);
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
    BOOST_REQUIRE(::pthread_create(&thread, nullptr,
        [](void* p) -> void* {
          ::pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr);
          ::sigset_t none;
          ::sigemptyset(&none);
          ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
          static_cast<std::atomic<bool>*>(p)->store(true);
          for (;;)
            continue;
        }, &ready) == 0);
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

BOOST_AUTO_TEST_CASE(the_previous_action_is_put_back)
{
  for (const auto& before : three_actions())
    for (int number : {SIGUSR1, SIGTERM, SIGRTMIN + 1})
    {
      BOOST_REQUIRE(::sigaction(number, &before, nullptr) == 0);
      const auto installed = action_of(number);
      std::array<int, 3> order{0, 1, 2};
      do
        for (int first_closed = 0; first_closed < 3; ++first_closed)
        {
          // Opened and closed in any order, and opened again in between.
          std::array<std::optional<signal_fd>, 3> objects;
          for (int i : order)
          {
            objects[static_cast<std::size_t>(i)].emplace(
                context, signal_mask{number}, support::options());
            BOOST_REQUIRE(support::has_siginfo_handler(number));
          }
          objects[static_cast<std::size_t>(first_closed)].reset();
          BOOST_REQUIRE(support::has_siginfo_handler(number));
          objects[static_cast<std::size_t>(first_closed)].emplace(
              context, signal_mask{SIGUSR2, number}, support::options());
          for (std::size_t i = 0; i < 3; ++i)
          {
            BOOST_REQUIRE(support::has_siginfo_handler(number));
            if (i == 1)
              objects[i]->remove(number);
            else if (i == 2)
              objects[i]->clear();
            else
              objects[i].reset();
          }
          BOOST_REQUIRE(same_action(action_of(number), installed));
        }
      while (std::next_permutation(order.begin(), order.end()));
    }
}

BOOST_AUTO_TEST_CASE(an_action_of_somebody_else_stays)
{
  struct ::sigaction theirs{};
  theirs.sa_handler = &on_signal;
  theirs.sa_flags = SA_NODEFER;
  {
    signal_fd signals(context, signal_mask{SIGUSR1}, support::options());
    BOOST_REQUIRE(::sigaction(SIGUSR1, &theirs, nullptr) == 0);
    signal_fd second(context, signal_mask{SIGUSR1}, support::options());
    BOOST_TEST((action_of(SIGUSR1).sa_handler == &on_signal));
  }
  BOOST_TEST((action_of(SIGUSR1).sa_handler == &on_signal));
  BOOST_TEST((action_of(SIGUSR1).sa_flags & SA_NODEFER) != 0);
}

BOOST_AUTO_TEST_CASE(a_failed_open_leaves_no_action)
{
  ::signal(SIGUSR1, SIG_IGN);
  error_code ec;
  signal_fd signals(context);
  sigfd::open_options options = support::options();
  options.mask = sigfd::mask_policy::require;
  signals.open({SIGUSR1}, options, ec);
  BOOST_TEST(ec.category().name() == std::string("sigfd"));
  BOOST_TEST((action_of(SIGUSR1).sa_handler == SIG_IGN));

  // Nor does a failed update.
  sigfd::scoped_signal_block block({SIGUSR2});
  signals.open({SIGUSR2}, options);
  signals.update({SIGUSR2, SIGUSR1}, ec);
  BOOST_TEST(ec.category().name() == std::string("sigfd"));
  BOOST_TEST((action_of(SIGUSR1).sa_handler == SIG_IGN));
  BOOST_TEST(support::has_siginfo_handler(SIGUSR2));
  signals.add(SIGUSR1, flags::restart, ec);
  BOOST_TEST(ec.category().name() == std::string("sigfd"));
  BOOST_TEST((action_of(SIGUSR1).sa_handler == SIG_IGN));
}

BOOST_AUTO_TEST_CASE(what_is_pending_survives_the_previous_action)
{
  // Where these become ignored again, the kernel discards what is pending.
  for (auto action : {SIG_IGN, SIG_DFL})
    for (int number : {SIGCHLD, SIGURG, SIGWINCH, SIGCONT})
    {
      ::signal(number, action);
      signal_fd signals(context, signal_mask{number}, support::options());
      BOOST_REQUIRE(support::queue(::getpid(), number, 5));
      signals.close();
      // A default that ignores stays replaced: behaviour.*.default_ignored.
      BOOST_TEST((action_of(number).sa_handler == SIG_IGN)
          == (action == SIG_IGN));
      signals.open({number}, support::options());
      const signal_info info = signals.wait();
      BOOST_TEST(info.number() == number);
      BOOST_TEST(info.value().value().sival_int == 5);
    }
}

BOOST_AUTO_TEST_CASE(opening_and_closing_beside_strays)
{
  if (support::has_thread_sanitizer)
    return; // it drops signals that reach a handler at once
  // While closed, a handler of the program's own counts; what the guard caught
  // when the last object went waits for the next one.
  static std::atomic<int> handled{0};
  struct ::sigaction own{};
  own.sa_sigaction = [](int, ::siginfo_t*, void*) { ++handled; };
  own.sa_flags = SA_SIGINFO | SA_RESTART;
  BOOST_REQUIRE(::sigaction(SIGRTMIN, &own, nullptr) == 0);

  constexpr int sent = 20'000;
  std::atomic<bool> done{false};
  std::vector<std::thread> makers;
  for (int i = 0; i < 2; ++i)
    makers.emplace_back([&] {
      while (!done) // a thread that has caught one blocks it: new ones
        support::unblocked_threads(2);
    });
  const auto lost = sigfd::count_strays().lost;
  support::process sender = support::queue_many(SIGRTMIN, sent, 20);
  int taken = 0;
  signal_fd signals(context);
  while (::waitid(P_PID, static_cast<::id_t>(sender.pid()), nullptr,
             WEXITED | WNOHANG | WNOWAIT) == 0
      && handled + taken < sent)
  {
    signals.open({SIGRTMIN}, support::options());
    while (signals.try_wait())
      ++taken;
    signals.close();
  }
  done = true;
  for (std::thread& maker : makers)
    maker.join();
  BOOST_TEST(sender.wait() == 0);
  signals.open({SIGRTMIN}, support::options());
  while (signals.try_wait())
    ++taken;
  signals.close();
  BOOST_TEST(handled + taken == sent);
  BOOST_TEST(handled > 0);
  BOOST_TEST(taken > 0);
  BOOST_TEST(sigfd::count_strays().lost == lost);
  ::signal(SIGRTMIN, SIG_DFL);
}

BOOST_AUTO_TEST_CASE(flags_go_into_the_action)
{
  {
    signal_fd signals(context, signal_mask{}, support::options());
    signals.add(SIGCHLD, flags::no_child_stop);
    BOOST_TEST((action_of(SIGCHLD).sa_flags & SA_NOCLDSTOP) != 0);
    BOOST_TEST((action_of(SIGCHLD).sa_flags & SA_RESTART) == 0);
    support::process child([] {
      ::kill(::getpid(), SIGSTOP);
      return 3;
    });
    int status = 0;
    BOOST_REQUIRE(::waitpid(child.pid(), &status, WUNTRACED) == child.pid());
    BOOST_REQUIRE(WIFSTOPPED(status));
    BOOST_TEST(!signals.try_wait());
    ::kill(child.pid(), SIGCONT);
    BOOST_TEST((signals.wait().child().value().reason
        == sigfd::child_reason::exited));
  }
  {
    signal_fd signals(context, signal_mask{}, support::options());
    signals.add(SIGCHLD, flags::no_child_wait | flags::restart);
    BOOST_TEST((action_of(SIGCHLD).sa_flags & SA_NOCLDWAIT) != 0);
    BOOST_TEST((action_of(SIGCHLD).sa_flags & SA_RESTART) != 0);
    const ::pid_t pid = ::fork();
    if (pid == 0)
      ::_exit(0);
    BOOST_TEST(signals.wait().child().value().pid == pid);
    BOOST_TEST(::waitpid(pid, nullptr, 0) == -1); // there is no zombie
    BOOST_TEST(errno == ECHILD);
  }
  {
    // An action that had them keeps them, if nobody cares.
    struct ::sigaction theirs{};
    theirs.sa_handler = &on_signal;
    theirs.sa_flags = SA_NOCLDSTOP;
    BOOST_REQUIRE(::sigaction(SIGCHLD, &theirs, nullptr) == 0);
    signal_fd signals(context, signal_mask{SIGCHLD}, support::options());
    BOOST_TEST((action_of(SIGCHLD).sa_flags & SA_NOCLDSTOP) != 0);
    BOOST_TEST((action_of(SIGCHLD).sa_flags & SA_NOCLDWAIT) == 0);
    BOOST_TEST((action_of(SIGCHLD).sa_flags & SA_RESTART) != 0);
  }
}

BOOST_AUTO_TEST_CASE(without_restart_a_blocking_read_is_interrupted)
{
  int ends[2];
  BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  std::atomic<int> error{0};
  std::atomic<bool> stop{false};
  std::thread thread([&] {
    char byte;
    error = ::read(ends[0], &byte, 1) == -1 ? errno : -1;
    support::wait_until([&] { return stop.load(); });
  });
  signal_fd signals(context, signal_mask{}, support::options());
  // Until it is in read(2); a thread that caught one blocks it, so another each
  // time.
  for (int number = SIGRTMIN; error == 0 && number <= SIGRTMAX; ++number)
  {
    signals.add(number, flags::none);
    ::usleep(10'000);
    BOOST_REQUIRE(::pthread_kill(thread.native_handle(), number) == 0);
    BOOST_TEST(signals.wait().number() == number);
  }
  support::wait_until([&] { return error != 0; });
  BOOST_TEST(error == EINTR);
  stop = true;
  thread.join();
  ::close(ends[0]);
  ::close(ends[1]);
}

BOOST_AUTO_TEST_CASE(flags_in_conflict_are_refused)
{
  signal_fd first(context, signal_mask{}, support::options());
  signal_fd second(context, signal_mask{SIGUSR1}, support::options());
  signal_fd third(context);
  error_code ec;
  first.add(SIGCHLD, flags::no_child_stop);
  first.add(SIGCHLD, flags::no_child_stop); // the same again
  first.add(SIGCHLD);                       // and without caring
  second.add(SIGCHLD, flags::no_child_wait, ec);
  BOOST_TEST((ec == net::error::invalid_argument));
  BOOST_TEST((second.signals() == signal_mask{SIGUSR1}));
  first.add(SIGCHLD, flags::restart, ec);
  BOOST_TEST((ec == net::error::invalid_argument));
  third.add(SIGCHLD, flags::none, ec);
  BOOST_TEST((ec == net::error::invalid_argument));
  BOOST_TEST(!third.is_open());
  BOOST_CHECK_EXCEPTION(second.add(SIGCHLD, flags::none),
      boost::system::system_error, [](const auto& e) {
        return e.code() == net::error::invalid_argument
            && std::string(e.what()).find("SIGCHLD") != std::string::npos;
      });
  BOOST_TEST((action_of(SIGCHLD).sa_flags & SA_NOCLDSTOP) != 0);

  // Who does not care takes what there is, and who cares may come later.
  second.add(SIGCHLD);
  second.add(SIGUSR1, flags::none, ec);
  BOOST_TEST(!ec);
  BOOST_TEST((action_of(SIGUSR1).sa_flags & SA_RESTART) == 0);

  // When the last watcher has gone, they are forgotten.
  first.remove(SIGCHLD);
  second.remove(SIGCHLD);
  second.add(SIGCHLD, flags::no_child_wait, ec);
  BOOST_TEST(!ec);
}

BOOST_AUTO_TEST_CASE(flags_need_the_guard)
{
  sigfd::open_options options = support::options();
  options.stray = sigfd::stray_policy::ignore;
  signal_fd signals(context, signal_mask{SIGUSR1}, options);
  error_code ec;
  for (const flags f : {flags::restart, flags::no_child_stop})
    for (int number : {SIGCHLD, SIGUSR1})
    {
      signals.add(number, f, ec);
      BOOST_TEST((ec == net::error::operation_not_supported));
    }
  BOOST_TEST((signals.signals() == signal_mask{SIGUSR1}));
  signals.add(SIGCHLD, flags::none);
  signals.add(SIGUSR2, flags::dont_care);
  BOOST_TEST(!support::has_siginfo_handler(SIGCHLD));
  BOOST_TEST(!support::has_siginfo_handler(SIGUSR2));
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
