// The guard by itself: counting, what it installs, and what the handler does
// where there is no room.

#include <sigfd/detail/stray_guard.hpp>
#include <sigfd/stray_counts.hpp>

#include "support/process.hpp"
#include "support/process_state.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>
#include <sys/syscall.h>

#include <cstdint>
#include <cstring>

namespace {

using boost::system::error_code;
using sigfd::signal_info;
using sigfd::signal_mask;
using sigfd::detail::guard;
using sigfd::detail::stray_watch;
using sigfd::detail::strays;
using sigfd::detail::take_signal;
using flags = sigfd::signalfd_base::flags;

void unblock(int number)
{
  ::sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, number);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
}

// Empties the mail and the queue.
void clear(int number)
{
  signal_info info;
  while (strays.take({number}, {&info, 1}) != 0)
    continue;
  while (take_signal(number).number() != 0)
    continue;
}

} // namespace

BOOST_AUTO_TEST_SUITE(stray_guard)

BOOST_AUTO_TEST_CASE(watchers_are_counted_per_signal)
{
  stray_watch first;
  {
    stray_watch second;
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
  stray_watch watch;
  watch.set({SIGUSR1});
  // As the kernel has it: sigaction(3) need not show the C library's own.
  struct
  {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)();
    std::uint64_t mask;
  } action{};
  BOOST_REQUIRE(::syscall(SYS_rt_sigaction, SIGUSR1, nullptr, &action,
                    sizeof action.mask)
      == 0);
  // SIGKILL and SIGSTOP the kernel leaves out.
  const std::uint64_t uncatchable
      = std::uint64_t{1} << (SIGKILL - 1) | std::uint64_t{1} << (SIGSTOP - 1);
  BOOST_TEST((action.mask | uncatchable) == ~std::uint64_t{0});
  BOOST_TEST((action.flags & SA_ONSTACK) != 0u);
  BOOST_TEST((action.flags & SA_RESTART) != 0u);
}

BOOST_AUTO_TEST_CASE(a_standard_signal_is_queued_again)
{
  stray_watch watch;
  watch.set({SIGUSR1});
  const auto before = sigfd::count_strays();
  BOOST_REQUIRE(support::queue(::getpid(), SIGUSR1, 5)); // caught here
  BOOST_TEST(support::is_blocked(SIGUSR1));
  const signal_info info = take_signal(SIGUSR1);
  BOOST_TEST(info.code() == SI_QUEUE);
  BOOST_TEST(info.value().value().sival_int == 5);
  BOOST_TEST(info.sender().value().pid == ::getpid());
  BOOST_TEST(!support::is_pending(SIGUSR1));
  BOOST_TEST(!strays.may_have_mail());
  BOOST_TEST(sigfd::count_strays().caught == before.caught + 1);
  unblock(SIGUSR1);
}

BOOST_AUTO_TEST_CASE(a_realtime_signal_is_in_the_mail_and_rung_for)
{
  const int number = SIGRTMIN + 1;
  stray_watch watch;
  watch.set({number});
  const auto before = sigfd::count_strays();
  BOOST_REQUIRE(support::queue(::getpid(), number, 5)); // caught here
  BOOST_TEST(support::is_blocked(number));
  BOOST_TEST(support::is_pending(number)); // the bell
  signal_info info;
  BOOST_REQUIRE(strays.take({number}, {&info, 1}) == 1u);
  BOOST_TEST(info.value().value().sival_int == 5);
  BOOST_TEST(strays.answer(take_signal(number)));
  BOOST_TEST(sigfd::count_strays().caught == before.caught + 1);

  // A bell that is caught in its turn is passed on as long as there is mail.
  for (const bool has_mail : {true, false})
  {
    if (has_mail)
      BOOST_REQUIRE(strays.put(info));
    else
      clear(number);
    strays.ring(number);
    unblock(number);
    BOOST_TEST(support::is_blocked(number));
    BOOST_TEST(support::is_pending(number) == has_mail);
  }
  clear(number);
  unblock(number);
  BOOST_TEST(sigfd::count_strays().caught == before.caught + 1);
}

