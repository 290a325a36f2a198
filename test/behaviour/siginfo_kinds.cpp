// Every kind of signal, from where it really comes, read through a signal_fd.
// What is valid is told, and nothing else.

#include <sigfd/signal_fd.hpp>

#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <aio.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::child_reason;
using sigfd::signal_cause;
using sigfd::signal_fd;
using sigfd::signal_info;

// The views of a signal_info, as bits.
enum view : unsigned
{
  no_view = 0,
  sender_view = 1,
  value_view = 2,
  child_view = 4,
  timer_view = 8,
  io_view = 16,
  fault_view = 32,
  syscall_view = 64
};

// Which views have something.
unsigned views_of(const signal_info& info)
{
  return (info.sender() ? sender_view : 0u) | (info.value() ? value_view : 0u)
      | (info.child() ? child_view : 0u) | (info.timer() ? timer_view : 0u)
      | (info.io() ? io_view : 0u) | (info.fault() ? fault_view : 0u)
      | (info.syscall() ? syscall_view : 0u);
}

std::string print(const signal_info& info)
{
  std::ostringstream os;
  os << info;
  return os.str();
}

// Whether a line begins with a text.
boost::test_tools::predicate_result begins_with(
    const std::string& line, const std::string& text)
{
  boost::test_tools::predicate_result result(line.rfind(text, 0) == 0);
  if (!result)
    result.message() << "\"" << line << "\" does not begin with \"" << text
                     << "\"";
  return result;
}

// " from pid 42 (uid 1000"
std::string from(::pid_t pid)
{
  return " from pid " + std::to_string(pid) + " (uid "
      + std::to_string(::getuid());
}

// Whether the kernel can keep what it is to tell: all processes of the user
// share a limit, and another test may be at it (RLIMIT_SIGPENDING).
bool queue_has_room()
{
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word)
    if (word == "SigQ:")
    {
      long used = 0;
      long limit = 0;
      char slash = 0;
      return status >> used >> slash >> limit && used < limit / 2;
    }
  return false;
}

// An object, and what it hears.
struct fixture
{
  // SIGCHLD is for child_fixture: the other cases have children, too, and no
  // wish to hear of them.
  explicit fixture(const sigfd::signal_mask& mask = {SIGHUP, SIGUSR1, SIGUSR2,
                       SIGALRM, SIGIO, SIGBUS, SIGSYS, SIGTRAP, SIGRTMIN,
                       SIGRTMIN + 1})
    : signals(context, mask, support::options())
  {
    BOOST_REQUIRE(support::wait_until(queue_has_room));
  }

  // The next signal; the test fails if none comes.
  signal_info next()
  {
    std::optional<signal_info> got;
    signals.async_wait([&](error_code ec, const signal_info& info) {
      BOOST_TEST(!ec);
      got = info;
    });
    context.restart();
    context.run_for(std::chrono::seconds(30));
    BOOST_REQUIRE(got.has_value());

    // Whatever it is, a siginfo_t says the same.
    BOOST_TEST((signal_info(got->to_siginfo()) == *got));
    return *got;
  }

  net::io_context context;
  signal_fd signals;
};

// One that hears of children, and unblocks SIGCHLD at the end: what is left of
// it is discarded then.
struct child_fixture : private sigfd::scoped_signal_block, fixture
{
  child_fixture()
    : sigfd::scoped_signal_block({SIGCHLD}),
      fixture({SIGCHLD})
  {
  }
};

// Queues a siginfo to this process by its own thread, which may give it any
// code.
bool queue_to_self(::siginfo_t info)
{
  return ::syscall(SYS_rt_sigqueueinfo, ::gettid(), info.si_signo, &info) == 0;
}

