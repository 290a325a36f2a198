// Every kind of signal that the kernel sends of its own accord: of descriptors,
// faults and timers. From where it really comes, if that can be, and read
// through a signal_fd. What is valid is told, and nothing else.

#include <sigfd/signal_info.hpp>

#include "support/process.hpp"
#include "support/raw_siginfo.hpp"
#include "support/siginfo_kinds.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <sstream>
#include <string>

namespace {

using sigfd::signal_cause;
using sigfd::signal_info;
using support::begins_with;
using support::fault_view;
using support::from;
using support::io_view;
using support::no_view;
using support::print;
using support::sender_view;
using support::syscall_view;
using support::value_view;
using support::views_of;

} // namespace

BOOST_FIXTURE_TEST_SUITE(siginfo_kinds_of_the_kernel, support::siginfo_fixture)

// Descriptors.

namespace {

// A socket whose readiness is told by a signal, and the other end.
class signalling_socket
{
public:
  // 0 stands for SIGIO without a siginfo.
  explicit signalling_socket(int signal_number)
  {
    BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()) == 0);
    BOOST_REQUIRE(::fcntl(fd(), F_SETOWN, ::getpid()) == 0);
    BOOST_REQUIRE(::fcntl(fd(), F_SETSIG, signal_number) == 0);
    BOOST_REQUIRE(::fcntl(fd(), F_SETFL, O_ASYNC | O_NONBLOCK) == 0);
  }

  signalling_socket(const signalling_socket&) = delete;
  signalling_socket& operator=(const signalling_socket&) = delete;

  ~signalling_socket()
  {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  int fd() const
  {
    return ends_[0];
  }

  // Makes the descriptor readable.
  void feed()
  {
    BOOST_REQUIRE(::write(ends_[1], "x", 1) == 1);
  }

private:
  std::array<int, 2> ends_{};
};

} // namespace

BOOST_AUTO_TEST_CASE(descriptor_that_became_ready)
{
  // The code of SIGIO and of a signal that has no codes of its own is the
  // event; that of one that has is SI_SIGIO, lest it be taken for its own.
  struct
  {
    int number;
    int code;
  } const cases[] = {{SIGIO, POLL_IN}, {SIGRTMIN, POLL_IN}, {SIGUSR2, POLL_IN},
      {SIGBUS, SI_SIGIO}, {SIGTRAP, SI_SIGIO}};
  for (const auto& c : cases)
  {
    BOOST_TEST_CONTEXT("signal " << c.number)
    {
      signalling_socket socket(c.number);
      socket.feed();
      const signal_info info = next();
      BOOST_TEST(info.number() == c.number);
      BOOST_TEST(info.code() == c.code);
      BOOST_TEST((info.cause() == signal_cause::io));
      BOOST_TEST(views_of(info) == io_view);
      BOOST_TEST(info.io()->fd == socket.fd());
      BOOST_TEST((info.io()->band & POLLIN) != 0);
      BOOST_TEST((info.io()->band & POLLHUP) == 0);
      std::ostringstream line;
      line << info.name() << ": descriptor " << socket.fd() << " ready, band 0x"
           << std::hex << info.io()->band;
      BOOST_TEST(print(info) == line.str());
    }
    BOOST_TEST(!signals.try_wait());
  }
}

BOOST_AUTO_TEST_CASE(descriptor_that_became_ready_and_says_no_more)
{
  signalling_socket socket(0);
  socket.feed();
  const signal_info info = next();
  BOOST_TEST(info.number() == SIGIO);
  BOOST_TEST(info.code() == SI_KERNEL);
  BOOST_TEST((info.cause() == signal_cause::kernel));
  BOOST_TEST(views_of(info) == no_view);
  BOOST_TEST(print(info) == "SIGIO from the kernel");
}

// Faults.

BOOST_AUTO_TEST_CASE(sigbus_that_somebody_sent_is_no_fault)
{
  BOOST_REQUIRE(::kill(::getpid(), SIGBUS) == 0);
  const signal_info killed = next();
  BOOST_TEST(killed.number() == SIGBUS);
  BOOST_TEST(views_of(killed) == sender_view);
  BOOST_TEST(print(killed) == "SIGBUS" + from(::getpid()) + ") by kill");

  BOOST_REQUIRE(support::queue(::getpid(), SIGBUS, BUS_MCEERR_AO));
  const signal_info queued = next();
  BOOST_TEST(views_of(queued) == (sender_view | value_view));
  BOOST_TEST(queued.value()->sival_int == BUS_MCEERR_AO);
}

