// Every kind of signal that tells of a child, from where it really comes, read
// through a signal_fd. What is valid is told, and nothing else.

#include <sigfd/signal_info.hpp>

#include "support/process.hpp"
#include "support/raw_siginfo.hpp"
#include "support/siginfo_kinds.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

using sigfd::child_reason;
using sigfd::signal_cause;
using sigfd::signal_info;
using support::begins_with;
using support::child_view;
using support::from;
using support::print;
using support::sender_view;
using support::views_of;

} // namespace

BOOST_FIXTURE_TEST_SUITE(
    siginfo_kinds_of_children, support::siginfo_child_fixture)

namespace {

// What the kernel says of a child, of which nothing else is to be said.
void expect_child(
    const signal_info& info, ::pid_t pid, child_reason reason, int status)
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
  BOOST_TEST(begins_with(
      print(info), child_line(child.pid()) + "exited with status 3, "));
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
  // The kernel may count by its ticks, of which a loaded machine loses some,
  // and rounds down to clock ticks twice.
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
  ::siginfo_t raw = support::make_siginfo(SIGCHLD, CLD_DUMPED);
  raw.si_pid = 4242;
  raw.si_uid = ::getuid();
  raw.si_status = SIGABRT;
  BOOST_REQUIRE(support::queue_raw(raw));
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
