// The handler of strays by itself: counting, what it installs, and what the
// handler does where there is no room.

#include <sigfd/detail/handler_registration.hpp>
#include <sigfd/detail/handler_table.hpp>
#include <sigfd/detail/sigwait.hpp>
#include <sigfd/detail/stray_queue.hpp>
#include <sigfd/detail/undelivered.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/stray_counts.hpp>

#include "support/process.hpp"
#include "support/process_state.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace {

using boost::system::error_code;
using sigfd::signal_info;
using sigfd::signal_mask;
using sigfd::detail::handler_registration;
using sigfd::detail::handlers;
using sigfd::detail::strays;
using sigfd::detail::take_pending;
using sigfd::detail::undelivered;
using flags = sigfd::signalfd_base::flags;

void unblock(int number)
{
  ::sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, number);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
}

} // namespace

BOOST_AUTO_TEST_SUITE(handler_table_)

BOOST_AUTO_TEST_CASE(watchers_are_counted_per_signal)
{
  handler_registration first;
  {
    handler_registration second;
    first.set({SIGUSR1, SIGUSR2});
    second.set({SIGUSR2, SIGTERM});
    BOOST_TEST(support::has_siginfo_handler(SIGUSR1));
    BOOST_TEST(support::has_siginfo_handler(SIGTERM));
    first.set({SIGTERM});
    BOOST_TEST(!support::has_siginfo_handler(SIGUSR1));
    BOOST_TEST(support::has_siginfo_handler(SIGUSR2));
  }
  BOOST_TEST(!support::has_siginfo_handler(SIGUSR2));
  BOOST_TEST(support::has_siginfo_handler(SIGTERM));
  first.set({});
  BOOST_TEST(!support::has_siginfo_handler(SIGTERM));
}

BOOST_AUTO_TEST_CASE(no_signal_interrupts_the_handler)
{
  handler_registration watch;
  watch.set({SIGUSR1});
  // As the kernel has it: sigaction(3) need not show the C library's own.
  struct
  {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)();
    std::uint64_t mask;
  } action{};
  BOOST_REQUIRE(
      ::syscall(SYS_rt_sigaction, SIGUSR1, nullptr, &action, sizeof action.mask)
      == 0);
  // SIGKILL and SIGSTOP the kernel leaves out.
  const std::uint64_t uncatchable = std::uint64_t{1} << (SIGKILL - 1)
      | std::uint64_t{1} << (SIGSTOP - 1);
  BOOST_TEST((action.mask | uncatchable) == ~std::uint64_t{0});
  BOOST_TEST((action.flags & SA_ONSTACK) != 0u);
  BOOST_TEST((action.flags & SA_RESTART) != 0u);
}

BOOST_AUTO_TEST_CASE(a_standard_signal_is_queued_again)
{
  handler_registration watch;
  watch.set({SIGUSR1});
  const auto before = sigfd::count_strays();
  BOOST_REQUIRE(support::queue(::getpid(), SIGUSR1, 5)); // caught here
  BOOST_TEST(support::is_blocked(SIGUSR1));
  const signal_info info = take_pending(SIGUSR1);
  BOOST_TEST(info.code() == SI_QUEUE);
  BOOST_TEST(info.value().value().sival_int == 5);
  BOOST_TEST(info.sender().value().pid == ::getpid());
  BOOST_TEST(!support::is_pending(SIGUSR1));
  BOOST_TEST(!strays.may_have_any());
  BOOST_TEST(sigfd::count_strays().caught == before.caught + 1);
  unblock(SIGUSR1);
}