::siginfo_t make(int number, int code)
{
  ::siginfo_t info{};
  info.si_signo = number;
  info.si_code = code;
  return info;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(siginfo_kinds, fixture)

// Sent by somebody.

BOOST_AUTO_TEST_CASE(kill_from_another_process)
{
  const ::pid_t self = ::getpid();
  support::process sender(
      [=] { return ::kill(self, SIGUSR1) == 0 ? 0 : 1; });
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
    ::siginfo_t info = make(SIGRTMIN, SI_QUEUE);
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
      ::siginfo_t info = make(SIGRTMIN, code);
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
  ::rlimit old{};
  BOOST_REQUIRE(::getrlimit(RLIMIT_SIGPENDING, &old) == 0);
  ::rlimit none = old;
  none.rlim_cur = 0;
  BOOST_REQUIRE(::setrlimit(RLIMIT_SIGPENDING, &none) == 0);
  ::sigval value{};
  value.sival_int = 17;
  const bool sent = ::sigqueue(::getpid(), SIGUSR1, value) == 0;
  BOOST_REQUIRE(::setrlimit(RLIMIT_SIGPENDING, &old) == 0);
  BOOST_REQUIRE(sent);

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
  BOOST_TEST(info.timer()->id
      == static_cast<int>(reinterpret_cast<std::intptr_t>(timers[1])));
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
  const ::mqd_t queue =
      ::mq_open(name.c_str(), O_CREAT | O_EXCL | O_RDWR, 0600, &attributes);
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

// Children.

BOOST_FIXTURE_TEST_SUITE(siginfo_kinds_of_children, child_fixture)

namespace {

// What the kernel says of a child, of which nothing else is to be said.
void expect_child(const signal_info& info, ::pid_t pid, child_reason reason,
    int status)
{
  BOOST_TEST(info.number() == SIGCHLD);
  BOOST_TEST(info.code() == static_cast<int>(reason));
  BOOST_TEST((info.cause() == signal_cause::child));
  BOOST_TEST(views_of(info) == (sender_view | child_view));
  BOOST_REQUIRE(info.child().has_value());
  BOOST_TEST(info.child()->pid == pid);
  BOOST_TEST(info.child()->uid == ::getuid());
  BOOST_TEST(info.child()->status == status);
  BOOST_TEST((info.child()->reason == reason));
  BOOST_TEST(info.child()->core_dumped == (reason == child_reason::dumped));
  BOOST_TEST(info.sender()->pid == pid);
  BOOST_TEST(info.sender()->attested);
}

// "SIGCHLD: child 42 (uid 1000) "
std::string child_line(::pid_t pid)
{
  return "SIGCHLD: child " + std::to_string(pid) + " (uid "
      + std::to_string(::getuid()) + ") ";
}

// Runs until it is killed.
int sleep_for_ever()
{
  for (;;)
    ::pause();
}

} // namespace

BOOST_AUTO_TEST_CASE(child_that_exited)
{
  support::process child([] { return 3; });
  const signal_info info = next();
  expect_child(info, child.pid(), child_reason::exited, 3);
  BOOST_TEST(begins_with(print(info),
      child_line(child.pid()) + "exited with status 3, "));
  BOOST_TEST(child.wait() == 3);
}

BOOST_AUTO_TEST_CASE(child_that_worked_for_a_while)
{
  const auto start = std::chrono::steady_clock::now();
  support::process child([] {
    ::timespec used{};
    do
      ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    while (used.tv_sec == 0 && used.tv_nsec < 200'000'000);
    return 0;
  });
  const signal_info info = next();
  const auto passed = std::chrono::steady_clock::now() - start;
  expect_child(info, child.pid(), child_reason::exited, 0);
  const auto used = info.child()->user_time + info.child()->system_time;
  // The kernel may count by its ticks, of which a loaded machine loses some, and
  // rounds down to clock ticks twice.
  BOOST_TEST((used >= std::chrono::milliseconds(10)));
  BOOST_TEST((used <= passed + std::chrono::milliseconds(100)));
}

BOOST_AUTO_TEST_CASE(child_that_was_killed)
{
  support::process child(sleep_for_ever);
  BOOST_REQUIRE(::kill(child.pid(), SIGKILL) == 0);
  const signal_info info = next();
  expect_child(info, child.pid(), child_reason::killed, SIGKILL);
  BOOST_TEST(begins_with(
      print(info), child_line(child.pid()) + "killed by SIGKILL, "));
}

BOOST_AUTO_TEST_CASE(child_that_dumped_core_if_the_system_lets_it)
{
  // Where no core is written, by a limit, by core_pattern or for want of a
  // folder, the kernel says "killed". waitpid(2) knows which it is.
  char folder[] = "/tmp/sigfd_test_XXXXXX";
  BOOST_REQUIRE(::mkdtemp(folder) != nullptr);
  support::process child([&] {
    ::rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_CORE, &limit);
    if (::chdir(folder) == -1)
      return 1;
    // A small program, so that the core is small.
    ::execl("/bin/sh", "sh", "-c", "kill -ABRT $$", nullptr);
    return 2;
  });
  const ::pid_t pid = child.pid();
  const signal_info info = next();
  const int status = child.wait_status();
  std::filesystem::remove_all(folder);

  BOOST_REQUIRE(WIFSIGNALED(status));
  if (WCOREDUMP(status))
  {
    expect_child(info, pid, child_reason::dumped, SIGABRT);
    BOOST_TEST(begins_with(
        print(info), child_line(pid) + "killed by SIGABRT, core dumped, "));
  }
  else
  {
    BOOST_TEST_MESSAGE("this system does not dump core here");
    expect_child(info, pid, child_reason::killed, SIGABRT);
  }
}

BOOST_AUTO_TEST_CASE(child_that_dumped_core_by_a_record_of_our_own)
{
  ::siginfo_t raw = make(SIGCHLD, CLD_DUMPED);
  raw.si_pid = 4242;
  raw.si_uid = ::getuid();
  raw.si_status = SIGABRT;
  BOOST_REQUIRE(queue_to_self(raw));
  const signal_info info = next();
  expect_child(info, 4242, child_reason::dumped, SIGABRT);
  BOOST_TEST(begins_with(
      print(info), child_line(4242) + "killed by SIGABRT, core dumped, "));
}

BOOST_AUTO_TEST_CASE(child_that_was_stopped_and_continued)
{
  support::process child(sleep_for_ever);
  const ::pid_t pid = child.pid();
  BOOST_REQUIRE(::kill(pid, SIGSTOP) == 0);
  const signal_info stopped = next();
  expect_child(stopped, pid, child_reason::stopped, SIGSTOP);
  BOOST_TEST(
      begins_with(print(stopped), child_line(pid) + "stopped by SIGSTOP, "));

  BOOST_REQUIRE(::kill(pid, SIGCONT) == 0);
  const signal_info continued = next();
  expect_child(continued, pid, child_reason::continued, SIGCONT);
  BOOST_TEST(begins_with(print(continued), child_line(pid) + "continued, "));

  BOOST_REQUIRE(::kill(pid, SIGKILL) == 0);
  expect_child(next(), pid, child_reason::killed, SIGKILL);
}

BOOST_AUTO_TEST_CASE(child_that_is_traced_and_trapped)
{
  support::process child([] {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == -1)
      return 1;
    ::kill(::getpid(), SIGSTOP);
    return sleep_for_ever();
  });
  const ::pid_t pid = child.pid();
  const signal_info info = next();
  expect_child(info, pid, child_reason::trapped, SIGSTOP);
  BOOST_TEST(
      begins_with(print(info), child_line(pid) + "trapped by SIGSTOP, "));
  BOOST_REQUIRE(::kill(pid, SIGKILL) == 0);
  expect_child(next(), pid, child_reason::killed, SIGKILL);
}

