// signal_info on records that are made here: views, conversions, printing.
// The kernel's own records are in behaviour/siginfo_kinds*.cpp.

#include <sigfd/signal_info.hpp>

#include <sigfd/signal_mask.hpp>

#include "support/raw_siginfo.hpp"

#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <iomanip>
#include <limits>
#include <sstream>
#include <string>

namespace {

using sigfd::signal_cause;
using sigfd::signal_info;
using support::make_sent_siginfo;
using support::make_siginfo;

::siginfo_t make_child(int code, int status)
{
  ::siginfo_t info = make_sent_siginfo(SIGCHLD, code);
  info.si_status = status;
  info.si_utime = 2;
  info.si_stime = 150;
  return info;
}

std::string print(const ::siginfo_t& info)
{
  std::ostringstream os;
  os << signal_info(info);
  return os.str();
}

// How many of the views have something.
int count_views(const signal_info& i)
{
  return int{i.sender().has_value()} + int{i.value().has_value()}
  + int{i.child().has_value()} + int{i.timer().has_value()}
  + int{i.io().has_value()} + int{i.fault().has_value()}
  + int{i.syscall().has_value()};
}

} // namespace

BOOST_AUTO_TEST_CASE(stands_for_nothing_by_default)
{
  const signal_info info;
  BOOST_TEST(info.number() == 0);
  BOOST_TEST((info.cause() == signal_cause::unknown));
  BOOST_TEST(count_views(info) == 0);
  std::ostringstream os;
  os << info;
  BOOST_TEST(os.str() == "no signal");
}

BOOST_AUTO_TEST_CASE(names_every_signal)
{
  BOOST_TEST(signal_info(make_siginfo(SIGTERM, 0)).name() == "SIGTERM");
  BOOST_TEST(signal_info(make_siginfo(SIGRTMIN, 0)).name() == "SIGRTMIN");
  BOOST_TEST(signal_info(make_siginfo(SIGRTMIN + 3, 0)).name() == "SIGRTMIN+3");
  BOOST_TEST(signal_info(make_siginfo(SIGRTMAX, 0)).name() == "SIGRTMIN+30");
  BOOST_TEST(signal_info(make_siginfo(32, 0)).name() == "reserved signal");
  BOOST_TEST(signal_info(make_siginfo(65, 0)).name() == "unknown signal");
  for (int n = 1; n < 32; ++n)
  {
    const std::string expected = std::string("SIG") + ::sigabbrev_np(n);
    // Two names of one signal.
    if (n != SIGPOLL)
      BOOST_TEST(signal_info(make_siginfo(n, 0)).name() == expected);
  }
}

BOOST_AUTO_TEST_CASE(says_who_sent_it_and_whether_the_kernel_says_so)
{
  struct
  {
    int code;
    bool attested;
    bool has_value;
    signal_cause cause;
  } const cases[] = {{SI_USER, true, false, signal_cause::kill},
      {SI_TKILL, true, false, signal_cause::thread_kill},
      {SI_QUEUE, false, true, signal_cause::queue},
      {SI_MESGQ, false, true, signal_cause::message_queue},
      {SI_ASYNCIO, false, true, signal_cause::async_io},
      {SI_ASYNCNL, false, true, signal_cause::async_io},
      {-42, false, true, signal_cause::unknown}};
  for (const auto& c : cases)
  {
    ::siginfo_t raw = make_sent_siginfo(SIGTERM, c.code);
    if (c.has_value)
      raw.si_value.sival_int = 17;
    const signal_info info(raw);
    BOOST_TEST_CONTEXT("code " << c.code)
    {
      BOOST_REQUIRE(info.sender().has_value());
      BOOST_TEST(info.sender()->pid == 4242);
      BOOST_TEST(info.sender()->uid == 1000u);
      BOOST_TEST(info.sender()->attested == c.attested);
      BOOST_REQUIRE(info.value().has_value() == c.has_value);
      if (c.has_value)
        BOOST_TEST(info.value()->sival_int == 17);
      BOOST_TEST((info.cause() == c.cause));
      BOOST_TEST(count_views(info) == (c.has_value ? 2 : 1));
    }
  }
}

