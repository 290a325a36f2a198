// detail/undelivered: signals go back to the process as they came, or wait here
// until there is room.

#include <sigfd/detail/requeue.hpp>
#include <sigfd/detail/undelivered.hpp>

#include "support/drain.hpp"
#include "support/no_room.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <thread>
#include <vector>

namespace {

using sigfd::signal_info;
using sigfd::signal_mask;
using sigfd::detail::requeue_or_keep;
using sigfd::detail::undelivered;
using support::no_room;

// Blocks the signals that the tests use, and reads them from a signalfd.
struct fixture
{
  signal_mask mask{SIGUSR1, SIGCHLD, SIGRTMIN, SIGRTMIN + 1};
  sigfd::scoped_signal_block block{mask};
  int fd = ::signalfd(-1, &mask.native(), SFD_NONBLOCK | SFD_CLOEXEC);

  ~fixture()
  {
    while (read().number() != 0)
      continue;
    ::close(fd);
  }

  signal_info read()
  {
    signal_info info;
    const bool whole = ::read(fd, &info, sizeof info) == ::ssize_t{sizeof info};
    sigfd::detail::restore_code(info);
    return whole ? info : signal_info();
  }
};

signal_info make(int number, int code, int value)
{
  ::siginfo_t raw{};
  raw.si_signo = number;
  raw.si_code = code;
  raw.si_pid = 4242;
  raw.si_uid = 1000;
  if (code < 0)
    raw.si_value.sival_int = value;
  return signal_info(raw);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(giving_back, fixture)

BOOST_AUTO_TEST_CASE(keeps_everything_from_any_thread)
{
  for (const int code : {SI_USER, SI_KERNEL, SI_QUEUE, SI_TKILL, SI_MESGQ})
  {
    const signal_info sent = make(SIGRTMIN, code, 17);
    requeue_or_keep(sent);
    BOOST_TEST((read() == sent));
    // Only a main thread's ID is that of the process.
    std::thread([&] { requeue_or_keep(sent); }).join();
    BOOST_TEST((read() == sent));
  }
}

BOOST_AUTO_TEST_CASE(what_is_refused_waits_in_order)
{
  {
    const no_room limit;
    for (int i = 0; i < 5; ++i)
      requeue_or_keep(make(SIGRTMIN + i % 2, SI_QUEUE, i));
    BOOST_TEST(read().number() == 0);
  }
  std::array<signal_info, 2> two;
  BOOST_TEST(undelivered().take_kept({SIGUSR1}, two) == 0u);
  BOOST_TEST(undelivered().take_kept({SIGRTMIN}, two) == 2u);
  BOOST_TEST(two[0].value()->sival_int == 0);
  BOOST_TEST(two[1].value()->sival_int == 2);

  // There is room again: the rest of a mask goes to the kernel.
  undelivered().retry({SIGRTMIN + 1});
  BOOST_TEST(read().value()->sival_int == 1);
  BOOST_TEST(read().value()->sival_int == 3);
  BOOST_TEST(read().number() == 0);
  BOOST_TEST(undelivered().take_kept(mask, two) == 1u);
  BOOST_TEST(two[0].value()->sival_int == 4);
  BOOST_TEST(undelivered().take_kept(mask, two) == 0u);
}

// The kernel would take these, and keep no more than the number.
BOOST_AUTO_TEST_CASE(without_room_nothing_goes_back_as_a_bare_number)
{
  const signal_info sent[] = {make(SIGUSR1, SI_USER, 0),
      make(SIGUSR1, SI_QUEUE, 17), make(SIGRTMIN, SI_USER, 0)};
  {
    const no_room limit;
    for (const signal_info& info : sent)
      requeue_or_keep(info);
    BOOST_TEST(read().number() == 0);
  }
  for (const signal_info& info : sent)
  {
    signal_info taken;
    BOOST_TEST(undelivered().take_kept(mask, {&taken, 1}) == 1u);
    BOOST_TEST((taken == info));
  }
}

BOOST_AUTO_TEST_CASE(a_standard_signal_is_not_merged_with_a_pending_one)
{
  for (int i = 1; i <= 3; ++i)
    requeue_or_keep(make(SIGUSR1, SI_QUEUE, i));
  BOOST_TEST(read().value()->sival_int == 1);
  std::array<signal_info, 4> rest;
  BOOST_TEST(undelivered().take_kept(mask, rest) == 2u);
  BOOST_TEST(rest[0].value()->sival_int == 2);
  BOOST_TEST(rest[1].value()->sival_int == 3);
}

// The kernel would drop the one that is pending.
BOOST_AUTO_TEST_CASE(stopping_and_continuing_are_not_queued_beside_each_other)
{
  const sigfd::scoped_signal_block all({SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU});
  for (const int stop : {SIGTSTP, SIGTTIN, SIGTTOU})
    for (const bool stops_first : {true, false})
    {
      const int first = stops_first ? stop : SIGCONT;
      const int second = stops_first ? SIGCONT : stop;
      requeue_or_keep(make(first, SI_USER, 0));
      requeue_or_keep(make(second, SI_USER, 0));
      std::array<signal_info, 2> two;
      BOOST_TEST(undelivered().take_kept({first, second}, two) == 1u);
      BOOST_TEST(two[0].number() == second);
      BOOST_TEST(support::drain(first) == 1);
      BOOST_TEST(support::drain(second) == 0);
    }
}

BOOST_AUTO_TEST_CASE(one_that_is_refused_does_not_hold_back_other_numbers)
{
  requeue_or_keep(make(SIGUSR1, SI_QUEUE, 1));
  {
    const no_room limit;
    requeue_or_keep(make(SIGUSR1, SI_QUEUE, 2));
    requeue_or_keep(make(SIGRTMIN, SI_QUEUE, 3));
  }
  undelivered().retry(mask); // there is room, but not for another SIGUSR1
  BOOST_TEST((read() == make(SIGUSR1, SI_QUEUE, 1)));
  BOOST_TEST((read() == make(SIGRTMIN, SI_QUEUE, 3)));
  std::array<signal_info, 2> rest;
  BOOST_TEST(undelivered().take_kept(mask, rest) == 1u);
  BOOST_TEST((rest[0] == make(SIGUSR1, SI_QUEUE, 2)));
}

BOOST_AUTO_TEST_CASE(retrying_without_room_keeps_them)
{
  const no_room limit;
  requeue_or_keep(make(SIGRTMIN, SI_QUEUE, 1));
  undelivered().retry(mask);
  BOOST_TEST(read().number() == 0);
  std::array<signal_info, 2> two;
  BOOST_TEST(undelivered().take_kept(mask, two) == 1u);
}

BOOST_AUTO_TEST_CASE(a_child_does_not_get_its_parents_signals)
{
  {
    const no_room limit;
    requeue_or_keep(make(SIGRTMIN, SI_QUEUE, 1));
  }
  support::process child([&] {
    std::array<signal_info, 2> two;
    return int(undelivered().take_kept(mask, two));
  });
  BOOST_TEST(child.wait() == 0);
  std::array<signal_info, 2> two;
  BOOST_TEST(undelivered().take_kept(mask, two) == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
