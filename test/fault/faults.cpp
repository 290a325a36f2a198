// Every call that can fail fails once, in each operation of the library: the
// operation succeeds all the same, or says why not and has changed nothing. No
// signal is lost or delivered twice.

#include <sigfd/detail/watcher_table.hpp>
#include <sigfd/signal_fd.hpp>
#include <sigfd/spawn.hpp>
#include <sigfd/thread_audit.hpp>

#include "driver.hpp"

#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace net = boost::asio;
using fault::error_code;
using fault::expect;
using fault::when;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;

// Blocked by the program, and three are pending; but standard comes once.
const int realtime = SIGRTMIN + 1;
constexpr int standard = SIGHUP;

// Not blocked before the library does.
constexpr int unblocked = SIGUSR1;

// Sent when all others must have arrived, whose numbers are lower.
const int last = SIGRTMIN + 5;

// A number and a value.
using received = std::pair<int, int>;

// Has room, so that nothing is allocated while there is a fault.
struct list : std::vector<received>
{
  list()
  {
    reserve(100);
  }
};

std::string describe(const list& all)
{
  std::string text;
  for (const auto& [number, value] : all)
    text += std::to_string(number) + ':' + std::to_string(value) + ' ';
  return text;
}

void queue(int number, int value)
{
  expect(support::queue(::getpid(), number, value), "sigqueue failed");
}

received received_of(const signal_info& info)
{
  const auto value = info.value();
  return {info.number(), value ? value->sival_int : -1};
}

list list_of(const signal_info& info)
{
  list all;
  all.push_back(received_of(info));
  return all;
}

// A context that has a reactor, and signals that are pending.
struct rig
{
  net::io_context context;
  net::posix::stream_descriptor unused{context};
  list expected;
  // Not what goes back, where only some had room: that may also come after what
  // was sent last.
  bool is_ordered = true;

  rig()
  {
    ::sigset_t set;
    ::sigemptyset(&set);
    for (const int n : {realtime, standard, last})
      ::sigaddset(&set, n);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    // What the reactor keeps for descriptors is not a matter of an error.
    signal_fd first(context, signal_mask(), support::options());
    signal_fd second(context, signal_mask(), support::options());
    signal_fd third(context, signal_mask(), support::options());
  }

  void send_realtime()
  {
    for (int i = 0; i < 3; ++i)
    {
      queue(realtime, i);
      expected.emplace_back(realtime, i);
    }
  }

  void send_standard()
  {
    ::kill(::getpid(), standard);
    expected.emplace_back(standard, -1);
  }

  // Sends a signal of those, and takes all.
  void expect_all(signal_fd& signals, list taken = {})
  {
    queue(last, 0);
    expect_all_until_last(signals, std::move(taken));
  }

  void expect_all_until_last(signal_fd& signals, list taken = {})
  {
    bool is_last = false;
    error_code ec;
    const bool done = support::wait_until([&] {
      while (const auto info = signals.try_wait(ec))
        if (*info == last)
          is_last = true;
        else
          taken.push_back(received_of(*info));
      return (is_last && (is_ordered || taken.size() >= expected.size())) || ec;
    });
    expect(done && !ec, "no signal comes: " + ec.message());
    const auto is_before = [this](const received& a, const received& b) {
      return is_ordered ? a.first < b.first : a < b;
    };
    std::stable_sort(taken.begin(), taken.end(), is_before);
    std::stable_sort(expected.begin(), expected.end(), is_before);
    expect(taken == expected,
        "signals came: " + describe(taken) + "expected: " + describe(expected));
  }

  // What is left for an object that is opened later.
  void expect_all_later(const signal_mask& mask)
  {
    signal_fd later(context, mask, support::options());
    expect_all(later);
  }

  // Until the thread of the pipe has what is pending.
  void settle(int number)
  {
    if (support::test_source() == sigfd::source::pipe)
      support::wait_until([&] { return !support::is_pending(number); });
  }
};

struct with_object : rig
{
  signal_fd signals{context};

  with_object()
  {
    // What stays with an object that was open is not a matter of an error.
    signals.open({}, support::options());
    signals.close();
  }
};

struct opened : with_object
{
  explicit opened(const signal_mask& mask = {realtime, last})
  {
    signals.open(mask, support::options());
  }
};

// With nothing warm.
class opening_first : public fault::scenario
{
public:
  void act(error_code& ec) override
  {
    signals_.open({unblocked, last}, support::options(), ec);
    expect(!ec == signals_.is_open(), "is_open");
  }