BOOST_AUTO_TEST_CASE(pid_0_is_no_sender)
{
  ::siginfo_t raw = make_siginfo(SIGTERM, SI_USER);
  raw.si_uid = 1000;
  BOOST_TEST(!signal_info(raw).sender());
  BOOST_TEST(!signal_info(make_siginfo(SIGINT, SI_KERNEL)).sender());
  BOOST_TEST((signal_info(make_siginfo(SIGINT, SI_KERNEL)).cause()
      == signal_cause::kernel));
}

BOOST_AUTO_TEST_CASE(keeps_all_bits_of_a_value)
{
  ::siginfo_t raw = make_sent_siginfo(SIGRTMIN, SI_QUEUE);
  int target = 0;
  raw.si_value.sival_ptr = &target;
  BOOST_TEST(signal_info(raw).value()->sival_ptr == &target);
  BOOST_TEST(signal_info(raw).to_siginfo().si_value.sival_ptr == &target);
}

BOOST_AUTO_TEST_CASE(tells_how_a_child_changed)
{
  const signal_info exited(make_child(CLD_EXITED, 3));
  BOOST_REQUIRE(exited.child().has_value());
  BOOST_TEST(exited.child()->pid == 4242);
  BOOST_TEST(exited.child()->uid == 1000u);
  BOOST_TEST(exited.child()->status == 3);
  BOOST_TEST((exited.child()->reason == sigfd::child_reason::exited));
  BOOST_TEST(!exited.child()->core_dumped);
  const auto tick = std::chrono::microseconds(
      1'000'000 / ::sysconf(_SC_CLK_TCK));
  BOOST_TEST((exited.child()->user_time == 2 * tick));
  BOOST_TEST((exited.child()->system_time == 150 * tick));
  BOOST_TEST((exited.cause() == signal_cause::child));
  BOOST_TEST(!exited.value());

  const signal_info dumped(make_child(CLD_DUMPED, SIGSEGV));
  BOOST_TEST((dumped.child()->reason == sigfd::child_reason::dumped));
  BOOST_TEST(dumped.child()->core_dumped);

  // A SIGCHLD that somebody sent says nothing of a child.
  BOOST_TEST(!signal_info(make_sent_siginfo(SIGCHLD, SI_USER)).child());
  BOOST_TEST(!signal_info(make_sent_siginfo(SIGCHLD, SI_QUEUE)).child());
  // Nor does the same code on another signal.
  BOOST_TEST(!signal_info(make_child(CLD_EXITED, 0)).io());
  ::siginfo_t io = make_siginfo(SIGUSR1, CLD_EXITED);
  BOOST_TEST(!signal_info(io).child());
}

BOOST_AUTO_TEST_CASE(tells_a_timer_a_descriptor_a_fault_and_a_system_call)
{
  ::siginfo_t raw = make_siginfo(SIGALRM, SI_TIMER);
  raw.si_timerid = 5;
  raw.si_overrun = 2;
  raw.si_value.sival_int = 17;
  signal_info info(raw);
  BOOST_TEST(info.timer()->id == 5);
  BOOST_TEST(info.timer()->overrun == 2);
  BOOST_TEST(info.timer()->value.sival_int == 17);
  BOOST_TEST(info.value()->sival_int == 17);
  BOOST_TEST(!info.sender());
  BOOST_TEST((info.cause() == signal_cause::timer));

  raw = make_siginfo(SIGRTMIN, POLL_IN);
  raw.si_fd = 9;
  raw.si_band = POLLIN | POLLRDNORM;
  info = signal_info(raw);
  BOOST_TEST(info.io()->fd == 9);
  BOOST_TEST(info.io()->band == (POLLIN | POLLRDNORM));
  BOOST_TEST((info.cause() == signal_cause::io));
  BOOST_TEST(count_views(info) == 1);

  int target = 0;
  raw = make_siginfo(SIGBUS, BUS_ADRERR);
  raw.si_addr = &target;
  info = signal_info(raw);
  BOOST_TEST(info.fault()->address == &target);
  BOOST_TEST(info.fault()->lsb == 0u);
  BOOST_TEST((info.cause() == signal_cause::fault));
  BOOST_TEST(count_views(info) == 1);

  raw = make_siginfo(SIGBUS, BUS_MCEERR_AO);
  raw.si_addr = &target;
  raw.si_addr_lsb = 12;
  info = signal_info(raw);
  BOOST_TEST(info.fault()->address == &target);
  BOOST_TEST(info.fault()->lsb == 12u);

  raw = make_siginfo(SIGSYS, 1 /* SYS_SECCOMP */);
  raw.si_errno = 99;
  raw.si_call_addr = &target;
  raw.si_syscall = 59;
  raw.si_arch = 0xc000003e;
  info = signal_info(raw);
  BOOST_TEST(info.error() == 99);
  BOOST_TEST(info.syscall()->address == &target);
  BOOST_TEST(info.syscall()->number == 59);
  BOOST_TEST(info.syscall()->arch == 0xc000003e);
  BOOST_TEST((info.cause() == signal_cause::system_call));
  BOOST_TEST(count_views(info) == 1);
}

