// thread_audit of this process: every state is made for real, in threads.

#include <sigfd/signal_fd.hpp>
#include <sigfd/thread_audit.hpp>

#include "support/find_thread.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/sandbox.hpp"
#include "support/wait_until.hpp"
#include "support/worker.hpp"

#include <sigfd/detail/unique_fd.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <future>
#include <string>
#include <thread>

namespace {

using boost::system::error_code;
using sigfd::signal_mask;
using sigfd::thread_audit;
using sigfd::thread_state;
using support::find;
using support::set_mask;
using support::state_of;
using support::worker;

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
  BOOST_TEST(
      (state_of(good.id).blocked == signal_mask{SIGTERM, SIGUSR1, SIGUSR2}));
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

BOOST_AUTO_TEST_CASE(takes_names_of_any_bytes)
{
  for (const std::string name :
      {"", "two\nlines", "\\n", "back\\slash", "a\\", "quo\"te", " space ",
          "tab\t", "\x01\xff", "Name:\tx\nSigBlk", "fifteen bytes.."})
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

// What a C library with 64-bit time on 32 bits calls; it has one number on
// every architecture. Where a long has 64 bits, there is no such call.
BOOST_AUTO_TEST_CASE(so_it_does_by_the_system_call_with_64_bit_time)
{
  constexpr long rt_sigtimedwait_time64 = 421;
  const signal_mask awaited{SIGUSR2};
  const sigfd::scoped_signal_block block({SIGUSR1, SIGUSR2});
  std::atomic<int> error = 0;
  std::promise<::pid_t> id;
  std::promise<void> end;
  std::thread waiter([&] {
    id.set_value(::gettid());
    if (::syscall(rt_sigtimedwait_time64, &awaited.native(), nullptr, nullptr,
            _NSIG / 8)
        == -1)
      error = errno;
    end.get_future().wait(); // there as long as it is asked for
  });
  const ::pid_t waiter_id = id.get_future().get();
  BOOST_TEST(support::wait_until(
      [&] { return error != 0 || state_of(waiter_id).awaited == awaited; }));
  if (error == 0)
  {
    BOOST_TEST((state_of(waiter_id).blocked == signal_mask{SIGUSR1, SIGUSR2}));
    BOOST_TEST(!find(thread_audit({SIGUSR2}).unblocked(), waiter_id));
    ::pthread_kill(waiter.native_handle(), SIGUSR2);
  }
  end.set_value();
  waiter.join();
  if (error == ENOSYS)
    BOOST_TEST_MESSAGE("no system call with 64-bit time");
  else
    BOOST_TEST(error == 0);
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
    if (!support::forbid(SYS_preadv, EPERM))
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
    if (!support::wait_until([&] {
          return state_of(waiter.id).awaited == signal_mask{SIGUSR2};
        }))
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
  boost::asio::io_context context;
  const sigfd::signal_fd signals(
      context, mask, {.source = sigfd::source::pipe});
  const auto is_seen = [&] {
    const auto threads = thread_audit().threads();
    return std::any_of(
        threads.begin(), threads.end(), [&](const thread_state& thread) {
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

// Handlers that never run.

namespace {

void do_nothing(int)
{
}

signal_mask bypassed()
{
  return thread_audit({SIGUSR1, SIGUSR2, SIGTERM}).bypassed();
}

sigfd::open_options with(sigfd::source source, sigfd::handler_policy handlers,
    sigfd::stray_policy stray = sigfd::stray_policy::forward)
{
  sigfd::open_options options;
  options.source = source;
  options.handlers = handlers;
  options.stray = stray;
  return options;
}

constexpr sigfd::source sources[] = {
    sigfd::source::kernel, sigfd::source::pipe};

} // namespace

BOOST_AUTO_TEST_CASE(a_handler_of_what_a_signalfd_takes_is_bypassed)
{
  const signal_mask mask{SIGUSR1, SIGUSR2};
  ::signal(SIGUSR1, do_nothing);
  ::signal(SIGTERM, do_nothing);
  const sigfd::scoped_signal_block block({SIGUSR1, SIGUSR2, SIGTERM});
  BOOST_TEST(bypassed().empty()); // nobody takes any
  sigfd::detail::unique_fd fd(::signalfd(-1, &mask.native(), SFD_CLOEXEC));
  BOOST_TEST((bypassed() == signal_mask{SIGUSR1}));
  BOOST_TEST(thread_audit({SIGUSR2}).bypassed().empty());
  {
    worker open("open", {SIGUSR2});
    BOOST_TEST(bypassed().empty()); // it may run there
  }
  BOOST_TEST(
      support::wait_until([] { return bypassed() == signal_mask{SIGUSR1}; }));
  ::signal(SIGUSR1, SIG_IGN);
  BOOST_TEST(bypassed().empty());
  ::signal(SIGUSR1, SIG_DFL);
  BOOST_TEST(bypassed().empty());
  ::signal(SIGTERM, SIG_DFL);
}

BOOST_AUTO_TEST_CASE(so_is_one_of_what_a_thread_waits_for)
{
  ::signal(SIGUSR2, do_nothing);
  {
    const sigfd::scoped_signal_block block({SIGUSR2});
    sigwaiter waiter(SIGUSR2, {SIGUSR2});
    BOOST_TEST(
        support::wait_until([] { return bypassed() == signal_mask{SIGUSR2}; }));
  }
  BOOST_TEST(bypassed().empty());
  ::signal(SIGUSR2, SIG_DFL);
}

BOOST_AUTO_TEST_CASE(the_handler_of_a_signal_fd_is_none_of_the_program)
{
  for (const sigfd::source source : sources)
  {
    boost::asio::io_context context;
    const sigfd::scoped_signal_block block({SIGUSR1});
    sigfd::signal_fd signals(
        context, {SIGUSR1}, with(source, sigfd::handler_policy::leave));
    BOOST_TEST(thread_audit().caught().contains(SIGUSR1));
    BOOST_TEST(bypassed().empty());
    // Seen from outside, it may be anything. The thread of a pipe takes signals
    // a moment later.
    support::process child([] {
      return support::wait_until([] {
        return thread_audit({SIGUSR1}, ::getppid()).bypassed()
            == signal_mask{SIGUSR1};
      })
          ? 0
          : 1;
    });
    BOOST_TEST(child.wait() == 0);
  }
}

BOOST_AUTO_TEST_CASE(one_under_or_over_it_is_bypassed_unless_it_is_called)
{
  using sigfd::handler_policy;
  for (const sigfd::source source : sources)
    for (const auto stray :
        {sigfd::stray_policy::forward, sigfd::stray_policy::ignore})
      for (const bool before : {true, false})
      {
        boost::asio::io_context context;
        const sigfd::scoped_signal_block block({SIGUSR1});
        if (before)
          ::signal(SIGUSR1, do_nothing);
        sigfd::signal_fd signals(
            context, {SIGUSR1}, with(source, handler_policy::leave, stray));
        if (!before)
          ::signal(SIGUSR1, do_nothing);
        BOOST_TEST(support::wait_until(
            [] { return bypassed() == signal_mask{SIGUSR1}; }));
        sigfd::signal_fd calling(
            context, {SIGUSR1}, with(source, handler_policy::call, stray));
        BOOST_TEST(bypassed().empty());
        calling.close();
        BOOST_TEST(support::wait_until(
            [] { return bypassed() == signal_mask{SIGUSR1}; }));
        signals.close();
        BOOST_TEST(bypassed().empty());
        ::signal(SIGUSR1, SIG_DFL);
      }
}

// What reaches a thread that does not block it is forwarded, or not.
BOOST_AUTO_TEST_CASE(under_it_a_handler_runs_in_no_thread)
{
  boost::asio::io_context context;
  const sigfd::scoped_signal_block block({SIGUSR1});
  worker open("open", {});
  ::signal(SIGUSR1, do_nothing);
  sigfd::signal_fd signals(context, {SIGUSR1});
  BOOST_TEST((bypassed() == signal_mask{SIGUSR1}));
  ::signal(SIGUSR1, do_nothing); // over it
  BOOST_TEST(bypassed().empty());
  signals.close();
  ::signal(SIGUSR1, SIG_DFL);
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