  void check() override
  {
    ::kill(::getpid(), unblocked);
    const auto info = signals_.wait();
    expect(info == unblocked, "another signal");
    expect_to_see_forks();
  }

private:
  // While a thread is in the midst of something, there is no fork. If it is
  // late, nothing is noticed; but then it is in time with another fault.
  void expect_to_see_forks()
  {
    std::atomic<bool> has_begun{false};
    std::atomic<bool> is_in_the_midst{true};
    std::thread other([&] {
      const std::lock_guard lock(sigfd::detail::watchers());
      has_begun = true;
      ::usleep(10'000);
      is_in_the_midst = false;
    });
    while (!has_begun)
      ::usleep(100);
    support::process child([&] { return is_in_the_midst ? 1 : 0; });
    other.join();
    expect(child.wait() == 0, "a fork is not seen");
  }

  net::io_context context_;
  net::posix::stream_descriptor unused_{context_};
  signal_fd signals_{context_};
};

class opening : public fault::scenario, protected with_object
{
public:
  explicit opening(bool sends = true)
  {
    if (sends)
      send_realtime();
  }

  void act(error_code& ec) override
  {
    signals.open({unblocked, realtime, last}, support::options(), ec);
    expect(ec ? !signals.is_open() : signals.is_open(), "is_open");
  }

  void check() override
  {
    expect(support::is_blocked(unblocked), "a signal is not blocked");
    ::kill(::getpid(), unblocked);
    expected.emplace_back(unblocked, -1);
    expect_all(signals);
  }
};

class opening_automatically : public opening
{
public:
  void act(error_code& ec) override
  {
    signals.open({unblocked, realtime, last}, ec);
  }
};

class opening_beside_another : public opening
{
public:
  opening_beside_another()
    : opening(false)
  {
  }

  void check() override
  {
    send_realtime();
    queue(last, 1);
    expect_all_until_last(signals);
    expect_all_until_last(other_);
  }

private:
  signal_fd other_{context, {realtime, last}, support::options()};
};

class adding : public fault::scenario, private opened
{
public:
  adding()
  {
    send_realtime();
  }

  void act(error_code& ec) override
  {
    signals.add(unblocked, ec);
    expect(ec || signals.signals().contains(unblocked), "it is not watched");
    expect(!ec || !signals.signals().contains(unblocked), "it is watched");
  }

  void check() override
  {
    expect(support::is_blocked(unblocked), "a signal is not blocked");
    ::kill(::getpid(), unblocked);
    expected.emplace_back(unblocked, -1);
    expect_all(signals);
  }
};

class adding_with_flags : public fault::scenario, private opened
{
public:
  adding_with_flags()
  {
    send_realtime();
    send_standard();
  }

  void act(error_code& ec) override
  {
    signals.add(standard, signal_fd::flags::restart, ec);
  }

  void check() override
  {
    expect_all(signals);
  }
};

class adding_first : public fault::scenario, private with_object
{
public:
  adding_first()
  {
    send_realtime();
  }

  // There are no options to say which source.
  void act(error_code& ec) override
  {
    signals.add(realtime, ec);
    expect(!ec == signals.is_open(), "is_open");
  }

  void check() override
  {
    signals.add(last);
    expect_all(signals);
  }

  bool keeps_memory() const override
  {
    return true; // what is closed is another source than before
  }
};

class removing : public fault::scenario, private opened
{
public:
  removing()
    : opened({standard, realtime, last})
  {
    is_ordered = false;
    send_realtime();
    settle(realtime);
  }

  void act(error_code& ec) override
  {
    signals.remove(realtime, ec);
  }

  void check() override
  {
    list realtime_ones;
    std::swap(expected, realtime_ones);
    send_standard();
    expect_all(signals);
    std::swap(expected, realtime_ones);
    signals.remove(last);
    expect_all_later({realtime, last});
  }
};

class updating : public fault::scenario, private opened
{
public:
  updating()
    : opened({standard, last})
  {
    send_realtime();
    send_standard();
    settle(standard);
  }

  void act(error_code& ec) override
  {
    signals.update({unblocked, realtime, last}, ec);
  }

  void check() override
  {
    signals.update({standard, realtime, last});
    expect_all(signals);
  }
};

class updating_beside_another : public fault::scenario, private opened
{
public:
  updating_beside_another()
  {
    send_realtime();
  }

  void act(error_code& ec) override
  {
    signals.update({realtime, standard, last}, ec);
  }