BOOST_AUTO_TEST_CASE(a_realtime_signal_is_queued_again)
{
  const int number = SIGRTMIN + 1;
  handler_registration watch;
  watch.set({number});
  const auto before = sigfd::count_strays();
  BOOST_REQUIRE(support::queue(::getpid(), number, 5)); // caught here
  BOOST_TEST(support::is_blocked(number));
  BOOST_TEST(!strays.may_have_any());
  const signal_info info = take_pending(number);
  BOOST_TEST(info.code() == SI_QUEUE);
  BOOST_TEST(info.value().value().sival_int == 5);
  BOOST_TEST(!support::is_pending(number));
  unblock(number);

  // One of kill(2) goes under another code, because the kernel would not refuse
  // it without room for what came with it; who takes it does not notice.
  BOOST_REQUIRE(::kill(::getpid(), number) == 0);
  const signal_info sent = take_pending(number);
  BOOST_TEST(sent.code() == SI_USER);
  BOOST_TEST(sent.sender().value().pid == ::getpid());
  BOOST_TEST(sigfd::count_strays().caught == before.caught + 2);
  unblock(number);
}

BOOST_AUTO_TEST_CASE(without_room_it_is_in_the_queue_of_strays)
{
  support::process child([] {
    const int number = SIGRTMIN + 1;
    handler_registration watch;
    watch.set({number});
    sigfd::scoped_signal_block({number}).release();
    if (!support::queue(::getpid(), number, 5))
      return 1;
    const ::rlimit none{0, 0};
    ::setrlimit(RLIMIT_SIGPENDING, &none);
    unblock(number); // caught here
    if (!support::is_pending(number) || !support::is_blocked(number))
      return 2;

    // A wake-up that is caught in its turn goes on.
    unblock(number);
    if (!support::is_pending(number) || !support::is_blocked(number))
      return 3;
    std::array<signal_info, 2> infos;
    if (undelivered().take_strays({number}, infos) != 1)
      return 4;
    return infos[0].value().value().sival_int == 5 ? 0 : 5;
  });
  BOOST_TEST(child.wait() == 0);
}

