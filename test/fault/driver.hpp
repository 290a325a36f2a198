// Runs a scenario once for each fault that it may meet: each function, each
// errno value, and the first call of it, the second, and so on, until the
// scenario does not reach it any more. Each time in a process of its own.

#ifndef SIGFD_TEST_FAULT_DRIVER_HPP
#define SIGFD_TEST_FAULT_DRIVER_HPP

#include "injection.hpp"

#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <new>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fault {

using boost::system::error_code;

// What went wrong in a trial: the first of it is reported.
struct report
{
  bool was_reached;
  bool was_error;
  std::array<bool, static_cast<std::size_t>(call::count)> called;
  char what[500];

  void fail(const char* text) noexcept
  {
    if (what[0] == 0)
      std::snprintf(what, sizeof what, "%s", text);
  }
};

// Where all processes of a trial write it.
inline report& shared_report()
{
  static void* const page = ::mmap(nullptr, sizeof(report),
      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return *static_cast<report*>(page);
}

// The first of these also with a fault: it allocates nothing.
inline void expect(bool condition, const char* text) noexcept
{
  if (!condition)
    shared_report().fail(text);
}

inline void expect(bool condition, const std::string& text) noexcept
{
  expect(condition, text.c_str());
}

// What an operation that failed must not have changed.
struct state
{
  support::process_state process;
  std::array<struct ::sigaction, 65> actions = all_actions();
  long blocks = allocated_blocks();

  // What is different; empty if nothing is.
  std::string difference(const state& other, bool with_memory) const
  {
    if (process.descriptors != other.process.descriptors)
      return "descriptors";
    if (process.threads != other.process.threads)
      return "threads";
    if (process.blocked != other.process.blocked)
      return "the mask";
    for (std::size_t n = 1; n < actions.size(); ++n)
      if (actions[n].sa_sigaction != other.actions[n].sa_sigaction
          || ((actions[n].sa_flags ^ other.actions[n].sa_flags) & ~restorer)
              != 0)
        return "the action of signal " + std::to_string(n);
    if (with_memory && blocks != other.blocks)
      return std::to_string(other.blocks - blocks) + " pieces of memory";
    return "";
  }

private:
  static constexpr int restorer = 0x04000000; // the C library sets it

  static std::array<struct ::sigaction, 65> all_actions()
  {
    std::array<struct ::sigaction, 65> all{};
    for (std::size_t n = 1; n < all.size(); ++n)
      ::sigaction(static_cast<int>(n), nullptr, &all[n]);
    return all;
  }
};

// Whether a state has come back, at once or when a joined thread has left.
inline void expect_state(
    const state& before, bool with_memory, const std::string& when)
{
  std::string difference;
  if (!support::wait_until([&] {
        difference = before.difference(state(), with_memory);
        return difference != "threads";
      })
      || !difference.empty())
    expect(false, when + ", not as before: " + difference);
}

// Whether a thread of the library's allocates memory at any time, in which to
// put what it takes. In the end, without objects, there is neither.
inline bool has_taker()
{
  return support::test_source() == sigfd::source::pipe;
}

// What a scenario does and what must be so afterwards.
class scenario
{
public:
  scenario() = default;
  scenario(const scenario&) = delete;
  scenario& operator=(const scenario&) = delete;
  virtual ~scenario() = default;

  // The operation, in which the fault occurs. Once more if it failed.
  virtual void act(error_code& ec) = 0;

  // What must be so after it has succeeded.
  virtual void check() = 0;

  // Whether memory that was allocated before an error is kept for the next
  // time.
  virtual bool keeps_memory() const
  {
    return false;
  }

  // Whether a descriptor is.
  virtual bool keeps_descriptor() const
  {
    return false;
  }
};

// Calls a function, with the fault or without; what it failed with.
template <typename Function>
error_code error_of(Function function)
{
  error_code ec;
  try
  {
    function(ec);
  }
  catch (const std::bad_alloc&)
  {
    ec = boost::asio::error::no_memory;
  }
  catch (const boost::system::system_error& e)
  {
    ec = e.code();
  }
  return ec;
}

// Calls a function with a fault. Its error, and whether it met the fault, are
// noted.
template <typename Function>
error_code meet(const fault& f, Function function)
{
  report& result = shared_report();
  if (f.number != 0)
    arm(f);
  else
    note_calls();
  const error_code ec = error_of(function);
  result.was_reached = disarm();
  for (std::size_t i = 0; i < result.called.size(); ++i)
    result.called[i] = result.called[i] || was_called(static_cast<call>(i));
  result.was_error = !!ec;
  expect(
      !ec || result.was_reached, "an error without a fault: " + ec.message());
  return ec;
}

// Whether an error is that of the fault. For want of memory, pthread_create(3)
// fails with EAGAIN.
inline void expect_error_of(const fault& f, const error_code& ec)
{
  const auto& category = boost::system::system_category();
  expect(ec == error_code(f.error, category)
          || (f.function == call::allocation
              && ec == error_code(EAGAIN, category)),
      "another error: " + ec.message());
}

template <typename Scenario>
void run_once(const fault& f, bool with_memory)
{
  const state outside;
  if constexpr (requires(Scenario s) { s.run(f); })
    Scenario().run(f); // does it all itself
  else
  {
    Scenario s;
    const state before;
    const error_code ec = meet(f, [&](error_code& e) { s.act(e); });
    if (ec)
    {
      expect_error_of(f, ec);
      if (!s.keeps_descriptor())
        expect_state(before, with_memory && !s.keeps_memory() && !has_taker(),
            "after the error");
      const error_code again = error_of([&](error_code& e) { s.act(e); });
      expect(!again, "it fails once more, without a fault: " + again.message());
    }
    s.check();
  }
  sigset_t blocked;
  sigemptyset(&blocked);
  for (std::size_t n = 1; n < outside.process.blocked.size(); ++n)
    if (outside.process.blocked[n])
      sigaddset(&blocked, static_cast<int>(n));
  ::pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
  expect_state(outside, with_memory, "in the end");
}

// The first time, or when everything there is one of exists already. What is
// kept for the next time is allocated in the first of two runs with the fault.
enum class when
{
  cold,
  warm
};

template <typename Scenario>
report try_fault(when w, const fault& f)
{
  report& result = shared_report();
  result = {};
  support::process child([&] {
    ::alarm(120); // ends what hangs
    if (w == when::cold)
      run_once<Scenario>(f, false);
    else
    {
      run_once<Scenario>({}, false);
      run_once<Scenario>(f, false);
      run_once<Scenario>(f, true);
    }
    return 0;
  });
  const int status = child.wait_status();
  if (WIFSIGNALED(status))
    expect(false,
        WTERMSIG(status) == SIGALRM
            ? std::string("it hangs")
            : "ended by signal " + std::to_string(WTERMSIG(status)));
  else if (WEXITSTATUS(status) != 0)
    expect(false, "exit status " + std::to_string(WEXITSTATUS(status)));
  return result;
}

enum class kind
{
  once,
  both, // once, or for good from some call on
  sandbox // from the first call on: what it has let through cannot fail
};

// In which programs it is called at all.
enum class user
{
  either,
  kernel, // where the source under test is that
  pipe,
  chance // where one thread happens to wait for another
};

struct possible
{
  call function;
  const char* name;
  std::vector<int> errors;
  kind lasting = kind::once;
  user by = user::either;
};

// The errors of the manual pages, without those that say that the caller made a
// mistake; and what a sandbox may answer.
inline const std::vector<possible>& all_faults()
{
  static const std::vector<possible> all{
      {call::allocation, "malloc", {ENOMEM}, kind::both},
      {call::atfork, "pthread_atfork", {ENOMEM}},
      {call::close, "close", {EINTR, EIO}},
      {call::dladdr, "dladdr", {0}},
      {call::dlopen, "dlopen", {0}},
      {call::epoll_add, "epoll_ctl", {ENOMEM, ENOSPC}},
      {call::eventfd, "eventfd", {EMFILE, ENFILE, ENODEV, ENOMEM}},
      {call::eventfd_read, "eventfd_read", {EINTR, EAGAIN}, kind::once,
          user::kernel},
      {call::eventfd_write, "eventfd_write", {EINTR}, kind::once, user::kernel},
      {call::futex_wait, "futex", {EINTR, EAGAIN}, kind::once, user::chance},
      {call::kill, "kill", {EPERM, ESRCH}},
      {call::madvise, "madvise", {EINVAL, ENOMEM}},
      {call::mmap, "mmap", {EAGAIN, ENOMEM}},
      {call::open, "open", {EACCES, EINTR, ENFILE, ENOENT, ENOMEM}},
      {call::open, "open", {EMFILE}, kind::both},
      {call::opendir, "opendir", {EACCES, EMFILE, ENFILE, ENOENT, ENOMEM}},
      {call::pipe2, "pipe2", {EMFILE, ENFILE, ENOMEM}, kind::once, user::pipe},
      {call::poll, "poll", {EINTR, ENOMEM}},
      {call::preadv, "preadv", {EINTR, EIO}},
      {call::pthread_attr_init, "pthread_attr_init", {ENOMEM}, kind::once,
          user::pipe},
      {call::pthread_attr_setstacksize, "pthread_attr_setstacksize", {EINVAL},
          kind::once, user::pipe},
      {call::pthread_create, "pthread_create", {EAGAIN, EINVAL, EPERM},
          kind::both, user::pipe},
      {call::pthread_sigmask, "pthread_sigmask", {EPERM}, kind::sandbox},
      {call::read, "read", {EAGAIN, EINTR, EIO, short_count}},
      {call::readdir, "readdir", {ENOENT}},
      {call::rt_sigqueueinfo, "rt_sigqueueinfo", {EAGAIN, EPERM}, kind::both},
      {call::rt_sigtimedwait, "rt_sigtimedwait", {EINTR}},
      {call::rt_tgsigqueueinfo, "rt_tgsigqueueinfo", {EAGAIN, EPERM},
          kind::both},
      {call::sigaction, "sigaction", {EPERM}, kind::sandbox},
      {call::signalfd, "signalfd", {EMFILE, ENFILE, ENODEV, ENOMEM, ENOSYS}},
      {call::signalfd_update, "signalfd, of a descriptor", {EPERM}, kind::both},
      {call::sigpending, "sigpending", {EPERM}, kind::sandbox},
      {call::spawnattr_get, "posix_spawnattr_getflags", {EINVAL}},
      {call::spawnattr_init, "posix_spawnattr_init", {ENOMEM}},
      {call::spawnattr_set, "posix_spawnattr_set*", {EINVAL}, kind::both},
      {call::tgkill, "tgkill", {EAGAIN, EPERM}, kind::once, user::pipe},
      {call::write, "write", {EINTR, ENOMEM}},
  };
  return all;
}

// Which of these have occurred in this program, with which error.
inline std::set<std::pair<const possible*, int>>& occurred()
{
  static std::set<std::pair<const possible*, int>> all;
  return all;
}

// At the end: what never occurred was not tested.
inline void expect_all_occurred()
{
  const user other = support::test_source() == sigfd::source::pipe
      ? user::kernel
      : user::pipe;
  for (const possible& p : all_faults())
    for (const int error : p.errors)
      if (p.by != other && p.by != user::chance
          && !occurred().contains({&p, error}))
        BOOST_ERROR(p.name << " has never failed with error " << error);
}

// Whether an operation makes calls that can fail.
enum class calls
{
  some,
  none
};

inline std::string describe(const possible& p, const fault& f)
{
  return std::string(p.name) + ", call " + std::to_string(f.number)
      + (f.lasts ? " and all that follow: " : ": ")
      + (f.error == short_count ? "short count" : std::strerror(f.error));
}

// Runs all of it, and prints how many faults there were.
template <typename Scenario>
void run(std::string_view name, when w = when::warm, calls made = calls::some)
{
  constexpr int most = 300;
  int injected = 0;
  int errors = 0;
  const report plain = try_fault<Scenario>(w, {});
  BOOST_TEST(plain.what[0] == 0, name << ": without a fault: " << plain.what);
  for (const possible& p : all_faults())
  {
    if (!plain.called[static_cast<std::size_t>(p.function)])
      continue;
    for (const int error : p.errors)
      for (const bool lasts : {false, true})
      {
        if (p.lasting == (lasts ? kind::once : kind::sandbox)
            || (lasts && error == EINTR))
          continue;
        for (int n = 1; n <= (p.lasting == kind::sandbox ? 1 : most); ++n)
        {
          const fault f{p.function, error, n, lasts};
          const report result = try_fault<Scenario>(w, f);
          if (result.what[0] != 0)
            BOOST_ERROR(name << ": " << describe(p, f) << ": " << result.what);
          if (!result.was_reached || result.what[0] != 0)
            break;
          BOOST_TEST((n < most), name << ": too many calls: " << p.name);
          ++injected;
          occurred().emplace(&p, error);
          errors += result.was_error ? 1 : 0;
        }
      }
  }
  BOOST_TEST((injected != 0 || made == calls::none), name << ": no faults");
  std::printf("| %-44s | %6d | %6d | %9d |\n", std::string(name).c_str(),
      injected, errors, injected - errors);
}

} // namespace fault

#endif // SIGFD_TEST_FAULT_DRIVER_HPP