BOOST_AUTO_TEST_CASE(sigchld_that_somebody_sent_says_nothing_of_a_child)
{
  BOOST_REQUIRE(::kill(::getpid(), SIGCHLD) == 0);
  const signal_info info = next();
  BOOST_TEST((info.cause() == signal_cause::kill));
  BOOST_TEST(views_of(info) == sender_view);
  BOOST_TEST(print(info) == "SIGCHLD" + from(::getpid()) + ") by kill");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(siginfo_kinds, fixture)

// Descriptors.

namespace {

// A socket whose readiness is told by a signal, and the other end.
class signalling_socket
{
public:
  // 0 stands for SIGIO without a siginfo.
  explicit signalling_socket(int signal_number)
  {
    BOOST_REQUIRE(
        ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()) == 0);
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
  } const cases[] = {{SIGIO, POLL_IN}, {SIGRTMIN, POLL_IN},
      {SIGUSR2, POLL_IN}, {SIGBUS, SI_SIGIO}, {SIGTRAP, SI_SIGIO}};
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
      line << info.name() << ": descriptor " << socket.fd()
           << " ready, band 0x" << std::hex << info.io()->band;
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
    ::siginfo_t raw = make(SIGBUS, code);
    raw.si_addr = &target;
    raw.si_addr_lsb = 12;
    BOOST_REQUIRE(queue_to_self(raw));
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
      ::siginfo_t raw = make(c.number, c.code);
      raw.si_addr = &target;
      BOOST_REQUIRE(queue_to_self(raw));
      const signal_info info = next();
      BOOST_TEST(info.number() == c.number);
      BOOST_TEST((info.cause() == signal_cause::fault));
      BOOST_TEST(views_of(info) == fault_view);
      BOOST_TEST(info.fault()->address == &target);
      BOOST_TEST(info.fault()->lsb == 0u);
      BOOST_TEST(begins_with(print(info),
          std::string(info.name()) + ": fault at 0x"));
    }
  }
}

BOOST_AUTO_TEST_CASE(stopped_system_call_by_a_record_of_our_own)
{
  // A real one kills the thread that has SIGSYS blocked, so it cannot be
  // waited for; a tracer may send one.
  int target = 0;
  ::siginfo_t raw = make(SIGSYS, 1 /* SYS_SECCOMP */);
  raw.si_errno = 5;
  raw.si_call_addr = &target;
  raw.si_syscall = SYS_getpid;
  raw.si_arch = 0xc000003e;
  BOOST_REQUIRE(queue_to_self(raw));
  const signal_info info = next();
  BOOST_TEST(info.number() == SIGSYS);
  BOOST_TEST((info.cause() == signal_cause::system_call));
  BOOST_TEST(views_of(info) == syscall_view);
  BOOST_TEST(info.error() == 5);
  BOOST_TEST(info.syscall()->address == &target);
  BOOST_TEST(info.syscall()->number == SYS_getpid);
  BOOST_TEST(info.syscall()->arch == 0xc000003eu);
  BOOST_TEST(begins_with(print(info),
      "SIGSYS: system call " + std::to_string(SYS_getpid)
          + " stopped at 0x"));
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
  BOOST_REQUIRE(queue_to_self(make(SIGHUP, -42)));
  const signal_info info = next();
  BOOST_TEST(info.number() == SIGHUP);
  BOOST_TEST((info.cause() == signal_cause::unknown));
  // It may carry a value, as SI_QUEUE does; pid 0 is nobody.
  BOOST_TEST(views_of(info) == value_view);
  BOOST_TEST(
      print(info) == "SIGHUP from an unknown sender with code -42, value 0");
}

BOOST_AUTO_TEST_SUITE_END()