// A record may come from anywhere, and have something in every member.
BOOST_AUTO_TEST_CASE(gives_of_a_fault_what_number_and_code_make_valid)
{
  ::signalfd_siginfo record{};
  record.ssi_signo = SIGSEGV;
  record.ssi_code = SEGV_MAPERR;
  record.ssi_addr = 0x1234;
  record.ssi_addr_lsb = 12;
  record.ssi_trapno = 14;
  BOOST_TEST(signal_info(record).fault()->lsb == 0u);
  const unsigned trap = sigfd::detail::has_trap_number ? 14u : 0u;
  BOOST_TEST(signal_info(record).fault()->trap == trap);
  record.ssi_signo = SIGBUS;
  record.ssi_code = BUS_MCEERR_AR;
  BOOST_TEST(signal_info(record).fault()->lsb == 12u);
}

BOOST_AUTO_TEST_CASE(reads_no_poll_code_where_a_signal_has_codes_of_its_own)
{
  // The kernel copies the descriptor of these, but makes none of them.
  const int pairs[][2] = {{SIGBUS, POLL_HUP}, {SIGSYS, POLL_HUP}};
  for (const auto& [number, code] : pairs)
  {
    const signal_info info(make_siginfo(number, code));
    BOOST_TEST(count_views(info) == 0);
    BOOST_TEST((info.cause() == signal_cause::unknown));
  }
  BOOST_TEST(signal_info(make_siginfo(SIGBUS, SI_SIGIO)).io().has_value());
}

BOOST_AUTO_TEST_CASE(gives_the_longest_time_where_a_record_has_more)
{
  using std::chrono::microseconds;
  const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  ::signalfd_siginfo record{};
  record.ssi_signo = SIGCHLD;
  record.ssi_code = CLD_EXITED;
  record.ssi_utime = std::numeric_limits<std::uint64_t>::max();
  // A duration holds this, though 64 bits do not hold ticks times microseconds.
  record.ssi_stime = 9'000'000'000'000 * per_second;
  const auto child = signal_info(record).child();
  BOOST_TEST((child->user_time == microseconds::max()));
  BOOST_TEST((child->system_time == std::chrono::seconds(9'000'000'000'000)));
}

