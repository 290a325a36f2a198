// signal_info on records that are made here: views, conversions, printing.
// The kernel's own records are in behaviour/siginfo_kinds.cpp.

#include <sigfd/signal_info.hpp>

#include <sigfd/signal_mask.hpp>

#include "support/raw_siginfo.hpp"

#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using sigfd::signal_cause;
using sigfd::signal_info;

// A siginfo with number and code set, and pid 4242 and uid 1000 where the
// layout has them.
::siginfo_t make(int number, int code)
{
  ::siginfo_t info{};
  info.si_signo = number;
  info.si_code = code;
  return info;
}

::siginfo_t make_sent(int number, int code)
{
  ::siginfo_t info = make(number, code);
  info.si_pid = 4242;
  info.si_uid = 1000;
  return info;
}

::siginfo_t make_child(int code, int status)
{
  ::siginfo_t info = make_sent(SIGCHLD, code);
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
  BOOST_TEST(signal_info(make(SIGTERM, 0)).name() == "SIGTERM");
  BOOST_TEST(signal_info(make(SIGRTMIN, 0)).name() == "SIGRTMIN");
  BOOST_TEST(signal_info(make(SIGRTMIN + 3, 0)).name() == "SIGRTMIN+3");
  BOOST_TEST(signal_info(make(SIGRTMAX, 0)).name() == "SIGRTMIN+30");
  BOOST_TEST(signal_info(make(32, 0)).name() == "reserved signal");
  BOOST_TEST(signal_info(make(65, 0)).name() == "unknown signal");
  for (int n = 1; n < 32; ++n)
  {
    const std::string expected = std::string("SIG") + ::sigabbrev_np(n);
    // Two names of one signal.
    if (n != SIGPOLL)
      BOOST_TEST(signal_info(make(n, 0)).name() == expected);
  }
}

BOOST_AUTO_TEST_CASE(converts_to_its_number)
{
  const signal_info info(make(SIGHUP, SI_USER));
  const int number = info;
  BOOST_TEST(number == SIGHUP);
  BOOST_TEST((info == SIGHUP));
  switch (info)
  {
  case SIGHUP:
    break;
  default:
    BOOST_ERROR("does not switch");
  }
}

BOOST_AUTO_TEST_CASE(equality_is_of_the_whole_record)
{
  const signal_info a(make_sent(SIGTERM, SI_USER));
  ::siginfo_t other = make_sent(SIGTERM, SI_USER);
  BOOST_TEST((a == signal_info(other)));
  other.si_pid = 4243;
  BOOST_TEST((a != signal_info(other)));
}