// What kill(2) sent, too, of which the kernel would take the number alone; and
// nobody sees that it refused the rest.
BOOST_AUTO_TEST_CASE(without_room_its_sender_stays_and_errno)
{
  support::process child([] {
    const int number = SIGRTMIN + 1;
    handler_registration watch;
    watch.set({number});
    sigfd::scoped_signal_block({number}).release();
    if (::kill(::getpid(), number) == -1)
      return 1;
    const ::rlimit none{0, 0};
    ::setrlimit(RLIMIT_SIGPENDING, &none);
    errno = EXDEV;
    unblock(number); // caught here
    if (errno != EXDEV)
      return 2;
    std::array<signal_info, 2> infos;
    if (undelivered().take_strays({number}, infos) != 1)
      return 3;
    const auto sender = infos[0].sender();
    return sender && sender->pid == ::getpid() ? 0 : 4;
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_CASE(no_wakeup_outlasts_the_handler)
{
  const int number = SIGRTMIN + 1;
  {
    handler_registration watch;
    watch.set({number});
    sigfd::scoped_signal_block({number}).release();
    strays.send_wakeup(number);
    BOOST_REQUIRE(support::is_pending(number));
  }
  BOOST_TEST(!support::is_pending(number));
  unblock(number); // it would end the process
}

BOOST_AUTO_TEST_CASE(without_a_watcher_it_does_what_the_previous_action_would)
{
  // Somebody saves the action, and puts it back when the last watcher has gone.
  static int called = 0;
  const auto with_our_handler = [](int number, const struct ::sigaction& own) {
    ::sigaction(number, &own, nullptr);
    struct ::sigaction saved{};
    {
      handler_registration watch;
      watch.set({number});
      ::sigaction(number, nullptr, &saved);
    }
    ::sigaction(number, &saved, nullptr);
    ::kill(::getpid(), number);
  };
  struct ::sigaction own{};
  own.sa_handler = [](int number) { called += number; };
  with_our_handler(SIGUSR1, own);
  BOOST_TEST(called == SIGUSR1);
  own.sa_sigaction = [](int number, ::siginfo_t* info, void* context) {
    called = context != nullptr && info->si_signo == number ? number : 0;
  };
  own.sa_flags = SA_SIGINFO;
  with_our_handler(SIGUSR2, own);
  BOOST_TEST(called == SIGUSR2);
  own = {};
  with_our_handler(SIGCHLD, own); // ignored by default
  own.sa_handler = SIG_IGN;
  with_our_handler(SIGTERM, own);
  support::process child([&] {
    struct ::sigaction none{};
    with_our_handler(SIGTERM, none);
    return 0;
  });
  const int status = child.wait_status();
  BOOST_TEST(WIFSIGNALED(status));
  BOOST_TEST(WTERMSIG(status) == SIGTERM);
  for (const int number : {SIGUSR1, SIGUSR2, SIGCHLD, SIGTERM})
    ::signal(number, SIG_DFL);
}

BOOST_AUTO_TEST_CASE(an_action_of_ours_is_nobodys_previous_one)
{
  // Somebody saves the action, replaces it, and puts it back when the last
  // watcher has gone.
  struct ::sigaction theirs{};
  theirs.sa_handler = SIG_IGN;
  struct ::sigaction saved{};
  {
    handler_registration watch;
    watch.set({SIGUSR1});
    ::sigaction(SIGUSR1, &theirs, &saved);
  }
  ::sigaction(SIGUSR1, &saved, nullptr);
  {
    handler_registration watch;
    watch.set({SIGUSR1});
  }
  BOOST_TEST(!support::has_siginfo_handler(SIGUSR1));
}

BOOST_AUTO_TEST_CASE(what_neither_queue_takes_is_counted)
{
  support::process child([] {
    const int number = SIGRTMIN + 1;
    const auto caught = sigfd::count_strays().caught;
    handler_registration watch;
    watch.set({number});
    ::siginfo_t raw{};
    raw.si_signo = SIGTERM;
    while (strays.put(signal_info(raw)))
      continue;
    sigfd::scoped_signal_block({number}).release();
    if (!support::queue(::getpid(), number, 6))
      return 4;
    const ::rlimit none{0, 0};
    ::setrlimit(RLIMIT_SIGPENDING, &none);
    unblock(number);
    if (sigfd::count_strays().lost != 1)
      return 5;
    return sigfd::count_strays().caught == caught + 1 ? 0 : 6;
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_CASE(called_by_hand_it_calls_the_previous_handler)
{
  static int called = 0;
  for (const bool with_siginfo : {true, false})
  {
    struct ::sigaction own{};
    if (with_siginfo)
    {
      own.sa_flags = SA_SIGINFO;
      own.sa_sigaction = [](int number, ::siginfo_t* info, void* context) {
        called += number == SIGUSR2 && info->si_pid == 5 && context == nullptr;
      };
    }
    else
      own.sa_handler = [](int number) { called += number == SIGUSR2; };
    BOOST_REQUIRE(::sigaction(SIGUSR2, &own, nullptr) == 0);
    handler_registration watch;
    watch.set({SIGUSR2, SIGWINCH});
    ::siginfo_t raw{};
    raw.si_pid = 5;
    struct ::sigaction action{};
    ::sigaction(SIGUSR2, nullptr, &action);
    called = 0;
    action.sa_sigaction(SIGUSR2, &raw, nullptr);
    BOOST_TEST(called == 1);
    action.sa_sigaction(SIGWINCH, &raw, nullptr); // there was none
    BOOST_TEST(called == 1);
    BOOST_TEST(!strays.may_have_any());
  }
  ::signal(SIGUSR2, SIG_DFL);
}

BOOST_AUTO_TEST_CASE(a_child_does_not_wait_for_handlers_of_its_parent)
{
  // Forked while another thread is in the handler, as seen from the child.
  handler_registration watch;
  watch.set({SIGUSR1});
  support::process child([&] {
    watch.set({});
    return support::has_siginfo_handler(SIGUSR1) ? 1 : 0;
  });
  BOOST_TEST(child.wait() == 0);
  BOOST_TEST(support::has_siginfo_handler(SIGUSR1));
}

BOOST_AUTO_TEST_SUITE_END()