  void check() override
  {
    send_standard();
    queue(last, 1);
    expect_all_until_last(signals);
    expect_all_until_last(other_);
  }

private:
  signal_fd other_{context, {standard, realtime, last}, support::options()};
};

// Waits for one signal after the other, in the context.
class waiting : public fault::scenario, protected opened
{
public:
  void act(error_code& ec) override
  {
    wait_ = {};
    signals.async_wait(wait_.handler());
    send();
    context.restart();
    context.run();
    expect(wait_.completions == 1, "it does not complete");
    ec = wait_.error;
    if (!ec)
      taken_.push_back(received_of(wait_.result));
  }

  void check() override
  {
    expect_all(signals, taken_);
  }

  bool keeps_memory() const override
  {
    return true;
  }

protected:
  // Once, when the operation has been started.
  virtual void send()
  {
  }

  list taken_;

private:
  support::outcome<signal_info> wait_;
};

// The same where signals are pending at the beginning.
template <typename Operation>
class with_pending : public Operation
{
public:
  with_pending()
  {
    this->send_realtime();
    this->settle(realtime);
  }
};

// The same where another object watches them, too.
template <typename Operation>
class beside_another : public Operation
{
public:
  beside_another()
  {
    this->send_realtime();
    this->settle(realtime);
  }

  void check() override
  {
    queue(last, 1);
    this->expect_all_until_last(this->signals, this->taken_);
    this->expect_all_until_last(other_);
  }

private:
  signal_fd other_{this->context, {realtime, last}, support::options()};
};

class waiting_for_what_comes : public waiting
{
  void send() override
  {
    context.poll();
    if (expected.empty())
      send_realtime();
  }
};

class waiting_for_some : public fault::scenario, protected opened
{
public:
  void act(error_code& ec) override
  {
    wait_ = {};
    signals.async_wait_some(infos_, wait_.handler());
    context.restart();
    context.run();
    expect(wait_.completions == 1, "it does not complete");
    ec = wait_.error;
    for (std::size_t i = 0; i < wait_.result; ++i)
      taken_.push_back(received_of(infos_[i]));
  }

  void check() override
  {
    expect_all(signals, taken_);
  }

  bool keeps_memory() const override
  {
    return true;
  }

private:
  support::outcome<std::size_t> wait_;
  std::array<signal_info, 8> infos_;
  list taken_;
};

class blocking : public fault::scenario, protected opened
{
public:
  blocking()
  {
    self_ = this;
    fault::before_poll = [] { self_->send(); };
  }

  ~blocking() override
  {
    fault::before_poll = nullptr;
  }

  void act(error_code& ec) override
  {
    const signal_info info = signals.wait(ec);
    if (!ec)
      taken_.push_back(received_of(info));
  }

  void check() override
  {
    fault::before_poll = nullptr;
    expect_all(signals, taken_);
  }

  bool keeps_descriptor() const override
  {
    return true; // by which it is told of what others take
  }

protected:
  // Once, before it blocks.
  virtual void send()
  {
    if (expected.empty())
      send_realtime();
  }

  list taken_;

private:
  static inline blocking* self_ = nullptr;
};

// What is taken from the kernel before the wait can have it.
class blocking_beside_another : public blocking
{
public:
  void check() override
  {
    blocking::check();
    expect_all_until_last(other_, taken_by_other_);
  }

private:
  void send() override
  {
    blocking::send();
    std::array<signal_info, 8> infos;
    error_code ec;
    const std::size_t count = other_.try_wait_some(infos, ec);
    for (std::size_t i = 0; i < count; ++i)
      taken_by_other_.push_back(received_of(infos[i]));
  }

  signal_fd other_{context, {realtime, last}, support::options()};
  list taken_by_other_;
};

class trying : public fault::scenario, protected opened
{
public:
  void act(error_code& ec) override
  {
    std::array<signal_info, 2> infos;
    const std::size_t count = signals.try_wait_some(infos, ec);
    for (std::size_t i = 0; i < count; ++i)
      taken_.push_back(received_of(infos[i]));
  }

  void check() override
  {
    expect_all(signals, taken_);
  }

  bool keeps_memory() const override
  {
    return true;
  }

protected:
  list taken_;
};

class closing : public fault::scenario, protected opened
{
public:
  closing()
  {
    is_ordered = false;
    send_realtime();
    settle(realtime);
  }

  void act(error_code& ec) override
  {
    signals.close(ec);
    expect(!signals.is_open(), "it is open");
  }

