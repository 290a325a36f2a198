// What children get of the signals of a process that watches some: nothing, by
// way of spawn.hpp; the mask and what is ignored, by any other way.

#include <sigfd/spawn.hpp>

#include "support/process.hpp"
#include "support/sandbox.hpp"
#include "support/spawning.hpp"

#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

namespace {

using boost::system::error_code;
using boost::system::system_error;
using sigfd::reset_signals;
using sigfd::spawn_attributes;
using support::bits;
using support::signal_sets;
using support::sleep_program;
using support::spawning;
using support::started_child;

// What the C library keeps for its threads. glibc starts a child by
// posix_spawn(3) with these ignored, unless told otherwise.
const std::uint64_t library_bits = bits({32, 33});

char* const* arguments()
{
  static char name[] = "sleep";
  static char seconds[] = "60";
  static char* const all[] = {name, seconds, nullptr};
  return all;
}

::pid_t spawn(const ::posix_spawnattr_t* attributes)
{
  ::pid_t pid = -1;
  BOOST_TEST(::posix_spawn(&pid, sleep_program, nullptr, attributes,
                 arguments(), ::environ)
      == 0);
  return pid;
}

// Forks; the child calls a function and executes.
template <typename Function>
::pid_t fork_and_execute(Function function)
{
  const ::pid_t pid = ::fork();
  if (pid == 0)
  {
    function();
    ::execv(sleep_program, arguments());
    ::_exit(127);
  }
  return pid;
}

// The kernel's own system call: also for the signals of the C library.
void block_everything()
{
  ::sigset_t all;
  std::memset(&all, 0xff, sizeof all);
  ::syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, nullptr, _NSIG / 8);
}

// Likewise; the handler is the first member on every architecture but MIPS.
void ignore(int signal_number)
{
  const void* action[32] = {reinterpret_cast<void*>(SIG_IGN)};
  ::syscall(SYS_rt_sigaction, signal_number, action, nullptr, _NSIG / 8);
}

// The signals of the shell that a function of the C library starts, as they are
// when the shell's first instruction has yet to run: a shell may change them.
template <typename Function>
signal_sets signals_of_shell(Function function)
{
  support::process caller([&] {
    spawning parent;
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == -1)
      return 1;
    ::kill(::getpid(), SIGSTOP);
    function();
    return 0;
  });
  int status = 0;
  ::waitpid(caller.pid(), &status, 0);
  if (!WIFSTOPPED(status))
    throw std::runtime_error("no ptrace(2) here");
  ::ptrace(PTRACE_SETOPTIONS, caller.pid(), nullptr,
      PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE
          | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
  ::ptrace(PTRACE_CONT, caller.pid(), nullptr, nullptr);
  for (;;)
  {
    const ::pid_t pid = ::waitpid(-1, &status, __WALL);
    if (pid == -1 || (pid == caller.pid() && !WIFSTOPPED(status)))
      throw std::runtime_error("no shell was started");
    if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8))
    {
      const signal_sets sets = support::signals_of(pid);
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, __WALL);
      return sets;
    }
    // A child begins with a SIGSTOP; other signals are its own.
    const int signal_number = WSTOPSIG(status);
    ::ptrace(PTRACE_CONT, pid, nullptr,
        signal_number == SIGSTOP || signal_number == SIGTRAP ? 0
                                                             : signal_number);
  }
}

void expect_inherited(const signal_sets& sets)
{
  const spawning parent;
  BOOST_TEST((sets.blocked & parent.blocked_bits) == parent.blocked_bits);
  BOOST_TEST((sets.ignored & parent.ignored_bits) == parent.ignored_bits);
}

// A counter that children share.
class shared_counter
{
public:
  shared_counter()
    : page_(::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
          MAP_SHARED | MAP_ANONYMOUS, -1, 0))
  {
    if (page_ == MAP_FAILED)
      throw std::bad_alloc();
    new (page_) std::atomic<int>(0);
  }

  shared_counter(const shared_counter&) = delete;
  shared_counter& operator=(const shared_counter&) = delete;

  ~shared_counter()
  {
    ::munmap(page_, sizeof(std::atomic<int>));
  }

  std::atomic<int>& value() const
  {
    return *static_cast<std::atomic<int>*>(page_);
  }