BOOST_AUTO_TEST_CASE(prints_one_line_that_a_person_can_act_on)
{
  BOOST_TEST(print(make_sent_siginfo(SIGTERM, SI_USER))
      == "SIGTERM from pid 4242 (uid 1000) by kill");
  BOOST_TEST(print(make_sent_siginfo(SIGUSR1, SI_TKILL))
      == "SIGUSR1 from pid 4242 (uid 1000) by tgkill");
  ::siginfo_t queued = make_sent_siginfo(SIGRTMIN + 3, SI_QUEUE);
  queued.si_value.sival_int = 17;
  BOOST_TEST(print(queued)
      == "SIGRTMIN+3 from pid 4242 (uid 1000, not attested) by sigqueue, "
         "value 17");
  BOOST_TEST(print(make_child(CLD_DUMPED, SIGSEGV))
      == "SIGCHLD: child 4242 (uid 1000) killed by SIGSEGV, core dumped, "
         "0.02 s user 1.50 s system");
  BOOST_TEST(print(make_child(CLD_EXITED, 3))
      == "SIGCHLD: child 4242 (uid 1000) exited with status 3, "
         "0.02 s user 1.50 s system");
  BOOST_TEST(print(make_child(CLD_KILLED, SIGTERM))
      == "SIGCHLD: child 4242 (uid 1000) killed by SIGTERM, "
         "0.02 s user 1.50 s system");
  BOOST_TEST(print(make_child(CLD_STOPPED, SIGTSTP))
      == "SIGCHLD: child 4242 (uid 1000) stopped by SIGTSTP, "
         "0.02 s user 1.50 s system");
  BOOST_TEST(print(make_child(CLD_TRAPPED, SIGTRAP))
      == "SIGCHLD: child 4242 (uid 1000) trapped by SIGTRAP, "
         "0.02 s user 1.50 s system");
  BOOST_TEST(print(make_child(CLD_CONTINUED, SIGCONT))
      == "SIGCHLD: child 4242 (uid 1000) continued, "
         "0.02 s user 1.50 s system");
  ::siginfo_t timer = make_siginfo(SIGALRM, SI_TIMER);
  timer.si_timerid = 3;
  timer.si_overrun = 1;
  timer.si_value.sival_int = 17;
  BOOST_TEST(print(timer) == "SIGALRM: timer 3 expired, 1 overrun, value 17");
  ::siginfo_t io = make_siginfo(SIGIO, POLL_IN);
  io.si_fd = 9;
  io.si_band = 0x41;
  BOOST_TEST(print(io) == "SIGIO: descriptor 9 ready, band 0x41");
  ::siginfo_t fault = make_siginfo(SIGBUS, BUS_ADRERR);
  fault.si_addr = reinterpret_cast<void*>(std::uintptr_t{0x1234});
  BOOST_TEST(print(fault) == "SIGBUS: fault at 0x1234");
  BOOST_TEST(
      print(make_siginfo(SIGINT, SI_KERNEL)) == "SIGINT from the kernel");
  BOOST_TEST(print(make_siginfo(SIGTERM, SI_USER))
      == "SIGTERM from an unknown sender by kill");
  BOOST_TEST(print(make_sent_siginfo(SIGTERM, -42))
      == "SIGTERM from pid 4242 (uid 1000, not attested) with code -42, "
         "value 0");
  BOOST_TEST(print(make_siginfo(65, 0))
      == "unknown signal 65 from an unknown sender by kill");
}

BOOST_AUTO_TEST_CASE(prints_as_one_field_and_ignores_the_streams_base)
{
  std::ostringstream os;
  os << std::hex << std::setw(42) << std::setfill('.')
     << signal_info(make_sent_siginfo(SIGTERM, SI_USER)) << 16;
  BOOST_TEST(os.str() == "..SIGTERM from pid 4242 (uid 1000) by kill10");
}

// The kernel fills a signalfd_siginfo from the siginfo of a queued signal; the
// conversion must give the same record, byte for byte, whatever the number and
// code, with every bit of the siginfo set to something.
BOOST_AUTO_TEST_CASE(fills_a_record_as_the_kernel_does)
{
  const auto all = sigfd::signal_mask::all();
  const sigfd::scoped_signal_block block(all);
  const int fd = ::signalfd(-1, &all.native(), SFD_NONBLOCK | SFD_CLOEXEC);
  BOOST_REQUIRE(fd != -1);
  int compared = 0;
  for (const int number : all)
    for (int code = -70; code < 200; ++code)
    {
      const ::siginfo_t raw = support::full_siginfo(number, code);
      if (!support::queue_raw(raw))
        BOOST_FAIL("cannot queue " << number << " with code " << code);
      ::signalfd_siginfo record{};
      BOOST_REQUIRE(
          ::read(fd, &record, sizeof record) == ::ssize_t{sizeof record});
      const signal_info from_kernel(record);
      const signal_info converted(raw);
      if (from_kernel != converted)
        BOOST_ERROR("number " << number << " code " << code << ": "
                              << from_kernel << " is not " << converted);
      // And back: the round trip keeps every field.
      if (signal_info(from_kernel.to_siginfo()) != from_kernel)
        BOOST_ERROR("number " << number << " code " << code
                              << " does not survive the round trip");
      ++compared;
    }
  BOOST_TEST(compared == 57 * 270);
  ::close(fd);
}
