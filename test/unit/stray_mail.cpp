// The mail by itself: what is put in comes out, and its bells.

#include <sigfd/detail/stray_mail.hpp>

#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/raw_siginfo.hpp"

#include <sigfd/detail/wait_for_signal.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <thread>
#include <vector>

namespace {

using sigfd::signal_info;
using sigfd::signal_mask;
using sigfd::detail::stray_mail;
using sigfd::detail::take_signal;

// Blocks everything: bells are pending here.
struct fixture
{
  sigfd::scoped_signal_block block{signal_mask::all()};
  std::unique_ptr<stray_mail> mail = std::make_unique<stray_mail>();

  ~fixture()
  {
    for (int n : signal_mask::all())
      while (take_signal(n).number() != 0)
        continue;
  }
};

signal_info queued(int number, int value)
{
  ::siginfo_t raw{};
  raw.si_signo = number;
  raw.si_code = SI_QUEUE;
  raw.si_pid = 1;
  raw.si_value.sival_int = value;
  return signal_info(raw);
}

int value_of(const signal_info& info)
{
  return info.value().value().sival_int;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(stray_mail_, fixture)

BOOST_AUTO_TEST_CASE(it_is_taken_by_mask_in_the_order_it_came)
{
  BOOST_TEST(!mail->may_have_mail());
  for (int i = 0; i < 6; ++i)
    BOOST_REQUIRE(mail->put(queued(i % 2 == 0 ? SIGRTMIN : SIGRTMIN + 2, i)));
  BOOST_TEST(mail->may_have_mail());
  BOOST_TEST(mail->has(SIGRTMIN));
  BOOST_TEST(!mail->has(SIGTERM));

  std::array<signal_info, 2> infos;
  BOOST_TEST(mail->take({SIGTERM}, infos) == 0u);
  BOOST_REQUIRE(mail->take({SIGRTMIN}, infos) == 2u);
  BOOST_TEST(value_of(infos[0]) == 0);
  BOOST_TEST(value_of(infos[1]) == 2);
  BOOST_REQUIRE(mail->take({SIGRTMIN, SIGRTMIN + 2}, infos) == 2u);
  BOOST_TEST(value_of(infos[0]) == 1);
  BOOST_TEST(value_of(infos[1]) == 3);
  BOOST_REQUIRE(mail->take({SIGRTMIN}, infos) == 1u);
  BOOST_REQUIRE(mail->take({SIGRTMIN + 2}, infos) == 1u);
  BOOST_TEST(!mail->may_have_mail());
}

BOOST_AUTO_TEST_CASE(its_room_is_limited)
{
  const int capacity = static_cast<int>(stray_mail::capacity);
  for (int i = 0; i < capacity; ++i)
    BOOST_REQUIRE(mail->put(queued(SIGRTMIN, i)));
  BOOST_TEST(!mail->put(queued(SIGRTMIN, -1)));
  signal_info info;
  BOOST_TEST(mail->take({SIGRTMIN}, {&info, 1}) == 1u);
  BOOST_TEST(mail->put(queued(SIGRTMIN, capacity)));
  for (int i = 1; i <= capacity; ++i)
  {
    BOOST_REQUIRE(mail->take({SIGRTMIN}, {&info, 1}) == 1u);
    BOOST_REQUIRE(value_of(info) == i);
  }
  BOOST_TEST(!mail->may_have_mail());
}

BOOST_AUTO_TEST_CASE(threads_put_in_and_take_out)
{
  constexpr int each = 20'000;
  std::atomic<int> taken{0};
  std::array<std::atomic<int>, 2 * each> seen{};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t)
  {
    threads.emplace_back([&, t] {
      for (int i = 0; i < each; ++i)
        while (!mail->put(queued(SIGRTMIN, t * each + i)))
          std::this_thread::yield();
    });
    threads.emplace_back([&] {
      std::array<signal_info, 3> infos;
      while (taken < 2 * each)
      {
        const std::size_t count = mail->take({SIGRTMIN}, infos);
        for (std::size_t i = 0; i < count; ++i)
          ++seen[static_cast<std::size_t>(value_of(infos[i]))];
        taken += static_cast<int>(count);
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  for (const auto& count : seen)
    BOOST_REQUIRE(count == 1);
}

BOOST_AUTO_TEST_CASE(a_child_does_not_find_the_mail_of_its_parent)
{
  for (std::size_t i = 0; i < stray_mail::capacity; ++i)
    BOOST_REQUIRE(mail->put(queued(SIGRTMIN, 1)));
  support::process child([&] {
    signal_info info;
    if (mail->has(SIGRTMIN) || mail->take({SIGRTMIN}, {&info, 1}) != 0)
      return 1;
    for (std::size_t i = 0; i < stray_mail::capacity; ++i)
      if (!mail->put(queued(SIGRTMIN, 2)))
        return 2;
    return mail->take({SIGRTMIN}, {&info, 1}) == 1 && value_of(info) == 2 ? 0
                                                                        : 3;
  });
  BOOST_TEST(child.wait() == 0);
  BOOST_TEST(mail->has(SIGRTMIN));
}

BOOST_AUTO_TEST_CASE(a_bell_is_dropped_by_who_reads_it)
{
  const int number = SIGRTMIN + 1;
  BOOST_TEST(!mail->was_rung(number));
  mail->ring(number);
  BOOST_TEST(mail->was_rung(number));
  std::array<signal_info, 3> infos{
      queued(number, 1), take_signal(number), queued(number, 2)};
  BOOST_REQUIRE(infos[1].number() == number);
  BOOST_REQUIRE(mail->drop_bells(infos) == 2u);
  BOOST_TEST(value_of(infos[0]) == 1);
  BOOST_TEST(value_of(infos[1]) == 2);
  mail->forget_bells(number);
  BOOST_TEST(!mail->was_rung(number));
}

BOOST_AUTO_TEST_CASE(no_signal_of_others_is_taken_for_a_bell)
{
  // Also one from outside of the pid namespace, which has no pid.
  ::siginfo_t raw{};
  raw.si_signo = SIGRTMIN + 1;
  raw.si_code = SI_USER;
  BOOST_TEST(!mail->answer(signal_info(raw)));
  BOOST_REQUIRE(::kill(::getpid(), SIGRTMIN) == 0);
  BOOST_TEST(!mail->answer(take_signal(SIGRTMIN)));
}

BOOST_AUTO_TEST_CASE(a_bell_rings_where_the_queue_is_full)
{
  // The kernel then keeps no more of it than the number; and if there is a
  // record of the number, not even that.
  support::process child([&] {
    const ::rlimit none{0, 0};
    if (::setrlimit(RLIMIT_SIGPENDING, &none) == -1)
      return 1;
    const int number = SIGRTMIN + 1;
    if (support::is_pending(number))
      return 2;
    mail->ring(number);
    if (!support::is_pending(number))
      return 3;
    const signal_info bell = take_signal(number);
    if (bell.number() != number || bell.sender())
      return 4;
    if (!mail->answer(bell))
      return 5;
    if (mail->answer(bell)) // the next one is a signal
      return 6;

    // One that never comes is forgotten with the guard.
    mail->ring(number);
    take_signal(number);
    mail->forget_bells(number);
    return mail->answer(bell) ? 7 : 0;
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_CASE(it_rings_again_for_what_is_left)
{
  BOOST_REQUIRE(mail->put(queued(SIGRTMIN, 1)));
  mail->ring_again({SIGRTMIN + 2});
  BOOST_TEST(!support::is_pending(SIGRTMIN + 2));
  mail->ring_again({SIGRTMIN, SIGRTMIN + 2});
  BOOST_TEST(support::is_pending(SIGRTMIN));
  BOOST_TEST(!support::is_pending(SIGRTMIN + 2));
}

BOOST_AUTO_TEST_SUITE_END()