private:
  void* page_;
};

std::atomic<int>* handler_runs = nullptr;

} // namespace

BOOST_FIXTURE_TEST_SUITE(spawn_attributes_, spawning)

BOOST_AUTO_TEST_CASE(without_them_posix_spawn_hands_on_what_is_blocked)
{
  support::expect_inherited(*this, spawn(nullptr), library_bits);
}

BOOST_AUTO_TEST_CASE(a_child_of_posix_spawn_is_clean)
{
  const spawn_attributes attributes;
  const started_child child(spawn(attributes.native()));
  support::expect_clean(child.pid());
}

BOOST_AUTO_TEST_CASE(a_child_of_posix_spawnp_is_clean)
{
  ::pid_t pid = -1;
  BOOST_TEST(::posix_spawnp(&pid, "sleep", nullptr, spawn_attributes().native(),
                 arguments(), ::environ)
      == 0);
  const started_child child(pid);
  support::expect_clean(child.pid());
}

BOOST_AUTO_TEST_CASE(one_object_serves_many_children)
{
  error_code ec = boost::system::errc::make_error_code(
      boost::system::errc::not_enough_memory);
  const spawn_attributes attributes(ec);
  BOOST_TEST(!ec);
  const started_child first(spawn(attributes.native()));
  const started_child second(spawn(attributes.native()));
  support::expect_clean(first.pid());
  support::expect_clean(second.pid());
}

BOOST_AUTO_TEST_CASE(added_flags_join_the_others)
{
  spawn_attributes attributes;
  ::posix_spawnattr_setpgroup(attributes.native(), 0);
  attributes.add_flags(POSIX_SPAWN_SETPGROUP);
  const started_child child(spawn(attributes.native()));
  BOOST_TEST(::getpgid(child.pid()) == child.pid());
  support::expect_clean(child.pid());
}