  void check() override
  {
    expect_all_later({realtime, last});
  }
};

// What the kernel discards when its action is one that ignores it.
class closing_what_was_ignored : public fault::scenario, private rig
{
public:
  closing_what_was_ignored()
  {
    is_ordered = false;
    struct ::sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(realtime, &ignore, &old_);
    signals_.emplace(context, signal_mask{realtime, last}, support::options());
    send_realtime();
  }

  ~closing_what_was_ignored() override
  {
    ::sigaction(realtime, &old_, nullptr);
  }

  void act(error_code& ec) override
  {
    signals_->close(ec);
  }

  // Without memory the action came to be another that ignores it.
  void check() override
  {
    expect_all_later({realtime, last});
    expect(support::action_of(realtime).sa_handler == SIG_IGN, "the action");
  }

private:
  struct ::sigaction old_{};
  std::optional<signal_fd> signals_;
};

class ending_the_context : public fault::scenario, private rig
{
public:
  ending_the_context()
  {
    is_ordered = false;
    send_realtime();
    settle(realtime);
  }

  void act(error_code&) override
  {
    mortal_.reset();
    expect(!signals_.is_open(), "it is open");
  }

  void check() override
  {
    expect_all_later({realtime, last});
  }

private:
  std::unique_ptr<net::io_context> mortal_
      = std::make_unique<net::io_context>();
  signal_fd signals_{*mortal_, {realtime, last}, support::options()};
};

class moving_to_another_executor : public fault::scenario, private rig
{
public:
  moving_to_another_executor()
  {
    send_realtime();
    settle(realtime);
  }

  void act(error_code&) override
  {
    moved_.emplace(std::move(signals_));
    expect(!signals_.is_open(), "it is open");
  }

  void check() override
  {
    expect_all(*moved_);
  }

private:
  sigfd::basic_signalfd<net::io_context::executor_type> signals_{
      context, {realtime, last}, support::options()};
  std::optional<signal_fd> moved_;
};

// A thread that does not block a signal has it.
class catching_a_stray : public fault::scenario, private opened
{
public:
  // What the kernel refused may be overtaken by what it did not.
  catching_a_stray()
  {
    is_ordered = false;
  }

  void act(error_code&) override
  {
    for (int i = 0; i < 3; ++i)
    {
      ::sigset_t set;
      ::sigemptyset(&set);
      ::sigaddset(&set, realtime);
      ::sigval value{};
      value.sival_int = i;
      ::pthread_sigqueue(::pthread_self(), realtime, value);
      ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
      ::sigprocmask(SIG_BLOCK, &set, nullptr);
      expected.emplace_back(realtime, i);
    }
  }

  void check() override
  {
    expect_all(signals);
  }
};

// A handler of the program's calls the library's after the last object was
// closed: the action comes back, and the signal is sent again, for it.
class acting_without_watchers : public fault::scenario, private rig
{
public:
  acting_without_watchers()
  {
    self_ = this;
    signal_fd signals(context, {unblocked}, support::options());
    struct ::sigaction own{};
    own.sa_sigaction = [](int number, ::siginfo_t* info, void* frame) {
      self_->handle(number, info, frame);
    };
    own.sa_flags = SA_SIGINFO;
    ::sigaction(unblocked, &own, &library_);
  }

  ~acting_without_watchers() override
  {
    struct ::sigaction plain{};
    plain.sa_handler = SIG_DFL;
    ::sigaction(unblocked, &plain, nullptr);
  }

  void act(error_code&) override
  {
    ::sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, unblocked);
    ::sigval value{};
    value.sival_int = 7;
    ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
    ::pthread_sigqueue(::pthread_self(), unblocked, value);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
  }

  void check() override
  {
    expect(calls_ == 1, "the handler was not called once");
    expect(again_.si_signo == unblocked, "the signal is not sent again");
    if (fault::shared_report().was_reached)
      return;
    expect(again_.si_value.sival_int == 7, "it has another value");
    expect(support::action_of(unblocked).sa_handler == SIG_DFL, "the action");
  }

private:
  // Takes what would end the process.
  void handle(int number, ::siginfo_t* info, void* frame)
  {
    ++calls_;
    library_.sa_sigaction(number, info, frame);
    ::sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, number);
    const ::timespec at_once{};
    ::sigtimedwait(&set, &again_, &at_once);
  }

  static inline acting_without_watchers* self_ = nullptr;
  struct ::sigaction library_{};
  int calls_ = 0;
  ::siginfo_t again_{};
};