// Numbers first, then the records: what == tells apart is in order.
BOOST_AUTO_TEST_CASE(the_order_agrees_with_equality)
{
  std::vector<signal_info> all{signal_info()};
  for (const int number : {SIGHUP, SIGTERM, SIGCHLD, SIGRTMIN})
    for (const int code : {SI_USER, SI_QUEUE, SI_TKILL})
      for (const ::pid_t pid : {1, 255, 256, 65'536, 4'242})
        for (const ::uid_t uid : {0u, 1'000u})
        {
          ::siginfo_t raw = make(number, code);
          raw.si_pid = pid;
          raw.si_uid = uid;
          all.emplace_back(raw);
        }
  for (const signal_info& a : all)
    for (const signal_info& b : all)
    {
      const auto order = a <=> b;
      static_assert(
          std::is_same_v<decltype(order), const std::strong_ordering>);
      BOOST_REQUIRE((order == 0) == (a == b));
      BOOST_REQUIRE((order == 0) == (&a == &b));
      BOOST_REQUIRE((order < 0) == (a < b));
      BOOST_REQUIRE((order > 0) == (a > b));
      BOOST_REQUIRE((a <= b) == !(a > b));
      BOOST_REQUIRE((a >= b) == !(a < b));
      BOOST_REQUIRE((order < 0) == (b <=> a > 0));
      if (a.number() != b.number())
        BOOST_REQUIRE((order < 0) == (a.number() < b.number()));
    }
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i + 1 < all.size(); ++i)
    for (std::size_t k = i + 1; k < all.size(); ++k)
      BOOST_REQUIRE((all[i] < all[k]));
}

BOOST_AUTO_TEST_CASE(containers_keep_what_equality_tells_apart)
{
  std::map<signal_info, int> by_info;
  std::set<signal_info> infos;
  for (int pid = 1; pid <= 100; ++pid)
    for (int times = 0; times < 2; ++times)
    {
      ::siginfo_t raw = make_sent(SIGTERM, SI_USER);
      raw.si_pid = pid;
      ++by_info[signal_info(raw)];
      infos.insert(signal_info(raw));
    }
  BOOST_TEST(by_info.size() == 100u);
  BOOST_TEST(infos.size() == 100u);
  for (const auto& [info, count] : by_info)
  {
    BOOST_TEST(count == 2);
    BOOST_TEST(infos.count(info) == 1u);
  }
}

BOOST_AUTO_TEST_CASE(compares_with_numbers)
{
  const signal_info info(make_sent(SIGUSR1, SI_USER)); // 10
  const int number = SIGUSR1;
  BOOST_TEST((info == SIGUSR1));
  BOOST_TEST((SIGUSR1 == info));
  BOOST_TEST((info == number));
  BOOST_TEST((info != SIGTERM));
  BOOST_TEST((SIGTERM != info));
  BOOST_TEST((info < SIGTERM));
  BOOST_TEST((SIGHUP < info));
  BOOST_TEST((info <= number));
  BOOST_TEST((info >= number));
  BOOST_TEST((info > 9));
  BOOST_TEST(!(info < 10));
  BOOST_TEST(((info <=> number) == 0));
  BOOST_TEST(std::set<int>{SIGUSR1}.count(info) == 1u);
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
    ::siginfo_t raw = make_sent(SIGTERM, c.code);
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
  ::siginfo_t raw = make(SIGTERM, SI_USER);
  raw.si_uid = 1000;
  BOOST_TEST(!signal_info(raw).sender());
  BOOST_TEST(!signal_info(make(SIGINT, SI_KERNEL)).sender());
  BOOST_TEST((signal_info(make(SIGINT, SI_KERNEL)).cause()
      == signal_cause::kernel));
}

BOOST_AUTO_TEST_CASE(keeps_all_bits_of_a_value)
{
  ::siginfo_t raw = make_sent(SIGRTMIN, SI_QUEUE);
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
  const auto tick = std::chrono::microseconds(1'000'000 / ::sysconf(_SC_CLK_TCK));
  BOOST_TEST((exited.child()->user_time == 2 * tick));
  BOOST_TEST((exited.child()->system_time == 150 * tick));
  BOOST_TEST((exited.cause() == signal_cause::child));
  BOOST_TEST(!exited.value());

  const signal_info dumped(make_child(CLD_DUMPED, SIGSEGV));
  BOOST_TEST((dumped.child()->reason == sigfd::child_reason::dumped));
  BOOST_TEST(dumped.child()->core_dumped);

  // A SIGCHLD that somebody sent says nothing of a child.
  BOOST_TEST(!signal_info(make_sent(SIGCHLD, SI_USER)).child());
  BOOST_TEST(!signal_info(make_sent(SIGCHLD, SI_QUEUE)).child());
  // Nor does the same code on another signal.
  BOOST_TEST(!signal_info(make_child(CLD_EXITED, 0)).io());
  ::siginfo_t io = make(SIGUSR1, CLD_EXITED);
  BOOST_TEST(!signal_info(io).child());
}

BOOST_AUTO_TEST_CASE(tells_a_timer_a_descriptor_a_fault_and_a_system_call)
{
  ::siginfo_t raw = make(SIGALRM, SI_TIMER);
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

  raw = make(SIGRTMIN, POLL_IN);
  raw.si_fd = 9;
  raw.si_band = POLLIN | POLLRDNORM;
  info = signal_info(raw);
  BOOST_TEST(info.io()->fd == 9);
  BOOST_TEST(info.io()->band == (POLLIN | POLLRDNORM));
  BOOST_TEST((info.cause() == signal_cause::io));
  BOOST_TEST(count_views(info) == 1);

  int target = 0;
  raw = make(SIGBUS, BUS_ADRERR);
  raw.si_addr = &target;
  info = signal_info(raw);
  BOOST_TEST(info.fault()->address == &target);
  BOOST_TEST(info.fault()->lsb == 0u);
  BOOST_TEST((info.cause() == signal_cause::fault));
  BOOST_TEST(count_views(info) == 1);

  raw = make(SIGBUS, BUS_MCEERR_AO);
  raw.si_addr = &target;
  raw.si_addr_lsb = 12;
  info = signal_info(raw);
  BOOST_TEST(info.fault()->address == &target);
  BOOST_TEST(info.fault()->lsb == 12u);

  raw = make(SIGSYS, 1 /* SYS_SECCOMP */);
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

BOOST_AUTO_TEST_CASE(prints_one_line_that_a_person_can_act_on)
{
  BOOST_TEST(print(make_sent(SIGTERM, SI_USER))
      == "SIGTERM from pid 4242 (uid 1000) by kill");
  BOOST_TEST(print(make_sent(SIGUSR1, SI_TKILL))
      == "SIGUSR1 from pid 4242 (uid 1000) by tgkill");
  ::siginfo_t queued = make_sent(SIGRTMIN + 3, SI_QUEUE);
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
  ::siginfo_t timer = make(SIGALRM, SI_TIMER);
  timer.si_timerid = 3;
  timer.si_overrun = 1;
  timer.si_value.sival_int = 17;
  BOOST_TEST(print(timer) == "SIGALRM: timer 3 expired, 1 overrun, value 17");
  ::siginfo_t io = make(SIGIO, POLL_IN);
  io.si_fd = 9;
  io.si_band = 0x41;
  BOOST_TEST(print(io) == "SIGIO: descriptor 9 ready, band 0x41");
  ::siginfo_t fault = make(SIGBUS, BUS_ADRERR);
  fault.si_addr = reinterpret_cast<void*>(std::uintptr_t{0x1234});
  BOOST_TEST(print(fault) == "SIGBUS: fault at 0x1234");
  BOOST_TEST(print(make(SIGINT, SI_KERNEL)) == "SIGINT from the kernel");
  BOOST_TEST(print(make(SIGTERM, SI_USER))
      == "SIGTERM from an unknown sender by kill");
  BOOST_TEST(print(make_sent(SIGTERM, -42))
      == "SIGTERM from pid 4242 (uid 1000, not attested) with code -42, "
         "value 0");
  BOOST_TEST(print(make(65, 0))
      == "unknown signal 65 from an unknown sender by kill");
}

BOOST_AUTO_TEST_CASE(prints_as_one_field_and_ignores_the_streams_base)
{
  std::ostringstream os;
  os << std::hex << std::setw(42) << std::setfill('.')
     << signal_info(make_sent(SIGTERM, SI_USER)) << 16;
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
      BOOST_REQUIRE(::read(fd, &record, sizeof record)
          == ::ssize_t{sizeof record});
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
