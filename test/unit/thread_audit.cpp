// thread_audit: every state is made for real, in threads and child processes.

#include <sigfd/thread_audit.hpp>

#include "support/no_descriptors.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/sandbox.hpp"
#include "support/wait_until.hpp"

#include <sigfd/detail/pipe_source.hpp>
#include <sigfd/detail/unique_fd.hpp>

#include <boost/test/unit_test.hpp>

#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using boost::system::error_code;
using sigfd::signal_mask;
using sigfd::thread_audit;
using sigfd::thread_state;

namespace errc = boost::system::errc;

void set_mask(const signal_mask& mask)
{
  ::pthread_sigmask(SIG_SETMASK, &mask.native(), nullptr);
}

// A thread with a name that blocks what it is given and nothing else, until
// the end of the object.
class worker
{
public:
  worker(const std::string& name, const signal_mask& blocked)
    : thread_([this, name, blocked] {
        set_mask(blocked);
        ::pthread_setname_np(::pthread_self(), name.c_str());
        id_.set_value(::gettid());
        end_.get_future().wait();
      }),
      id(id_.get_future().get())
  {
  }

  ~worker()
  {
    end_.set_value();
    thread_.join();
  }

  // Sends a signal to this thread alone.
  void kill(int signal_number)
  {
    BOOST_TEST_REQUIRE(
        ::pthread_kill(thread_.native_handle(), signal_number) == 0);
  }

private:
  std::promise<::pid_t> id_;
  std::promise<void> end_;
  std::thread thread_;

public:
  const ::pid_t id;
};

// A thread that waits for one signal in sigwait(3) until it comes.
class sigwaiter
{
public:
  sigwaiter(int signal_number, const signal_mask& blocked)
    : number_(signal_number),
      thread_([this, blocked] {
        set_mask(blocked);
        id_.set_value(::gettid());
        signal_mask mask{number_};
        int taken = 0;
        ::sigwait(&mask.native(), &taken);
      }),
      id(id_.get_future().get())
  {
  }

  ~sigwaiter()
  {
    ::pthread_kill(thread_.native_handle(), number_);
    thread_.join();
  }

  ::pthread_t handle()
  {
    return thread_.native_handle();
  }

private:
  const int number_;
  std::promise<::pid_t> id_;
  std::thread thread_;

public:
  const ::pid_t id;
};

// What is known of a thread, if it is there.
std::optional<thread_state> find(
    const std::vector<thread_state>& threads, ::pid_t id)
{
  const auto found = std::find_if(threads.begin(), threads.end(),
      [id](const thread_state& thread) { return thread.id == id; });
  return found == threads.end() ? std::nullopt : std::optional(*found);
}

// The same by name.
std::optional<thread_state> find_named(
    const std::vector<thread_state>& threads, const std::string& name)
{
  const auto found = std::find_if(threads.begin(), threads.end(),
      [&](const thread_state& thread) { return thread.name == name; });
  return found == threads.end() ? std::nullopt : std::optional(*found);
}

// What is known of a thread that has to be there.
thread_state state_of(::pid_t id, const signal_mask& mask = signal_mask::all())
{
  const auto found = find(thread_audit(mask).threads(), id);
  BOOST_TEST_REQUIRE(found.has_value());
  return *found;
}

// Whether a thread that waits for SIGUSR2 and blocks SIGUSR1, beside one that
// blocks SIGUSR2, is taken to wait for what it could wait for.
bool is_guessed(::pid_t id)
{
  const thread_state state = state_of(id, {SIGUSR1, SIGUSR2, SIGTERM});
  return state.awaited == signal_mask{SIGUSR2}
      && state.blocked == signal_mask{SIGUSR1, SIGUSR2}
      && state.unblocked == signal_mask{SIGTERM};
}

// Makes a file empty for this process; whether it may do so.
bool hide(const std::string& path)
{
  return ::unshare(CLONE_NEWNS) == 0
      && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0
      && ::mount("/dev/null", path.c_str(), nullptr, MS_BIND, nullptr) == 0;
}