BOOST_AUTO_TEST_CASE(memory_failure_by_a_record_of_our_own)
{
  // The kernel reports a page that failed and that nobody touched like this.
  int target = 0;
  for (const int code : {BUS_MCEERR_AO, BUS_MCEERR_AR})
  {
    ::siginfo_t raw = support::make_siginfo(SIGBUS, code);
    raw.si_addr = &target;
    raw.si_addr_lsb = 12;
    BOOST_REQUIRE(support::queue_raw(raw));
    const signal_info info = next();
    BOOST_TEST(info.number() == SIGBUS);
    BOOST_TEST(info.code() == code);
    BOOST_TEST((info.cause() == signal_cause::fault));
    BOOST_TEST(views_of(info) == fault_view);
    BOOST_TEST(info.fault()->address == &target);
    BOOST_TEST(info.fault()->lsb == 12u);
    BOOST_TEST(begins_with(print(info), "SIGBUS: fault at 0x"));
  }
}

BOOST_AUTO_TEST_CASE(other_faults_by_records_of_our_own)
{
  int target = 0;
  struct
  {
    int number;
    int code;
  } const cases[] = {{SIGBUS, BUS_ADRERR}, {SIGBUS, BUS_ADRALN},
      {SIGTRAP, TRAP_BRKPT}, {SIGTRAP, TRAP_TRACE}};
  for (const auto& c : cases)
  {
    BOOST_TEST_CONTEXT("signal " << c.number << " code " << c.code)
    {
      ::siginfo_t raw = support::make_siginfo(c.number, c.code);
      raw.si_addr = &target;
      BOOST_REQUIRE(support::queue_raw(raw));
      const signal_info info = next();
      BOOST_TEST(info.number() == c.number);
      BOOST_TEST((info.cause() == signal_cause::fault));
      BOOST_TEST(views_of(info) == fault_view);
      BOOST_TEST(info.fault()->address == &target);
      BOOST_TEST(info.fault()->lsb == 0u);
      BOOST_TEST(
          begins_with(print(info), std::string(info.name()) + ": fault at 0x"));
    }
  }
}

BOOST_AUTO_TEST_CASE(stopped_system_call_by_a_record_of_our_own)
{
  // A real one kills the thread that has SIGSYS blocked, so it cannot be
  // waited for; a tracer may send one.
  int target = 0;
  ::siginfo_t raw = support::make_siginfo(SIGSYS, 1 /* SYS_SECCOMP */);
  raw.si_errno = 5;
  raw.si_call_addr = &target;
  raw.si_syscall = SYS_getpid;
  raw.si_arch = 0xc000003e;
  BOOST_REQUIRE(support::queue_raw(raw));
  const signal_info info = next();
  BOOST_TEST(info.number() == SIGSYS);
  BOOST_TEST((info.cause() == signal_cause::system_call));
  BOOST_TEST(views_of(info) == syscall_view);
  BOOST_TEST(info.error() == 5);
  BOOST_TEST(info.syscall()->address == &target);
  BOOST_TEST(info.syscall()->number == SYS_getpid);
  BOOST_TEST(info.syscall()->arch == 0xc000003eu);
  BOOST_TEST(begins_with(print(info),
      "SIGSYS: system call " + std::to_string(SYS_getpid) + " stopped at 0x"));
}

// The kernel, with no more to say.

BOOST_AUTO_TEST_CASE(interval_timer_that_expired)
{
  ::itimerval once{};
  once.it_value.tv_usec = 1000;
  BOOST_REQUIRE(::setitimer(ITIMER_REAL, &once, nullptr) == 0);
  const signal_info info = next();
  BOOST_TEST(info.number() == SIGALRM);
  BOOST_TEST(info.code() == SI_KERNEL);
  BOOST_TEST((info.cause() == signal_cause::kernel));
  BOOST_TEST(views_of(info) == no_view);
  BOOST_TEST(print(info) == "SIGALRM from the kernel");
}

BOOST_AUTO_TEST_CASE(code_that_nobody_knows)
{
  BOOST_REQUIRE(support::queue_raw(support::make_siginfo(SIGHUP, -42)));
  const signal_info info = next();
  BOOST_TEST(info.number() == SIGHUP);
  BOOST_TEST((info.cause() == signal_cause::unknown));
  // It may carry a value, as SI_QUEUE does; pid 0 is nobody.
  BOOST_TEST(views_of(info) == value_view);
  BOOST_TEST(
      print(info) == "SIGHUP from an unknown sender with code -42, value 0");
}

BOOST_AUTO_TEST_SUITE_END()
