// The action of what is watched, which threads take that do not block it: what
// it was comes back, and the flags of add() go into it.

#include <sigfd/error.hpp>
#include <sigfd/signal_fd.hpp>
#include <sigfd/stray_counts.hpp>

#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"
#include "support/stray_fixture.hpp"
#include "support/unblocked_threads.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;
using support::action_of;
using flags = signal_fd::flags;

void on_signal(int)
{
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

BOOST_FIXTURE_TEST_SUITE(stray_actions, support::stray_fixture)

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

BOOST_AUTO_TEST_CASE(a_failed_update_leaves_no_action)
{
  sigfd::open_options competing = support::options();
  competing.delivery = sigfd::delivery_policy::one;
  signal_fd signals(context, signal_mask{SIGUSR2}, competing);
  signal_fd other(context, signal_mask{SIGUSR1}, support::options());
  error_code ec;
  signals.update({SIGUSR1, SIGUSR2}, ec);
  BOOST_TEST((ec == sigfd::make_delivery_conflict_error(SIGUSR1)));
  other.close();
  BOOST_TEST(!support::has_siginfo_handler(SIGUSR1));
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
      BOOST_TEST(
          (action_of(number).sa_handler == SIG_IGN) == (action == SIG_IGN));
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
  // New threads, since one that has caught one blocks it.
  std::optional<support::passing_threads> threads(std::in_place);
  const auto lost = sigfd::count_strays().lost;
  support::process sender = support::queue_many(SIGRTMIN, sent, 20);
  int taken = 0;
  signal_fd signals(context);
  while (::waitid(P_PID, static_cast<::id_t>(sender.pid()), nullptr,
             WEXITED | WNOHANG | WNOWAIT)
          == 0
      && handled + taken < sent)
  {
    signals.open({SIGRTMIN}, support::options());
    while (signals.try_wait())
      ++taken;
    signals.close();
  }
  threads.reset();
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
    BOOST_TEST(
        (signals.wait().child().value().reason == sigfd::child_reason::exited));
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
  first.add(SIGCHLD); // and without caring
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

BOOST_AUTO_TEST_SUITE_END()