// A child process that runs a function, which may leave threads, and then
// waits to be killed. It has done so when the constructor returns.
template <typename Function>
support::process prepared(Function function)
{
  int ready[2];
  BOOST_TEST_REQUIRE(::pipe(ready) == 0);
  support::process child([&] {
    function();
    if (::write(ready[1], "", 1) != 1)
      return 1;
    for (;;)
      ::pause();
  });
  ::close(ready[1]);
  char byte;
  BOOST_TEST_REQUIRE(::read(ready[0], &byte, 1) == 1);
  ::close(ready[0]);
  return child;
}

} // namespace

BOOST_AUTO_TEST_CASE(names_the_threads_that_do_not_block)
{
  const auto threads = support::count_threads(); // sanitizers have some
  const sigfd::scoped_signal_block block({SIGTERM, SIGUSR1});
  worker good("good", {SIGTERM, SIGUSR1, SIGUSR2});
  worker half("half", {SIGTERM});
  worker bad("bad", {});

  const thread_audit audit({SIGTERM, SIGUSR1});
  BOOST_TEST((audit.mask() == signal_mask{SIGTERM, SIGUSR1}));
  BOOST_TEST(audit.pid() == ::getpid());
  BOOST_TEST_REQUIRE(audit.threads().size() == threads + 3);
  BOOST_TEST(audit.threads()[0].id == ::getpid());

  const auto unblocked = audit.unblocked();
  BOOST_TEST_REQUIRE(unblocked.size() == 2u);
  const auto the_half = find(unblocked, half.id);
  BOOST_TEST_REQUIRE(the_half.has_value());
  BOOST_TEST(the_half->name == "half");
  BOOST_TEST((the_half->blocked == signal_mask{SIGTERM}));
  BOOST_TEST((the_half->unblocked == signal_mask{SIGUSR1}));
  const auto the_bad = find(unblocked, bad.id);
  BOOST_TEST_REQUIRE(the_bad.has_value());
  BOOST_TEST(the_bad->name == "bad");
  BOOST_TEST(the_bad->blocked.empty());
  BOOST_TEST((the_bad->unblocked == signal_mask{SIGTERM, SIGUSR1}));

  // Only what was asked about is in any mask.
  const thread_state the_good = *find(audit.threads(), good.id);
  BOOST_TEST((the_good.blocked == signal_mask{SIGTERM, SIGUSR1}));
  BOOST_TEST(the_good.unblocked.empty());
  BOOST_TEST((state_of(good.id).blocked
      == signal_mask{SIGTERM, SIGUSR1, SIGUSR2}));
  BOOST_TEST(thread_audit(signal_mask{SIGTERM}).unblocked().size() == 1u);
  BOOST_TEST(thread_audit(signal_mask{}).unblocked().empty());
  BOOST_TEST(thread_audit(signal_mask{}).threads().size() == threads + 3);
}

BOOST_AUTO_TEST_CASE(asks_about_every_signal_by_default)
{
  worker all("all", signal_mask::all());
  worker none("none", {});
  BOOST_TEST((thread_audit().mask() == signal_mask::all()));
  BOOST_TEST((state_of(all.id).blocked == signal_mask::all()));
  BOOST_TEST(state_of(all.id).unblocked.empty());
  BOOST_TEST((state_of(none.id).unblocked == signal_mask::all()));
  BOOST_TEST(state_of(none.id).blocked.empty());
}

BOOST_AUTO_TEST_CASE(leaves_out_signals_that_no_mask_holds)
{
  // Past the C library, which would leave out its own numbers.
  const support::process child = prepared([] {
    const unsigned long everything[] = {~0ul, ~0ul};
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, everything, nullptr, _NSIG / 8);
    ::sigset_t set;
    ::sigfillset(&set);
    ::signalfd(-1, &set, 0);
    ::signal(SIGSEGV, SIG_IGN);
  });
  const thread_audit audit(signal_mask::all(), child.pid());
  BOOST_TEST_REQUIRE(!audit.threads().empty());
  BOOST_TEST((audit.threads()[0].blocked == signal_mask::all()));
  BOOST_TEST_REQUIRE(audit.signalfds().size() == 1u);
  BOOST_TEST((audit.signalfds()[0].mask == signal_mask::all()));
  BOOST_TEST(audit.ignored().empty());
}

