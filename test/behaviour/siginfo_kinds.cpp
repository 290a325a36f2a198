// Every kind of signal that a process or a library sends, from where it really
// comes, read through a signal_fd. What is valid is told, and nothing else.

#include <sigfd/signal_info.hpp>

#include "support/no_room.hpp"
#include "support/process.hpp"
#include "support/raw_siginfo.hpp"
#include "support/siginfo_kinds.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/test/unit_test.hpp>

#include <aio.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

namespace {

using sigfd::signal_cause;
using sigfd::signal_info;
using support::begins_with;
using support::from;
using support::no_view;
using support::print;
using support::sender_view;
using support::timer_view;
using support::value_view;
using support::views_of;

} // namespace

BOOST_FIXTURE_TEST_SUITE(siginfo_kinds, support::siginfo_fixture)

// Sent by somebody.

BOOST_AUTO_TEST_CASE(kill_from_another_process)
{
  const ::pid_t self = ::getpid();
  support::process sender([=] { return ::kill(self, SIGUSR1) == 0 ? 0 : 1; });
  const ::pid_t pid = sender.pid();
  const signal_info info = next();
  BOOST_TEST(info.number() == SIGUSR1);
  BOOST_TEST(info.code() == SI_USER);
  BOOST_TEST((info.cause() == signal_cause::kill));
  BOOST_TEST(views_of(info) == sender_view);
  BOOST_TEST(info.sender()->pid == pid);
  BOOST_TEST(info.sender()->uid == ::getuid());
  BOOST_TEST(info.sender()->attested);
  BOOST_TEST(print(info) == "SIGUSR1" + from(pid) + ") by kill");
  BOOST_TEST(sender.wait() == 0);
  BOOST_TEST(!signals.try_wait());
}

BOOST_AUTO_TEST_CASE(tgkill_of_the_thread_that_reads,
    *boost::unit_test::precondition([](boost::unit_test::test_unit_id) {
      // Only a descriptor of the kernel's gives the signals of the thread.
      return support::test_source() == sigfd::source::kernel;
    }))
{
  BOOST_REQUIRE(::pthread_kill(::pthread_self(), SIGUSR1) == 0);
  const signal_info info = next();
  BOOST_TEST(info.number() == SIGUSR1);
  BOOST_TEST(info.code() == SI_TKILL);
  BOOST_TEST((info.cause() == signal_cause::thread_kill));
  BOOST_TEST(views_of(info) == sender_view);
  BOOST_TEST(info.sender()->pid == ::getpid());
  BOOST_TEST(info.sender()->uid == ::getuid());
  BOOST_TEST(info.sender()->attested);
  BOOST_TEST(print(info) == "SIGUSR1" + from(::getpid()) + ") by tgkill");
}

BOOST_AUTO_TEST_CASE(sigqueue_from_another_process)
{
  support::process sender = support::queue_many(SIGRTMIN + 1, 2);
  const ::pid_t pid = sender.pid();
  for (int i = 0; i < 2; ++i)
  {
    const signal_info info = next();
    BOOST_TEST(info.number() == SIGRTMIN + 1);
    BOOST_TEST(info.code() == SI_QUEUE);
    BOOST_TEST((info.cause() == signal_cause::queue));
    BOOST_TEST(views_of(info) == (sender_view | value_view));
    BOOST_TEST(info.sender()->pid == pid);
    BOOST_TEST(info.sender()->uid == ::getuid());
    BOOST_TEST(!info.sender()->attested);
    BOOST_TEST(info.value()->sival_int == i);
    BOOST_TEST(print(info)
        == "SIGRTMIN+1" + from(pid) + ", not attested) by sigqueue, value "
            + std::to_string(i));
  }
  BOOST_TEST(sender.wait() == 0);
  BOOST_TEST(!signals.try_wait());
}

BOOST_AUTO_TEST_CASE(a_sender_may_lie_where_it_is_not_attested)
{
  const ::pid_t self = ::getpid();
  support::process sender([=] {
    ::siginfo_t info = support::make_siginfo(SIGRTMIN, SI_QUEUE);
    info.si_pid = 1;
    info.si_uid = ::getuid() + 1;
    info.si_value.sival_int = 17;
    return ::syscall(SYS_rt_sigqueueinfo, self, SIGRTMIN, &info) == 0 ? 0 : 1;
  });
  BOOST_REQUIRE(sender.wait() == 0);
  const signal_info info = next();
  BOOST_TEST(views_of(info) == (sender_view | value_view));
  BOOST_TEST(info.sender()->pid == 1);
  BOOST_TEST(info.sender()->uid == ::getuid() + 1);
  BOOST_TEST(!info.sender()->attested);
}