// In the child, which is told of the fork, and where everything is made anew.
class telling_of_a_fork : private opened
{
public:
  void run(const fault::fault& f)
  {
    support::outcome<signal_info> wait;
    signals.async_wait(wait.handler());
    context.poll();
    context.restart();
    context.notify_fork(net::io_context::fork_prepare);
    support::process child([&] {
      in_child(f, wait);
      return 0;
    });
    context.notify_fork(net::io_context::fork_parent);
    expect(child.wait() == 0, "the child ended");
    send_realtime();
    context.run();
    expect(wait.succeeded() && wait.result == realtime, "the parent's wait");
    expect_all(signals, list_of(wait.result));
  }

private:
  void in_child(
      const fault::fault& f, const support::outcome<signal_info>& wait)
  {
    const error_code ec = fault::meet(f,
        [&](error_code&) { context.notify_fork(net::io_context::fork_child); });
    if (ec)
      fault::expect_error_of(f, ec);
    expect(ec || signals.is_open(), "it is not open");
    if (ec)
    {
      if (signals.is_open())
        signals.close(); // Asio failed before: nobody told it of the fork
      else
      {
        context.run();
        expect(wait.aborted(), "the wait is not aborted");
      }
      net::io_context fresh;
      signals = signal_fd(fresh, {realtime, last}, support::options());
      send_realtime();
      expect_all(signals);
      return;
    }
    send_realtime();
    context.run();
    expect(wait.succeeded(), "the wait does not succeed");
    expect_all(signals, list_of(wait.result));
  }
};

class attributes_of_spawn : public fault::scenario
{
public:
  void act(error_code& ec) override
  {
    attributes_.emplace(ec);
    if (!ec)
      attributes_->add_flags(POSIX_SPAWN_SETPGROUP, ec);
  }

  void check() override
  {
    short flags = 0;
    ::sigset_t mask;
    ::sigset_t defaults;
    ::posix_spawnattr_getflags(attributes_->native(), &flags);
    ::posix_spawnattr_getsigmask(attributes_->native(), &mask);
    ::posix_spawnattr_getsigdefault(attributes_->native(), &defaults);
    expect(flags
            == (POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK
                | POSIX_SPAWN_SETSIGDEF),
        "the flags");
    expect(::sigismember(&mask, SIGHUP) == 0, "the mask");
    expect(::sigismember(&defaults, SIGHUP) == 1, "the default actions");
  }

private:
  std::optional<sigfd::spawn_attributes> attributes_;
};

// In a child, which has no other way to say that it failed.
class resetting_signals
{
public:
  void run(const fault::fault& f)
  {
    support::process child([&] {
      in_child(f);
      return 0;
    });
    expect(child.wait() == 0, "the child ended");
  }

private:
  void in_child(const fault::fault& f)
  {
    struct ::sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGHUP, &ignore, nullptr);
    ::sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGHUP);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    fault::meet(f, [](error_code&) {
      errno = EDOM;
      sigfd::reset_signals();
      expect(errno == EDOM, "errno has changed");
    });
    // One of them, whether or not the other is refused.
    const bool is_reached = fault::shared_report().was_reached;
    expect(support::is_blocked(SIGHUP)
            == (is_reached && f.function == fault::call::pthread_sigmask),
        "the mask");
    expect((support::action_of(SIGHUP).sa_handler == SIG_IGN)
            == (is_reached && f.function == fault::call::sigaction),
        "the action");
  }
};

// Its own process, with a thread that waits for a signal.
class auditing : public fault::scenario
{
public:
  auditing()
    : waiter_([] {
        ::sigset_t set;
        ::sigemptyset(&set);
        ::sigaddset(&set, unblocked);
        ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
        for (int number = 0; number != unblocked;)
          ::sigwait(&set, &number);
      })
  {
    expect(support::wait_until([] {
      const sigfd::thread_audit audit({SIGHUP, unblocked}, ::getpid());
      const auto& all = audit.threads();
      return all.size() == 2 && all.back().awaited
          && all.back().awaited->contains(unblocked);
    }),
        "the thread does not wait");
  }

  ~auditing() override
  {
    ::pthread_kill(waiter_.native_handle(), unblocked);
    waiter_.join();
  }

  void act(error_code& ec) override
  {
    const sigfd::thread_audit audit({SIGHUP, unblocked}, ::getpid(), ec);
    expect(!ec || audit.threads().empty(), "there is something in spite of it");
  }

  void check() override
  {
    const sigfd::thread_audit audit({SIGHUP, unblocked}, ::getpid());
    expect(audit.threads().size() == 2, "the threads");
    expect(audit.unblocked().size() == 2, "the unblocked ones");
  }

private:
  std::thread waiter_;
};