BOOST_AUTO_TEST_CASE(takes_names_of_any_bytes)
{
  for (const std::string name : {"", "two\nlines", "\\n", "back\\slash", "a\\",
           "quo\"te", " space ", "tab\t", "\x01\xff", "Name:\tx\nSigBlk",
           "fifteen bytes.."})
  {
    worker named(name, {SIGTERM});
    const thread_state state = state_of(named.id);
    BOOST_TEST(state.name == name);
    BOOST_TEST((state.blocked == signal_mask{SIGTERM}));
  }
}

BOOST_AUTO_TEST_CASE(finds_what_is_pending_for_a_thread_that_blocks_it)
{
  worker deaf("deaf", {SIGUSR1, SIGUSR2, SIGRTMIN});
  deaf.kill(SIGUSR1);
  deaf.kill(SIGRTMIN);

  const thread_audit audit;
  const auto stranded = audit.stranded();
  BOOST_TEST_REQUIRE(stranded.size() == 1u);
  BOOST_TEST(stranded[0].id == deaf.id);
  BOOST_TEST(stranded[0].name == "deaf");
  BOOST_TEST((stranded[0].pending == signal_mask{SIGUSR1, SIGRTMIN}));
  BOOST_TEST((stranded[0].stranded == signal_mask{SIGUSR1, SIGRTMIN}));
  BOOST_TEST(audit.pending().empty());
  BOOST_TEST(thread_audit(signal_mask{SIGUSR2}).stranded().empty());

  // A signalfd reads it in that thread only.
  const sigfd::scoped_signal_block block({SIGUSR1});
  const sigfd::detail::unique_fd fd(::signalfd(
      -1, &signal_mask{SIGUSR1}.native(), SFD_NONBLOCK | SFD_CLOEXEC));
  ::signalfd_siginfo record;
  BOOST_TEST(::read(fd.get(), &record, sizeof record) == -1);
  BOOST_TEST(thread_audit().stranded().size() == 1u);
}

BOOST_AUTO_TEST_CASE(tells_what_is_pending_for_the_process_from_it)
{
  const sigfd::scoped_signal_block block({SIGUSR1});
  BOOST_TEST(thread_audit().pending().empty());
  ::kill(::getpid(), SIGUSR1);
  const thread_audit audit;
  BOOST_TEST((audit.pending() == signal_mask{SIGUSR1}));
  BOOST_TEST(audit.threads()[0].pending.empty());
  BOOST_TEST(audit.stranded().empty());
  BOOST_TEST(thread_audit(signal_mask{SIGUSR2}).pending().empty());

  int taken = 0;
  ::sigwait(&signal_mask{SIGUSR1}.native(), &taken);
  BOOST_TEST(thread_audit().pending().empty());
}

BOOST_AUTO_TEST_CASE(what_a_thread_waits_for_counts_as_blocked)
{
  sigwaiter waiter(SIGUSR2, {SIGUSR1, SIGUSR2});
  BOOST_TEST(support::wait_until([&] {
    const auto awaited = state_of(waiter.id).awaited;
    return awaited && *awaited == signal_mask{SIGUSR2};
  }));
  thread_state state = state_of(waiter.id);
  BOOST_TEST((state.blocked == signal_mask{SIGUSR1, SIGUSR2}));
  BOOST_TEST(!state.unblocked.contains(SIGUSR2));
  BOOST_TEST(state.unblocked.contains(SIGTERM));
  BOOST_TEST(!find(thread_audit({SIGUSR2}).unblocked(), waiter.id));
  // It waits for nothing that was asked about.
  BOOST_TEST((state_of(waiter.id, {SIGTERM}).awaited == signal_mask()));

  // What it does not wait for strands.
  ::pthread_kill(waiter.handle(), SIGUSR1);
  state = state_of(waiter.id);
  BOOST_TEST((state.stranded == signal_mask{SIGUSR1}));

  // Others do not wait.
  BOOST_TEST((state_of(::gettid()).awaited == signal_mask()));
}