BOOST_AUTO_TEST_CASE(nobody_may_forge_what_is_attested)
{
  const ::pid_t self = ::getpid();
  support::process forger([=] {
    for (const int code :
        {int{SI_USER}, int{SI_TKILL}, int{SI_KERNEL}, int{CLD_EXITED}})
    {
      ::siginfo_t info = support::make_siginfo(SIGRTMIN, code);
      info.si_pid = 1;
      if (::syscall(SYS_rt_sigqueueinfo, self, SIGRTMIN, &info) == 0)
        return 1;
    }
    return 0;
  });
  BOOST_TEST(forger.wait() == 0);
  BOOST_TEST(!signals.try_wait());
}

BOOST_AUTO_TEST_CASE(a_signal_that_the_queue_had_no_room_for_has_no_sender)
{
  // The kernel then keeps the number of a standard signal, and no more.
  {
    const support::no_room limit;
    ::sigval value{};
    value.sival_int = 17;
    BOOST_REQUIRE(::sigqueue(::getpid(), SIGUSR1, value) == 0);
  }

  const signal_info info = next();
  BOOST_TEST(info.number() == SIGUSR1);
  BOOST_TEST(views_of(info) == no_view);
  BOOST_TEST(begins_with(print(info), "SIGUSR1 from an unknown sender"));
}

// POSIX timers, message queues, asynchronous I/O.

