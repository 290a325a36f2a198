// The queue of strays by itself: what is put in comes out, and its wake-up
// signals.

#include <sigfd/detail/undelivered.hpp>

#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/raw_siginfo.hpp"

#include <sigfd/detail/sigwait.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>
#include <sys/syscall.h>

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <thread>
#include <vector>

namespace {

using sigfd::signal_info;
using sigfd::signal_mask;
using sigfd::detail::stray_queue;
using sigfd::detail::take_pending;
using sigfd::detail::undelivered_signals;

// Blocks everything: wake-up signals are pending here.
struct fixture
{
  sigfd::scoped_signal_block block{signal_mask::all()};
  std::unique_ptr<stray_queue> queue = std::make_unique<stray_queue>();
  undelivered_signals undelivered{*queue};

  signal_info take_one(int number)
  {
    signal_info info;
    undelivered.take_strays({number}, {&info, 1});
    return info;
  }

  ~fixture()
  {
    for (int n : signal_mask::all())
      while (take_pending(n).number() != 0)
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

BOOST_FIXTURE_TEST_SUITE(stray_queue_, fixture)

BOOST_AUTO_TEST_CASE(it_is_taken_by_mask_in_the_order_it_came)
{
  BOOST_TEST(!queue->may_have_any());
  for (int i = 0; i < 6; ++i)
    BOOST_REQUIRE(queue->put(queued(i % 2 == 0 ? SIGRTMIN : SIGRTMIN + 2, i)));
  BOOST_TEST(queue->may_have_any());

  std::array<signal_info, 2> infos;
  BOOST_TEST(undelivered.take_strays({SIGTERM}, infos) == 0u);
  BOOST_REQUIRE(undelivered.take_strays({SIGRTMIN}, infos) == 2u);
  BOOST_TEST(value_of(infos[0]) == 0);
  BOOST_TEST(value_of(infos[1]) == 2);
  const signal_mask both{SIGRTMIN, SIGRTMIN + 2};
  BOOST_REQUIRE(undelivered.take_strays(both, infos) == 2u);
  BOOST_TEST(value_of(infos[0]) == 1);
  BOOST_TEST(value_of(infos[1]) == 3);
  BOOST_TEST(value_of(take_one(SIGRTMIN)) == 4);
  BOOST_TEST(value_of(take_one(SIGRTMIN + 2)) == 5);
  BOOST_TEST(!queue->may_have_any());
}

BOOST_AUTO_TEST_CASE(who_reads_a_wakeup_gets_the_stray)
{
  queue->send_wakeup(SIGRTMIN);
  const signal_info whole = take_pending(SIGRTMIN);
  ::siginfo_t raw{};
  raw.si_signo = SIGRTMIN;
  const signal_info bare(raw);
  BOOST_REQUIRE(queue->put(queued(SIGRTMIN, 1)));
  BOOST_REQUIRE(queue->put(queued(SIGRTMIN + 1, 2)));
  BOOST_REQUIRE(queue->put(queued(SIGRTMIN, 3)));
  std::array<signal_info, 5> infos{
      whole, queued(SIGRTMIN, 7), bare, whole, bare};
  BOOST_REQUIRE(undelivered.consume_wakeups(infos) == 4u);
  BOOST_TEST(value_of(infos[0]) == 1);
  BOOST_TEST(value_of(infos[1]) == 7);
  BOOST_TEST(value_of(infos[2]) == 3);
  BOOST_TEST((infos[3] == bare)); // perhaps a signal, where there is no stray
  BOOST_TEST(queue->may_have_any());
}

BOOST_AUTO_TEST_CASE(its_room_is_limited)
{
  const int capacity = static_cast<int>(stray_queue::capacity);
  for (int i = 0; i < capacity; ++i)
    BOOST_REQUIRE(queue->put(queued(SIGRTMIN, i)));
  BOOST_TEST(!queue->put(queued(SIGRTMIN, -1)));
  BOOST_TEST(value_of(take_one(SIGRTMIN)) == 0);
  BOOST_TEST(queue->put(queued(SIGRTMIN, capacity)));
  for (int i = 1; i <= capacity; ++i)
    BOOST_REQUIRE(value_of(take_one(SIGRTMIN)) == i);
  BOOST_TEST(!queue->may_have_any());
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
        while (!queue->put(queued(SIGRTMIN, t * each + i)))
          std::this_thread::yield();
    });
    threads.emplace_back([&] {
      while (taken < 2 * each)
        if (const signal_info info = take_one(SIGRTMIN); info.number() != 0)
        {
          ++seen[static_cast<std::size_t>(value_of(info))];
          ++taken;
        }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  for (const auto& count : seen)
    BOOST_REQUIRE(count == 1);
}

BOOST_AUTO_TEST_CASE(a_child_does_not_find_the_strays_of_its_parent)
{
  for (std::size_t i = 0; i < stray_queue::capacity; ++i)
    BOOST_REQUIRE(queue->put(queued(SIGRTMIN, 1)));
  support::process child([&] {
    if (take_one(SIGRTMIN).number() != 0)
      return 1;
    for (std::size_t i = 0; i < stray_queue::capacity; ++i)
      if (!queue->put(queued(SIGRTMIN, 2)))
        return 2;
    return value_of(take_one(SIGRTMIN)) == 2 ? 0 : 3;
  });
  BOOST_TEST(child.wait() == 0);
  BOOST_TEST(value_of(take_one(SIGRTMIN)) == 1);
}

BOOST_AUTO_TEST_CASE(a_wakeup_is_known_where_there_is_room)
{
  const int number = SIGRTMIN + 1;
  BOOST_TEST(!queue->may_have_wakeup(number));
  queue->send_wakeup(number);
  BOOST_TEST(queue->may_have_wakeup(number));
  const signal_info wakeup = take_pending(number);
  BOOST_TEST(wakeup.number() == number);
  BOOST_TEST(queue->is_wakeup(wakeup));
}

BOOST_AUTO_TEST_CASE(no_signal_of_others_is_taken_for_a_wakeup)
{
  // Nor one from outside of the pid namespace, which has no pid, nor one that
  // another process queues.
  ::siginfo_t raw{};
  raw.si_signo = SIGRTMIN + 1;
  raw.si_code = SI_USER;
  BOOST_TEST(!queue->is_wakeup(signal_info(raw)));
  BOOST_REQUIRE(::kill(::getpid(), SIGRTMIN) == 0);
  BOOST_TEST(!queue->is_wakeup(take_pending(SIGRTMIN)));
  queue->send_wakeup(SIGRTMIN);
  ::siginfo_t forged = take_pending(SIGRTMIN).to_siginfo();
  const ::pid_t parent = ::getpid();
  support::process child([&] {
    return ::syscall(SYS_rt_sigqueueinfo, parent, SIGRTMIN, &forged) == -1 ? 0
                                                                           : 1;
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_wakeup_arrives_bare_where_the_queue_is_full)
{
  support::process child([&] {
    const ::rlimit none{0, 0};
    if (::setrlimit(RLIMIT_SIGPENDING, &none) == -1)
      return 1;
    const int number = SIGRTMIN + 1;
    if (support::is_pending(number))
      return 2;
    queue->send_wakeup(number);
    if (!support::is_pending(number))
      return 3;
    const signal_info wakeup = take_pending(number);
    if (wakeup.number() != number || wakeup.sender())
      return 4;
    return queue->is_wakeup(wakeup) ? 5 : 0;
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_CASE(what_is_left_is_queued_again_where_there_is_room)
{
  BOOST_REQUIRE(queue->put(queued(SIGRTMIN, 1)));
  BOOST_REQUIRE(queue->put(queued(SIGRTMIN, 2)));
  undelivered.retry({SIGRTMIN + 2});
  BOOST_TEST(!support::is_pending(SIGRTMIN));
  undelivered.retry({SIGRTMIN, SIGRTMIN + 2});
  BOOST_TEST(!queue->may_have_any());
  BOOST_TEST(value_of(take_pending(SIGRTMIN)) == 1);
  BOOST_TEST(value_of(take_pending(SIGRTMIN)) == 2);
  BOOST_TEST(!support::is_pending(SIGRTMIN + 2));
}

BOOST_AUTO_TEST_CASE(what_is_left_wakes_readers_where_there_is_no_room)
{
  support::process child([&] {
    const ::rlimit none{0, 0};
    if (::setrlimit(RLIMIT_SIGPENDING, &none) == -1
        || !queue->put(queued(SIGRTMIN, 1)))
      return 1;
    undelivered.retry({SIGRTMIN, SIGRTMIN + 2});
    if (!support::is_pending(SIGRTMIN) || support::is_pending(SIGRTMIN + 2))
      return 2;
    return value_of(take_one(SIGRTMIN)) == 1 ? 0 : 3;
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