BOOST_AUTO_TEST_CASE(does_not_accuse_a_thread_that_waits_and_works_by_turns)
{
  const signal_mask mask{SIGUSR2};
  const sigfd::scoped_signal_block block(mask);
  std::atomic<bool> done = false;
  std::atomic<int> taken = 0;
  std::thread waiter([&] {
    while (!done)
    {
      const ::timespec millisecond{0, 1'000'000};
      if (::sigtimedwait(&mask.native(), nullptr, &millisecond) == SIGUSR2)
        ++taken;
    }
  });
  std::thread sender([&] {
    while (!done)
    {
      ::kill(::getpid(), SIGUSR2);
      ::usleep(5);
    }
  });
  int accused = 0;
  int audits = 0;
  for (; audits < 500 || taken < 500; ++audits)
    accused += thread_audit(mask).unblocked().empty() ? 0 : 1;
  done = true;
  waiter.join();
  sender.join();
  // One in twenty, if what the kernel shows were taken as it is.
  BOOST_TEST(accused <= audits / 100);
  BOOST_TEST_MESSAGE(accused << " of " << audits << " were wrong");
  const ::timespec none{};
  while (::sigtimedwait(&mask.native(), nullptr, &none) == SIGUSR2)
    continue;
}

BOOST_AUTO_TEST_CASE(guesses_what_is_awaited_where_the_set_cannot_be_read)
{
  support::process child([] {
    set_mask({SIGUSR2});
    sigwaiter waiter(SIGUSR2, {SIGUSR1, SIGUSR2});
    if (!support::forbid(SYS_process_vm_readv, EPERM))
      return 2;
    return support::wait_until([&] { return is_guessed(waiter.id); }) ? 0 : 1;
  });
  BOOST_TEST(child.wait() == 0);
}

// As Yama (prctl(2), PR_SET_PTRACER) would have it.
BOOST_AUTO_TEST_CASE(guesses_what_is_awaited_where_system_calls_are_hidden)
{
  constexpr int cannot_hide = 2;
  support::process child([] {
    set_mask({SIGUSR2});
    sigwaiter waiter(SIGUSR2, {SIGUSR1, SIGUSR2});
    if (!support::wait_until([&] { return state_of(waiter.id).awaited
            == signal_mask{SIGUSR2}; }))
      return 1;
    const std::string folder = "/proc/" + std::to_string(::getpid()) + "/task/"
        + std::to_string(waiter.id) + '/';
    std::string function;
    std::ifstream(folder + "wchan") >> function;
    if (function.find("sigtimedwait") == function.npos
        || !hide(folder + "syscall"))
      return cannot_hide;
    if (!is_guessed(waiter.id))
      return 1;
    if (!hide(folder + "wchan"))
      return cannot_hide;
    const thread_state state = state_of(waiter.id);
    return !state.awaited && state.unblocked.contains(SIGUSR2) ? 0 : 1;
  });
  const int result = child.wait();
  if (result == cannot_hide)
    BOOST_TEST_MESSAGE("cannot hide a file of /proc");
  else
    BOOST_TEST(result == 0);
}

BOOST_AUTO_TEST_CASE(the_thread_of_a_pipe_source_leaves_nothing_unblocked)
{
  const signal_mask mask{SIGTERM, SIGUSR1};
  const sigfd::scoped_signal_block block(mask);
  sigfd::detail::pipe_source source;
  error_code ec;
  const sigfd::detail::unique_fd fd = source.open(mask, ec);
  BOOST_TEST_REQUIRE(!ec);
  const auto is_seen = [&] {
    const auto threads = thread_audit().threads();
    return std::any_of(threads.begin(), threads.end(),
        [&](const thread_state& thread) {
          return thread.name == "sigfd-pipe" && thread.awaited
              && thread.awaited->contains(SIGTERM)
              && thread.awaited->contains(SIGUSR1)
              && !thread.awaited->contains(SIGUSR2)
              && thread.blocked == signal_mask::all()
              && thread.unblocked.empty();
        });
  };
  BOOST_TEST(support::wait_until(is_seen));
  BOOST_TEST(thread_audit(mask).unblocked().empty());
  source.close();
}