BOOST_AUTO_TEST_CASE(timer_that_expired_more_than_once)
{
  ::sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGRTMIN;
  event.sigev_value.sival_int = 17;
  // The second timer, because the first may have the ID 0.
  std::array<::timer_t, 2> timers{};
  for (::timer_t& timer : timers)
    BOOST_REQUIRE(::timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  ::itimerspec every_millisecond{};
  every_millisecond.it_value.tv_nsec = 1'000'000;
  every_millisecond.it_interval.tv_nsec = 1'000'000;
  BOOST_REQUIRE(
      ::timer_settime(timers[1], 0, &every_millisecond, nullptr) == 0);

  // Nobody reads for a while.
  const auto start = std::chrono::steady_clock::now();
  BOOST_REQUIRE(support::wait_until([&] {
    return std::chrono::steady_clock::now() - start
        > std::chrono::milliseconds(20);
  }));

  const signal_info info = next();
  // It is counted when the signal is taken, and goes on from 0.
  BOOST_TEST(info.number() == SIGRTMIN);
  BOOST_TEST(info.code() == SI_TIMER);
  BOOST_TEST((info.cause() == signal_cause::timer));
  BOOST_TEST(views_of(info) == (timer_view | value_view));
  // For SIGEV_SIGNAL the C library's timer_t is the kernel's ID.
  BOOST_TEST(std::intptr_t{info.timer()->id}
      == reinterpret_cast<std::intptr_t>(timers[1]));
  // The kernel's record is made when it is read, and counts till then. The
  // pipe's is made at once, and the next expiry makes another.
  if (support::test_source() == sigfd::source::kernel)
    BOOST_TEST(info.timer()->overrun > 0);
  BOOST_TEST(info.timer()->value.sival_int == 17);
  BOOST_TEST(info.value()->sival_int == 17);
  BOOST_TEST(print(info)
      == "SIGRTMIN: timer " + std::to_string(info.timer()->id) + " expired, "
          + std::to_string(info.timer()->overrun)
          + (info.timer()->overrun == 1 ? " overrun" : " overruns")
          + ", value 17");

  for (::timer_t timer : timers)
    BOOST_REQUIRE(::timer_delete(timer) == 0);
  int expiries = 1 + info.timer()->overrun;
  while (const auto more = signals.try_wait())
    expiries += 1 + more->timer()->overrun;
  BOOST_TEST(expiries >= 10);
}

BOOST_AUTO_TEST_CASE(timer_that_expired_once)
{
  ::sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGALRM;
  int target = 0;
  event.sigev_value.sival_ptr = &target;
  ::timer_t timer{};
  BOOST_REQUIRE(::timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  ::itimerspec once{};
  once.it_value.tv_nsec = 1;
  BOOST_REQUIRE(::timer_settime(timer, 0, &once, nullptr) == 0);
  const signal_info info = next();
  BOOST_TEST(info.number() == SIGALRM);
  BOOST_TEST(views_of(info) == (timer_view | value_view));
  BOOST_TEST(info.timer()->overrun == 0);
  BOOST_TEST(info.value()->sival_ptr == &target);
  BOOST_TEST(begins_with(print(info), "SIGALRM: timer "));
  BOOST_REQUIRE(::timer_delete(timer) == 0);
}

BOOST_AUTO_TEST_CASE(message_on_an_empty_queue)
{
  const std::string name = "/sigfd_test_" + std::to_string(::getpid());
  ::mq_attr attributes{};
  attributes.mq_maxmsg = 1;
  attributes.mq_msgsize = 8;
  const ::mqd_t queue = ::mq_open(
      name.c_str(), O_CREAT | O_EXCL | O_RDWR, 0600, &attributes);
  BOOST_REQUIRE(queue != -1);
  BOOST_TEST(::mq_unlink(name.c_str()) == 0);
  ::sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGRTMIN;
  event.sigev_value.sival_int = 17;
  BOOST_REQUIRE(::mq_notify(queue, &event) == 0);

  support::process writer(
      [=] { return ::mq_send(queue, "text", 4, 0) == 0 ? 0 : 1; });
  const ::pid_t pid = writer.pid();
  BOOST_REQUIRE(writer.wait() == 0);
  const signal_info info = next();
  BOOST_TEST(info.number() == SIGRTMIN);
  BOOST_TEST(info.code() == SI_MESGQ);
  BOOST_TEST((info.cause() == signal_cause::message_queue));
  BOOST_TEST(views_of(info) == (sender_view | value_view));
  BOOST_TEST(info.sender()->pid == pid);
  BOOST_TEST(info.sender()->uid == ::getuid());
  // The kernel wrote it, but anybody could have.
  BOOST_TEST(!info.sender()->attested);
  BOOST_TEST(info.value()->sival_int == 17);
  BOOST_TEST(print(info)
      == "SIGRTMIN" + from(pid) + ", not attested) by message queue, value 17");
  BOOST_TEST(::mq_close(queue) == 0);
}

BOOST_AUTO_TEST_CASE(asynchronous_io_that_ended)
{
  std::array<int, 2> ends{};
  BOOST_REQUIRE(::pipe(ends.data()) == 0);
  std::array<char, 4> text{'t', 'e', 'x', 't'};
  std::array<char, 4> room{};

  ::aiocb write_request{};
  write_request.aio_fildes = ends[1];
  write_request.aio_buf = text.data();
  write_request.aio_nbytes = text.size();
  ::aiocb read_request = write_request;
  read_request.aio_fildes = ends[0];
  read_request.aio_buf = room.data();

  struct
  {
    ::aiocb* request;
    int (*start)(::aiocb*);
    int value;
  } const cases[] = {
      {&write_request, &::aio_write, 17}, {&read_request, &::aio_read, 18}};
  for (const auto& c : cases)
  {
    c.request->aio_sigevent.sigev_notify = SIGEV_SIGNAL;
    c.request->aio_sigevent.sigev_signo = SIGRTMIN;
    c.request->aio_sigevent.sigev_value.sival_int = c.value;
    BOOST_REQUIRE(c.start(c.request) == 0);
    const signal_info info = next();
    BOOST_TEST(info.number() == SIGRTMIN);
    BOOST_TEST(info.code() == SI_ASYNCIO);
    BOOST_TEST((info.cause() == signal_cause::async_io));
    BOOST_TEST(views_of(info) == (sender_view | value_view));
    // A thread of the C library's in this process sends it.
    BOOST_TEST(info.sender()->pid == ::getpid());
    BOOST_TEST(info.sender()->uid == ::getuid());
    BOOST_TEST(!info.sender()->attested);
    BOOST_TEST(info.value()->sival_int == c.value);
    BOOST_TEST(print(info)
        == "SIGRTMIN" + from(::getpid())
            + ", not attested) by asynchronous I/O, value "
            + std::to_string(c.value));
    BOOST_TEST(::aio_error(c.request) == 0);
    BOOST_TEST(::aio_return(c.request) == 4);
  }
  BOOST_TEST(room == text);
  ::close(ends[0]);
  ::close(ends[1]);
}

BOOST_AUTO_TEST_SUITE_END()
