// thread_audit of other processes, and of what cannot be looked at: every state
// is made for real, in child processes.

#include <sigfd/thread_audit.hpp>

#include "support/find_thread.hpp"
#include "support/no_descriptors.hpp"
#include "support/process.hpp"
#include "support/wait_until.hpp"
#include "support/worker.hpp"

#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>

namespace {

using boost::system::error_code;
using sigfd::signal_mask;
using sigfd::thread_audit;
using support::find;
using support::find_named;
using support::set_mask;
using support::worker;

namespace errc = boost::system::errc;

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
                         WEXITED | WNOWAIT)
      == 0);
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