BOOST_AUTO_TEST_CASE(tells_what_is_caught_and_what_is_ignored)
{
  const auto had = thread_audit({SIGUSR1, SIGUSR2});
  BOOST_TEST(had.caught().empty());
  BOOST_TEST(had.ignored().empty());
  ::signal(SIGUSR1, SIG_IGN);
  ::signal(SIGUSR2, [](int) {});
  const auto has = thread_audit({SIGUSR1, SIGUSR2});
  BOOST_TEST((has.ignored() == signal_mask{SIGUSR1}));
  BOOST_TEST((has.caught() == signal_mask{SIGUSR2}));
  ::signal(SIGUSR1, SIG_DFL);
  ::signal(SIGUSR2, SIG_DFL);
}

BOOST_AUTO_TEST_CASE(lists_signalfds_with_their_masks)
{
  using sigfd::detail::unique_fd;
  BOOST_TEST(thread_audit().signalfds().empty());
  const signal_mask one{SIGTERM, SIGRTMAX};
  const signal_mask two{SIGTERM, SIGUSR1};
  const unique_fd first(::signalfd(-1, &one.native(), SFD_CLOEXEC));
  unique_fd second(::signalfd(-1, &two.native(), SFD_CLOEXEC));
  const unique_fd none(::signalfd(-1, &signal_mask().native(), SFD_CLOEXEC));

  const thread_audit audit;
  BOOST_TEST_REQUIRE(audit.signalfds().size() == 2u);
  BOOST_TEST(audit.signalfds()[0].descriptor == first.get());
  BOOST_TEST((audit.signalfds()[0].mask == one));
  BOOST_TEST(audit.signalfds()[1].descriptor == second.get());
  BOOST_TEST((audit.signalfds()[1].mask == two));

  const thread_audit asked({SIGTERM, SIGUSR1});
  BOOST_TEST_REQUIRE(asked.signalfds().size() == 2u);
  BOOST_TEST((asked.signalfds()[0].mask == signal_mask{SIGTERM}));
  BOOST_TEST(thread_audit({SIGUSR1}).signalfds().size() == 1u);
  BOOST_TEST(thread_audit({SIGUSR2}).signalfds().empty());
  second.reset();
  BOOST_TEST(thread_audit().signalfds().size() == 1u);
}

BOOST_AUTO_TEST_CASE(looks_at_another_process)
{
  const support::process other = prepared([] {
    set_mask({SIGTERM, SIGUSR1});
    ::signal(SIGHUP, SIG_IGN);
    ::signalfd(-1, &signal_mask{SIGTERM}.native(), 0);
    static worker aware("aware", {SIGTERM, SIGUSR1});
    aware.kill(SIGTERM);
    ::kill(::getpid(), SIGUSR1);
    ::kill(::getpid(), SIGTERM);
  });
  const thread_audit audit({SIGTERM, SIGHUP}, other.pid());
  BOOST_TEST(audit.pid() == other.pid());
  BOOST_TEST_REQUIRE(audit.threads().size() >= 2u);
  BOOST_TEST(audit.threads()[0].id == other.pid());
  const auto aware = find_named(audit.threads(), "aware");
  BOOST_TEST_REQUIRE(aware.has_value());
  BOOST_TEST((aware->unblocked == signal_mask{SIGHUP}));
  BOOST_TEST((aware->stranded == signal_mask{SIGTERM}));
  BOOST_TEST((audit.ignored() == signal_mask{SIGHUP}));
  BOOST_TEST((audit.pending() == signal_mask{SIGTERM}));
  BOOST_TEST(audit.signalfds().size() == 1u);
}