BOOST_AUTO_TEST_CASE(a_bell_of_which_only_the_number_is_left_stays_one)
{
  support::process child([] {
    const int number = SIGRTMIN + 1;
    stray_watch watch;
    watch.set({number});
    if (!support::queue(::getpid(), number, 5)) // caught here
      return 1;
    take_signal(number);
    const ::rlimit none{0, 0};
    ::setrlimit(RLIMIT_SIGPENDING, &none);
    strays.ring(number);
    for (int i = 0; i < 3; ++i)
      unblock(number); // caught, and passed on
    signal_info info;
    if (strays.take({number}, {&info, 1}) != 1)
      return 2;
    return strays.take({number}, {&info, 1}) == 0 ? 0 : 3;
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_CASE(no_bell_outlasts_the_guard)
{
  const int number = SIGRTMIN + 1;
  {
    stray_watch watch;
    watch.set({number});
    BOOST_REQUIRE(support::queue(::getpid(), number, 5));
    BOOST_REQUIRE(support::is_pending(number));
  }
  BOOST_TEST(!support::is_pending(number));
  unblock(number); // it would end the process

  // What was caught waits for the next watcher.
  BOOST_TEST(strays.has(number));
  clear(number);
}

BOOST_AUTO_TEST_CASE(an_action_of_ours_is_nobodys_previous_one)
{
  // Somebody saves the action, replaces it, and puts it back when the last
  // watcher has gone.
  struct ::sigaction theirs{};
  theirs.sa_handler = SIG_IGN;
  struct ::sigaction saved{};
  {
    stray_watch watch;
    watch.set({SIGUSR1});
    ::sigaction(SIGUSR1, &theirs, &saved);
  }
  ::sigaction(SIGUSR1, &saved, nullptr);
  {
    stray_watch watch;
    watch.set({SIGUSR1});
  }
  BOOST_TEST(!support::has_siginfo_handler(SIGUSR1));
}

BOOST_AUTO_TEST_CASE(a_full_mail_leaves_it_to_the_kernel)
{
  support::process child([] {
    const int number = SIGRTMIN + 1;
    const auto caught = sigfd::count_strays().caught;
    stray_watch watch;
    watch.set({number});
    ::siginfo_t raw{};
    raw.si_signo = SIGTERM;
    while (strays.put(signal_info(raw)))
      continue;
    if (!support::queue(::getpid(), number, 5)) // this thread catches it
      return 1;
    const signal_info info = take_signal(number);
    if (info.code() != SI_QUEUE || info.value().value().sival_int != 5)
      return 2;
    if (sigfd::count_strays().lost != 0)
      return 3;

    // Where the kernel has no room either, it is counted.
    if (!support::queue(::getpid(), number, 6))
      return 4;
    const ::rlimit none{0, 0};
    ::setrlimit(RLIMIT_SIGPENDING, &none);
    unblock(number);
    if (sigfd::count_strays().lost != 1)
      return 5;
    return sigfd::count_strays().caught == caught + 2 ? 0 : 6;
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
    stray_watch watch;
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
    BOOST_TEST(!strays.may_have_mail());
  }
  ::signal(SIGUSR2, SIG_DFL);
}

BOOST_AUTO_TEST_CASE(a_child_does_not_wait_for_handlers_of_its_parent)
{
  // Forked while another thread is in the handler, as seen from the child.
  stray_watch watch;
  watch.set({SIGUSR1});
  support::process child([&] {
    watch.set({});
    return support::has_siginfo_handler(SIGUSR1) ? 1 : 0;
  });
  BOOST_TEST(child.wait() == 0);
  BOOST_TEST(support::has_siginfo_handler(SIGUSR1));
}

BOOST_AUTO_TEST_SUITE_END()