BOOST_AUTO_TEST_CASE(unknown_flags_are_refused_and_change_nothing)
{
  spawn_attributes attributes;
  constexpr short unknown = 0x4000;
  error_code ec;
  attributes.add_flags(unknown, ec);
  BOOST_TEST(ec == boost::system::errc::invalid_argument);
  BOOST_CHECK_EXCEPTION(
      attributes.add_flags(unknown), system_error, [](const system_error& e) {
        return e.code() == boost::system::errc::invalid_argument
            && std::string(e.what()).starts_with("spawn_attributes::add_flags");
      });
  const started_child child(spawn(attributes.native()));
  support::expect_clean(child.pid());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(resetting, spawning)

BOOST_AUTO_TEST_CASE(without_it_fork_hands_on_what_is_blocked)
{
  support::expect_inherited(*this, fork_and_execute([] {}));
}

BOOST_AUTO_TEST_CASE(a_child_of_fork_is_clean)
{
  const started_child child(fork_and_execute(reset_signals));
  support::expect_clean(child.pid());
}

BOOST_AUTO_TEST_CASE(a_child_of_vfork_is_clean_and_the_parent_as_it_was)
{
  const sigfd::scoped_signal_block block(sigfd::signal_mask::all());
  const signal_sets before = support::signals_of(::getpid());
  errno = ENOTTY;
  const ::pid_t pid = ::vfork();
  if (pid == 0)
  {
    reset_signals();
    ::execv(sleep_program, arguments());
    ::_exit(127);
  }
  const int error = errno;
  const started_child child(pid);
  BOOST_TEST(error == ENOTTY);
  const signal_sets after = support::signals_of(::getpid());
  BOOST_TEST(after.blocked == before.blocked);
  BOOST_TEST(after.ignored == before.ignored);
  BOOST_TEST(after.caught == before.caught);
  support::expect_clean(child.pid());
}

BOOST_AUTO_TEST_CASE(nothing_is_left_of_any_signal_whatever_it_was)
{
  const started_child child(fork_and_execute([] {
    for (int n = 1; n < _NSIG; ++n)
      ignore(n);
    block_everything();
    const signal_sets all = support::signals_of(::getpid());
    if ((all.ignored & all.blocked & library_bits) != library_bits)
      ::_exit(126);
    reset_signals();
  }));
  support::expect_clean(child.pid());
}

BOOST_AUTO_TEST_CASE(handlers_are_gone_at_once)
{
  support::process child([&] {
    struct ::sigaction action{};
    action.sa_sigaction = [](int, ::siginfo_t*, void*) {};
    action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    ::sigfillset(&action.sa_mask);
    for (const int n : {SIGINT, SIGTERM, SIGCHLD, SIGRTMIN})
      ::sigaction(n, &action, nullptr);
    const signal_sets before = support::signals_of(::getpid());
    if ((before.caught & blocked_bits) != blocked_bits)
      return 1;
    reset_signals();
    const signal_sets after = support::signals_of(::getpid());
    return after.blocked == 0 && after.ignored == 0 && after.caught == 0 ? 0
                                                                         : 2;
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_CASE(errno_is_kept_also_where_a_sandbox_refuses)
{
  support::process child([] {
    if (!support::forbid(SYS_rt_sigaction, EPERM))
      return 1;
    errno = ENOTTY;
    reset_signals();
    return errno == ENOTTY ? 0 : 2;
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_signal_that_came_before_acts_on_the_child)
{
  const shared_counter runs;
  handler_runs = &runs.value();
  const auto old = ::signal(SIGUSR2, [](int) { ++*handler_runs; });
  {
    const sigfd::scoped_signal_block block(sigfd::signal_mask::all());
    started_child child(fork_and_execute([] {
      ::kill(::getpid(), SIGUSR2);
      reset_signals();
    }));
    BOOST_TEST(child.ended_by() == SIGUSR2);
  }
  BOOST_TEST(*handler_runs == 0);

  // The same without blocking it: the parent's handler takes it.
  const started_child child(fork_and_execute([] {
    ::kill(::getpid(), SIGUSR2);
    support::wait_until([] { return *handler_runs == 1; });
    reset_signals();
  }));
  support::expect_clean(child.pid());
  BOOST_TEST(*handler_runs == 1);
  ::signal(SIGUSR2, old);
}

// What Boost.Process calls before it executes, in whichever version.
BOOST_AUTO_TEST_CASE(default_signals_resets_them_either_way)
{
  for (const bool is_v2 : {false, true})
  {
    support::process child([&] {
      const sigfd::default_signals call;
      int anything = 0;
      if (!is_v2)
        call(anything);
      else if (call.on_exec_setup(anything, anything, anything))
        return 1;
      const signal_sets after = support::signals_of(::getpid());
      return after.blocked == 0 && after.ignored == 0 && after.caught == 0 ? 0
                                                                           : 2;
    });
    BOOST_TEST(child.wait() == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_child_starts_with_nothing_pending)
{
  ::kill(::getpid(), SIGTERM);
  const started_child child(fork_and_execute(reset_signals));
  support::expect_clean(child.pid());
  while (signals.wait() != SIGTERM) // it is still there, for the parent
    continue;
}

BOOST_AUTO_TEST_SUITE_END()

// The shell that they start. What its commands get is up to the shell: dash
// empties the mask for them, bash does not.
BOOST_AUTO_TEST_SUITE(shell)

BOOST_AUTO_TEST_CASE(system_hands_on_what_is_blocked)
{
  expect_inherited(signals_of_shell([] { return std::system("true"); }));
}

BOOST_AUTO_TEST_CASE(popen_hands_on_what_is_blocked)
{
  expect_inherited(
      signals_of_shell([] { return ::pclose(::popen("true", "r")); }));
}

BOOST_AUTO_TEST_SUITE_END()