BOOST_AUTO_TEST_CASE(sees_a_process_whose_main_thread_has_ended)
{
  const support::process child([] {
    set_mask({SIGTERM});
    ::signalfd(-1, &signal_mask{SIGTERM}.native(), 0);
    std::thread([] {
      ::pthread_setname_np(::pthread_self(), "left");
      for (;;)
        ::pause();
    }).detach();
    return static_cast<int>(::syscall(SYS_exit, 0)); // of this thread alone
  });
  BOOST_TEST_REQUIRE(support::wait_until([&] {
    const auto threads = thread_audit({SIGTERM}, child.pid()).threads();
    return find_named(threads, "left") && !find(threads, child.pid());
  }));
  const thread_audit audit({SIGTERM}, child.pid());
  const auto left = find_named(audit.threads(), "left");
  BOOST_TEST_REQUIRE(left.has_value());
  BOOST_TEST((left->blocked == signal_mask{SIGTERM}));
  BOOST_TEST(audit.signalfds().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_process_that_has_ended_has_no_threads)
{
  support::process child([] { return 0; });
  ::siginfo_t info;
  BOOST_TEST_REQUIRE(::waitid(P_PID, static_cast<::id_t>(child.pid()), &info,
      WEXITED | WNOWAIT) == 0);
  const thread_audit audit(signal_mask::all(), child.pid());
  BOOST_TEST(audit.threads().empty());
  BOOST_TEST(audit.signalfds().empty());

  // Once it has been waited for, it is gone.
  const ::pid_t pid = child.pid();
  child.wait();
  error_code ec;
  thread_audit(signal_mask::all(), pid, ec);
  BOOST_TEST((ec == errc::no_such_process));
  BOOST_CHECK_EXCEPTION(thread_audit(signal_mask::all(), pid),
      boost::system::system_error, [&](const auto& e) {
        return e.code() == errc::no_such_process
            && std::string(e.what()).find(std::to_string(pid))
            != std::string::npos;
      });
}

BOOST_AUTO_TEST_CASE(refuses_what_is_not_a_process)
{
  for (const ::pid_t pid : {0, -1, -::getpid()})
  {
    error_code ec;
    const thread_audit audit({SIGTERM}, pid, ec);
    BOOST_TEST((ec == errc::invalid_argument));
    BOOST_TEST(audit.threads().empty());
    BOOST_CHECK_EXCEPTION(thread_audit({SIGTERM}, pid),
        boost::system::system_error, [&](const auto& e) {
          return e.code() == errc::invalid_argument
              && std::string(e.what()).find(std::to_string(pid))
              != std::string::npos;
        });
  }
}

BOOST_AUTO_TEST_CASE(says_what_may_not_be_looked_at)
{
  if (::geteuid() != 0)
  {
    BOOST_TEST_MESSAGE("needs a process of another user");
    return;
  }
  const support::process other = prepared([] {});
  support::process child([&] {
    if (::setresgid(65534, 65534, 65534) != 0
        || ::setresuid(65534, 65534, 65534) != 0)
      return 2;
    error_code ec;
    const thread_audit audit({SIGTERM}, other.pid(), ec);
    const bool denied = ec == errc::permission_denied
        || ec == errc::operation_not_permitted;
    // Its own process it may.
    return denied && audit.threads().empty()
            && !thread_audit({SIGTERM}).threads().empty()
        ? 0
        : 1;
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_lack_of_descriptors_is_an_error)
{
  error_code ec;
  {
    const support::no_descriptors exhausted;
    const thread_audit audit({SIGTERM}, ::getpid(), ec);
    BOOST_TEST(audit.threads().empty());
  }
  BOOST_TEST((ec == errc::too_many_files_open));
  const thread_audit audit({SIGTERM}, ::getpid(), ec);
  BOOST_TEST(!ec);
  BOOST_TEST(!audit.threads().empty());
}

BOOST_AUTO_TEST_CASE(leaves_out_threads_that_come_and_go)
{
  std::atomic<bool> done = false;
  std::atomic<int> started = 0;
  std::thread restless([&] {
    while (!done)
    {
      std::thread([&] { ++started; }).join();
      ::close(::dup(0)); // and descriptors
    }
  });
  worker steady("steady", {SIGTERM});
  bool seen = true;
  error_code ec;
  for (int i = 0; (i < 300 || started < 1000) && seen && !ec; ++i)
    seen = find(thread_audit({SIGTERM}, ::getpid(), ec).threads(), steady.id)
               .has_value();
  done = true;
  restless.join();
  BOOST_TEST(seen);
  BOOST_TEST(!ec);
}