class auditing_a_process_that_is_gone : public fault::scenario
{
public:
  auditing_a_process_that_is_gone()
  {
    support::process child([] { return 0; });
    gone_ = child.pid();
    child.wait();
  }

  // That there is none is what it is to say.
  void act(error_code& ec) override
  {
    const sigfd::thread_audit audit({SIGHUP}, gone_, ec);
    expect(!!ec && audit.threads().empty(), "there is something");
    if (ec == error_code(ESRCH, boost::system::system_category()))
      ec = {};
  }

  void check() override
  {
  }

private:
  ::pid_t gone_;
};

void print_head()
{
  std::printf("| %-44s | faults | errors | invisible |\n",
      (support::source_name() + ": operation").c_str());
  std::printf("|%.46s|-------:|-------:|----------:|\n",
      "--------------------------------------------------");
}

struct head
{
  head()
  {
    print_head();
  }
};

} // namespace

BOOST_TEST_GLOBAL_FIXTURE(head);

BOOST_AUTO_TEST_SUITE(faults)

BOOST_AUTO_TEST_CASE(of_opening)
{
  fault::run<opening_first>("open(), the first in the process", when::cold);
  fault::run<opening>("open()");
  fault::run<opening_automatically>("open(), source::automatic");
  fault::run<opening_beside_another>("open(), another object watches it");
}

BOOST_AUTO_TEST_CASE(of_changing)
{
  fault::run<adding>("add()");
  fault::run<adding_with_flags>("add(), with flags");
  fault::run<adding_first>("add() to an object that is not open");
  fault::run<removing>("remove()");
  fault::run<updating>("update()");
  fault::run<updating_beside_another>("update(), another object watches it");
}

BOOST_AUTO_TEST_CASE(of_waiting)
{
  fault::run<with_pending<waiting>>("async_wait(), it is pending");
  fault::run<waiting_for_what_comes>("async_wait(), it comes later");
  fault::run<beside_another<waiting>>(
      "async_wait(), another object watches it");
  fault::run<with_pending<waiting_for_some>>("async_wait_some()");
  fault::run<blocking>("wait(), it comes later");
  // With a pipe, nobody else takes it.
  if (support::test_source() == sigfd::source::kernel)
    fault::run<blocking_beside_another>("wait(), another object takes it");
  // With a pipe, it is in memory already.
  const fault::calls made = support::test_source() == sigfd::source::kernel
      ? fault::calls::some
      : fault::calls::none;
  fault::run<with_pending<trying>>("try_wait_some()", when::warm, made);
  fault::run<beside_another<trying>>(
      "try_wait_some(), another object watches it", when::warm, made);
}

BOOST_AUTO_TEST_CASE(of_closing)
{
  fault::run<closing>("close()");
  fault::run<closing_what_was_ignored>(
      "close(), it was ignored before, the first", when::cold);
  fault::run<closing_what_was_ignored>("close(), it was ignored before");
  fault::run<ending_the_context>("the end of the context");
  fault::run<moving_to_another_executor>("move to another executor type");
}

BOOST_AUTO_TEST_CASE(of_strays)
{
  fault::run<catching_a_stray>("forwarding a stray");
  fault::run<acting_without_watchers>("a stray after the last object");
}

BOOST_AUTO_TEST_CASE(of_forking)
{
  fault::run<telling_of_a_fork>("notify_fork(), in the child");
}

BOOST_AUTO_TEST_CASE(of_starting_and_looking_at_processes)
{
  fault::run<attributes_of_spawn>("spawn_attributes");
  fault::run<resetting_signals>("reset_signals(), in the child");
  fault::run<auditing>("thread_audit");
  fault::run<auditing_a_process_that_is_gone>(
      "thread_audit of a process that is gone");
}

BOOST_AUTO_TEST_CASE(each_has_occurred,
    *boost::unit_test::depends_on("faults/of_opening")
        * boost::unit_test::depends_on("faults/of_changing")
        * boost::unit_test::depends_on("faults/of_waiting")
        * boost::unit_test::depends_on("faults/of_closing")
        * boost::unit_test::depends_on("faults/of_strays")
        * boost::unit_test::depends_on("faults/of_forking")
        * boost::unit_test::depends_on(
            "faults/of_starting_and_looking_at_processes"))
{
  fault::expect_all_occurred();
}

BOOST_AUTO_TEST_SUITE_END()
