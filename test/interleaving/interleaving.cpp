// Threads are delayed where an interleaving matters, and every signal is
// counted.
//
// interleaving [SECONDS [SEED [SCENE]]], with the source in SIGFD_TEST_SOURCE

#include "preemption.hpp"

#include "tally.hpp"

#include <sigfd/signal_fd.hpp>
#include <sigfd/stray_counts.hpp>

#include "support/drain.hpp"
#include "support/no_room.hpp"
#include "support/own_user.hpp"
#include "support/process.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"
#include "support/unblock.hpp"
#include "support/unblocked_threads.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::delivery_policy;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;

using random_engine = std::mt19937;

// ThreadSanitizer drops signals that reach a handler quickly, and has no new
// threads in the child of a process with threads.
constexpr bool has_strays = !support::has_thread_sanitizer;

watchdog* dog = nullptr;

// Each scene has numbers of its own.
const int first_number = SIGRTMIN + 1;
const int second_number = SIGRTMIN + 2;
const int handled_number = SIGRTMIN + 3;
const int closed_number = SIGRTMIN + 4;
const int shared_number = SIGRTMIN + 5;
const int default_number = SIGRTMIN + 6;

unsigned below(random_engine& random, unsigned end)
{
  return static_cast<unsigned>(random() >> 8) % end;
}

// The calling thread is sent a signal, and catches it, if need be without room
// to queue it again. By its ID, because the C
// library does not know it in the child of a clone.
void queue_and_catch(int number, int value, bool has_room = true)
{
  ::sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, number);
  ::pthread_sigmask(SIG_BLOCK, &only, nullptr);
  ::siginfo_t info{};
  info.si_signo = number;
  info.si_code = SI_QUEUE;
  info.si_pid = ::getpid();
  info.si_uid = ::getuid();
  info.si_value.sival_int = value;
  while (::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), ::gettid(), number, &info)
      == -1)
    ::usleep(50);
  std::optional<support::no_room> limit;
  if (!has_room)
    limit.emplace();
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr); // the handler blocks it
}

// Little room for queued signals, for a while.
class little_room
{
public:
  explicit little_room(::rlim_t room)
  {
    ::getrlimit(RLIMIT_SIGPENDING, &old_);
    support::set_queue_room(room);
  }

  little_room(const little_room&) = delete;
  little_room& operator=(const little_room&) = delete;

  ~little_room()
  {
    ::setrlimit(RLIMIT_SIGPENDING, &old_);
  }

private:
  ::rlimit old_{};
};

// Polls without an end: the watchdog sees to that.
template <typename Condition>
void wait_for(const char* what, Condition condition)
{
  dog->enter(what);
  while (!condition())
    ::usleep(100);
}

// A thread that does something again and again.
class repeater
{
public:
  template <typename Function>
  explicit repeater(Function function)
    : thread_([this, function]() mutable {
        while (!stop_)
          function();
      })
  {
  }

  repeater(const repeater&) = delete;
  repeater& operator=(const repeater&) = delete;

  ~repeater()
  {
    stop_ = true;
    thread_.join();
  }

private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// An object that is read by one wait after the other, in two threads.
class reader
{
public:
  reader(const signal_mask& mask, const sigfd::open_options& options,
      tally& arrived)
    : signals_(strand_, mask, options),
      arrived_(arrived)
  {
    net::post(strand_, [this] { wait(); });
    for (std::thread& thread : threads_)
      thread = std::thread([this] { context_.run(); });
  }

  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  ~reader()
  {
    net::post(strand_, [this] { signals_.close(); });
    for (std::thread& thread : threads_)
      thread.join();
  }

private:
  void wait()
  {
    if (++waits_ % 3 == 0)
      signals_.async_wait_some(infos_, [this](error_code ec, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i)
          arrived_.note(infos_[i]);
        go_on(ec);
      });
    else
      signals_.async_wait([this](error_code ec, const signal_info& info) {
        if (!ec)
          arrived_.note(info);
        go_on(ec);
      });
  }

  void go_on(error_code ec)
  {
    if (!ec)
      wait();
    else if (ec != net::error::operation_aborted)
      report_wrong(ec.message().c_str());
  }

  net::io_context context_;
  net::strand<net::io_context::executor_type> strand_{context_.get_executor()};
  signal_fd signals_;
  tally& arrived_;
  unsigned waits_ = 0;
  std::array<signal_info, 4> infos_{};
  std::array<std::thread, 2> threads_;
};

// An object that comes and goes, and counts what it gets where it competes.
class guest
{
public:
  guest(delivery_policy delivery, tally* competing, unsigned seed)
    : delivery_(delivery),
      competing_(competing),
      random_(seed)
  {
  }

  void operator()()
  {
    net::io_context context;
    sigfd::open_options options = support::options();
    options.delivery = delivery_;
    options.backlog = 1 + below(random_, 8);
    if (below(random_, 2) == 0)
      options.source = sigfd::source::kernel;
    signal_mask mask{below(random_, 2) == 0 ? first_number : second_number};
    signal_fd signals(context, mask, options);
    const auto note = [this](error_code ec, const signal_info& info) {
      if (!ec && competing_ != nullptr)
        competing_->note(info);
    };
    const unsigned steps = below(random_, 6);
    for (unsigned i = 0; i < steps; ++i)
      switch (below(random_, 5))
      {
      case 0:
        signals.update({first_number, second_number});
        break;
      case 1:
        signals.update(mask);
        break;
      case 2:
        if (const auto info = signals.try_wait())
          note({}, *info);
        break;
      default:
        signals.async_wait(note);
        context.poll();
        context.restart();
      }
    signals.close();
    context.run();
  }

private:
  const delivery_policy delivery_;
  tally* const competing_;
  random_engine random_;
};

// What the child of a fork does with an object of its own. One at a time: there
// may be room for one only.
int child_of_fork(const sigfd::open_options& options)
{
  net::io_context context;
  signal_fd signals(context, {first_number}, options);
  for (int i = 0; i < 3; ++i)
  {
    if (!support::queue(::getpid(), first_number, i))
      return 1;
    std::optional<signal_info> info;
    const bool came = support::wait_until([&] {
      info = signals.try_wait();
      return info.has_value() && info->code() == SI_QUEUE;
    });
    if (!came || info->value()->sival_int != i)
      return 2;
  }
  return 0;
}

// And one that nobody told of the fork. It must not allocate memory, as another
// thread may have been doing that.
int child_of_clone()
{
  {
    const std::lock_guard lock(sigfd::detail::watchers());
  }
  queue_and_catch(first_number, 5);
  const bool came = support::wait_until([&] {
    signal_info info = sigfd::detail::take_pending(first_number);
    return info.number() != 0
        && sigfd::detail::undelivered().consume_wakeup(info)
        && info.code() == SI_QUEUE && info.value()->sival_int == 5;
  });
  // Without counting what was reached, which allocates: a thread that is not
  // here may hold the allocator's lock.
  ::_exit(came ? 0 : 1);
}

void check_child(support::process& child, const char* what)
{
  const int status = child.wait_for(support::child_bound());
  if (status != 0)
  {
    report_wrong(what);
    std::printf("  it ended with %d\n", status);
  }
}

// Senders in threads and another process; threads that do not block; objects
// that stay, others that come and go; forks.
void flood(random_engine& random)
{
  constexpr int each = support::has_sanitizer ? 60 : 150;
  constexpr int senders = has_strays ? 3 : 2;
  constexpr int count = senders * each;
  const bool every = below(random, 2) == 0;
  const bool is_tight = has_strays && below(random, 3) != 0;
  sigfd::open_options options = support::options();
  options.delivery = every ? delivery_policy::every : delivery_policy::one;
  options.backlog = below(random, 2) == 0 ? 1024 : 4;
  dog->enter("flood: opening");

  int start[2];
  if (::pipe(start) == -1)
    throw std::runtime_error("pipe failed");
  support::process sender([&, receiver = ::getpid()] {
    char byte;
    if (::read(start[0], &byte, 1) != 1)
      return 1;
    for (int i = 0; i < each; ++i)
      if (!support::queue(
              receiver, i % 2 == 0 ? first_number : second_number, i))
        return 2;
    return 0;
  });
  total.sent += count;

  const std::size_t readers = 1 + below(random, 2);
  std::vector<std::unique_ptr<tally>> tallies;
  std::vector<std::unique_ptr<reader>> objects;
  std::optional<std::thread> blocking;
  const auto add_tally = [&]() -> tally& {
    return *tallies.emplace_back(std::make_unique<tally>(
        count, sender.pid(), ::getpid(), each, is_tight));
  };
  for (std::size_t i = 0; i < readers; ++i)
    objects.push_back(
        std::make_unique<reader>(signal_mask{first_number, second_number},
            options, every || i == 0 ? add_tally() : *tallies.front()));
  net::io_context context; // which nobody runs
  std::optional<signal_fd> waits;
  if (every)
  {
    tally& arrived = add_tally();
    waits.emplace(context, signal_mask{first_number, second_number}, options);
    blocking.emplace([&] {
      while (!arrived.is_full())
        arrived.note(waits->wait());
    });
  }
  const auto lost_before = sigfd::count_strays().lost;
  std::optional<little_room> limit;
  if (is_tight)
    limit.emplace(1 + below(random, 40));
  {
    std::optional<support::passing_threads> passing;
    if (has_strays)
      passing.emplace();
    tally* const competing = every ? nullptr : tallies.front().get();
    repeater first_guest(
        guest(options.delivery, competing, below(random, 1'000'000)));
    repeater second_guest(
        guest(options.delivery, competing, below(random, 1'000'000)));
    std::optional<repeater> forker;
    if (has_strays)
      forker.emplace([&, told = false]() mutable {
        told = !told && !support::has_sanitizer; // which allocates with a lock
        if (told)
        {
          support::process child([&] { return child_of_fork(options); });
          check_child(child, "a child of fork");
        }
        else
        {
          support::process child(&child_of_clone, &support::clone_process);
          check_child(child, "a child of clone");
        }
      });
    std::thread local_sender([&] {
      for (int i = each; i < 2 * each; ++i)
        support::queue(
            ::getpid(), i % 2 == 0 ? first_number : second_number, i);
    });
    std::thread self_sender([&] {
      for (int i = 2 * each; i < count; ++i)
        queue_and_catch(i % 2 == 0 ? first_number : second_number, i);
    });
    if (::write(start[1], "", 1) != 1)
      report_wrong("write failed");
    dog->enter("flood: senders in threads");
    local_sender.join();
    self_sender.join();
    dog->enter("flood: the sender process");
    if (sender.wait() != 0)
      report_wrong("the sender failed");
    wait_for(every ? "flood: deliveries to every object"
                   : "flood: deliveries to one object",
        [&] {
          for (const auto& arrived : tallies)
            if (!arrived->is_full())
              return false;
          return true;
        });
    dog->enter("flood: guests and forks end");
  }
  dog->enter("flood: closing");
  limit.reset();
  if (blocking)
    blocking->join();
  if (waits)
    while (const auto info = waits->try_wait())
      tallies.back()->note(*info);
  waits.reset();
  objects.clear();
  ::close(start[0]);
  ::close(start[1]);
  const int left = support::drain(first_number) + support::drain(second_number);
  if (left != 0 && !is_tight)
    report_wrong("signals are left that were delivered");
  if (sigfd::count_strays().lost != lost_before)
    report_wrong("the handler lost strays");
}

// One stray at a time, where there is no room for it: nothing but its wake-up
// signal has the object look.
void lone_stray(random_engine&)
{
  constexpr int count = 20;
  total.sent += count;
  tally arrived(count, ::getpid(), ::getpid(), 0, true);
  reader object({first_number}, support::options(), arrived);
  for (int i = 0; i < count; ++i)
  {
    std::thread([&] { queue_and_catch(first_number, i, false); }).join();
    wait_for("lone stray",
        [&] { return arrived.received() > static_cast<std::size_t>(i); });
  }
}

std::atomic<tally*> handled{nullptr}; // what the program's handler counts in

void handle(int, ::siginfo_t* info, void*)
{
  if (tally* const arrived = handled; arrived != nullptr)
    if (info->si_code == SI_QUEUE)
      arrived->note(
          info->si_code, info->si_pid, info->si_uid, info->si_value.sival_int);
}

// The program has a handler for what an object watches now and then: each
// signal goes to one of them.
void last_watcher(random_engine& random)
{
  constexpr int count = support::has_sanitizer ? 100 : 400;
  const bool is_tight = below(random, 3) != 0;
  struct ::sigaction own{};
  own.sa_sigaction = &handle;
  own.sa_flags = SA_SIGINFO | SA_RESTART;
  ::sigaction(handled_number, &own, nullptr);
  dog->enter("last watcher: sending");
  support::process sender([&, receiver = ::getpid()] {
    for (int i = 0; i < count; ++i)
      if (!support::queue(receiver, handled_number, i))
        return 1;
    return 0;
  });
  total.sent += count;
  tally arrived(count, sender.pid(), sender.pid(), 0, true);
  handled = &arrived;
  std::optional<little_room> limit;
  if (is_tight)
    limit.emplace(1 + below(random, 20));
  net::io_context context;
  const auto open_and_close = [&](int most) {
    signal_fd signals(context, {handled_number}, support::options());
    for (int i = 0; i < most; ++i)
      if (const auto info = signals.try_wait())
        arrived.note(*info);
  };
  {
    const support::passing_threads passing;
    while (sender.pid() != -1)
    {
      open_and_close(static_cast<int>(below(random, 4)));
      ::siginfo_t end{};
      ::waitid(P_PID, static_cast<::id_t>(sender.pid()), &end,
          WEXITED | WNOHANG | WNOWAIT);
      if (end.si_pid != 0 && sender.wait() != 0)
        report_wrong("the sender failed");
    }
    dog->enter("last watcher: threads end");
  }
  limit.reset();
  wait_for("last watcher: what is left", [&] {
    open_and_close(count);
    return arrived.is_full();
  });
  for (int i = 0; i < 3; ++i) // nothing may come twice
    open_and_close(count);
  handled = nullptr;
}

// When an object has been closed, all that it has not delivered is pending: the
// thread of pipes, which goes on for another, has nothing of it.
void close_and_look(random_engine& random)
{
  constexpr int count = 8;
  dog->enter("close and look");
  net::io_context context;
  signal_fd other(context, {shared_number}, support::options());
  for (int run = 0; run < 20; ++run)
  {
    tally arrived(count, ::getpid(), ::getpid(), 0, false);
    total.sent += count;
    std::thread sender([&] {
      for (int i = 0; i < count; ++i)
        support::queue(::getpid(), closed_number, i);
    });
    {
      signal_fd signals(context, {closed_number}, support::options());
      for (auto left = below(random, count); left != 0; --left)
        if (const auto info = signals.try_wait())
          arrived.note(*info);
      sender.join();
    }
    for (;;)
    {
      const signal_info info = sigfd::detail::take_pending(closed_number);
      if (info.number() == 0)
        break;
      arrived.note(info);
    }
    if (!arrived.is_full())
      report_wrong("a signal was neither delivered nor pending after close()");
    wait_for("close and look: the rest", [&] {
      const signal_info info = sigfd::detail::take_pending(closed_number);
      if (info.number() != 0)
        arrived.note(info);
      return arrived.is_full();
    });
  }
}

// A second object opens, and hears everything that is sent from then on, beside
// the first, which was alone and may be taking just then.
void newcomer(random_engine& random)
{
  constexpr int runs = 20;
  constexpr int before = 2;
  constexpr int after = 3;
  constexpr int each = before + after;
  total.sent += runs * each;
  tally all(runs * each, ::getpid(), ::getpid(), 0, false);
  net::io_context context;
  reader first({shared_number}, support::options(), all);
  for (int run = 0; run < runs; ++run)
  {
    dog->enter("newcomer");
    const int base = run * each;
    for (int i = 0; i < before; ++i)
      support::queue(::getpid(), shared_number, base + i);
    sigfd::open_options options = support::options();
    if (below(random, 4) == 0)
      options.source = sigfd::source::kernel;
    signal_fd second(context, {shared_number}, options);
    total.expected += after;
    for (int i = before; i < each; ++i)
      support::queue(::getpid(), shared_number, base + i);
    int next = base + before;
    wait_for("newcomer: what is sent after it came", [&] {
      while (const auto info = second.try_wait())
      {
        const int value = info->value()->sival_int;
        if (value < base + before)
          continue;
        ++total.received;
        if (value != next++)
          report_wrong("a newcomer hears it in another order, or not");
      }
      return next >= base + each;
    });
  }
  wait_for("newcomer: the first one", [&] { return all.is_full(); });
}

// Somebody has put the library's handler back while nobody watches, and the
// action under it is the default one. A signal comes while an object opens: it
// ends the process, or the object has it, as it came. Once the object is open,
// nothing puts the default action back.
int open_beside_a_stray()
{
  const int number = default_number;
  net::io_context context;
  struct ::sigaction action{};
  {
    signal_fd signals(context, {number}, support::options());
    ::sigaction(number, nullptr, &action);
  }
  ::sigaction(number, &action, nullptr);
  std::atomic<int> ready{0};
  std::atomic<bool> caught{false};
  const auto& adds = preemption::state->passed[static_cast<std::size_t>(
      preemption::point::no_handler_runs)];
  const std::uint64_t adds_before = adds;
  std::thread thread([&] {
    for (++ready; ready != 2;)
      continue;
    if (preemption::next_random() % 4 != 0) // or at any time
      while (adds == adds_before)
        continue;
    queue_and_catch(number, 7);
    caught = true;
  });
  for (++ready; ready != 2;)
    continue;
  signal_fd signals(context, {number}, support::options());
  for (bool last = false; !last;)
  {
    last = caught;
    ::sigaction(number, nullptr, &action);
    if (action.sa_handler == SIG_DFL)
      ::_exit(1);
  }
  thread.join();
  std::thread([&] { queue_and_catch(number, 8); }).join();
  int received = 0;
  std::vector<int> values;
  support::wait_until([&] {
    while (const auto info = signals.try_wait())
    {
      ++received;
      if (info->value())
        values.push_back(info->value()->sival_int);
    }
    return received == 2;
  });
  return received != 2 ? 2 : values != std::vector{7, 8} ? 3 : 0;
}

void default_action(random_engine&)
{
  dog->enter("default action");
  for (int run = 0; run < 10; ++run)
  {
    support::process child(&open_beside_a_stray);
    const int status = child.wait_status();
    if (WIFSIGNALED(status) && WTERMSIG(status) == default_number)
      continue;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    {
      report_wrong("an object that opens beside a stray");
      std::printf("  its status is %#x\n", static_cast<unsigned>(status));
    }
    dog->enter("default action");
  }
}

struct scene
{
  const char* name;
  void (*play)(random_engine& random);
  bool has_strays;
  preemption::point first; // of those that it is about
  preemption::point last;
};

using enum preemption::point;

constexpr std::array scenes{
    scene{"flood", &flood, false, handler_called, table_given_up},
    scene{"lone_stray", &lone_stray, true, handler_called, kept_seen},
    scene{"last_watcher", &last_watcher, true, handler_called, kept_seen},
    scene{"close_and_look", &close_and_look, false, pause_requested,
        signals_in_hands},
    scene{"newcomer", &newcomer, false, found_alone, about_to_poll},
    scene{"default_action", &default_action, true, handler_called,
        previous_action_is_back},
};

// Delays are long at a few points in turn, so that all else goes on. Mostly at
// those that the scene is about.
void choose_hot(random_engine& random, const scene& s)
{
  const bool is_any = below(random, 4) == 0;
  const unsigned first = is_any ? 0 : static_cast<unsigned>(s.first);
  const unsigned end = is_any ? unsigned{preemption::points}
                              : static_cast<unsigned>(s.last) + 1;
  const unsigned hot = first + below(random, end - first);
  preemption::state->first_hot = hot;
  preemption::state->end_hot = hot + below(random, 8);
}

bool is_expected(preemption::needs needed)
{
  using enum preemption::needs;
  switch (needed)
  {
  case nothing:
    return true;
  case kernel:
    return support::test_source() == sigfd::source::kernel;
  case pipe:
    return support::test_source() == sigfd::source::pipe;
  case child:
  case stray:
  case limit:
    return has_strays;
  }
  return true;
}

const char* only_scene = nullptr; // with one, not every point is reached

bool is_missing(std::size_t point)
{
  return only_scene == nullptr && preemption::state->passed[point] == 0
      && is_expected(preemption::descriptions[point].needed);
}

bool is_any_missing()
{
  for (std::size_t i = 0; i < preemption::points; ++i)
    if (is_missing(i))
      return true;
  return false;
}

// How often threads came to each point, and were delayed there.
void report_points()
{
  std::printf("%-26s %12s %12s\n", "point", "passed", "delayed");
  for (std::size_t i = 0; i < preemption::points; ++i)
    std::printf("%-26s %12ju %12ju%s\n", preemption::descriptions[i].name,
        std::uintmax_t{preemption::state->passed[i]},
        std::uintmax_t{preemption::state->delayed[i]},
        is_missing(i) ? "  NEVER REACHED" : "");
}

int run(std::chrono::seconds duration, std::uint64_t seed)
{
  std::printf("source %s, seed %ju, %jd s\n", support::source_name().c_str(),
      std::uintmax_t{seed}, std::intmax_t{duration.count()});
  preemption::start(seed);
  // Threads that are to block the signals inherit it.
  sigfd::block_signals({first_number, second_number, handled_number,
      closed_number, shared_number});
  watchdog own_dog(2 * support::child_bound()); // it waits for children
  dog = &own_dog;
  std::seed_seq seeds{seed, seed >> 32};
  random_engine random(seeds);
  std::array<unsigned, scenes.size()> played{};
  // Each has the same time.
  std::array<std::chrono::steady_clock::duration, scenes.size()> spent{};
  const auto begin = std::chrono::steady_clock::now();
  const auto goes_on = [&] {
    const auto time = std::chrono::steady_clock::now() - begin;
    return time < duration
        || (time < duration + std::chrono::minutes(3) && is_any_missing());
  };
  for (std::size_t i = 0; i < scenes.size() || goes_on(); ++i)
  {
    const auto start = std::chrono::steady_clock::now();
    const std::size_t which = i < scenes.size()
        ? i
        : static_cast<std::size_t>(
              std::min_element(spent.begin(), spent.end()) - spent.begin());
    if ((scenes[which].has_strays && !has_strays)
        || (only_scene != nullptr
            && scenes[which].name != std::string(only_scene)))
    {
      spent[which] = std::chrono::steady_clock::duration::max() / 2;
      continue;
    }
    choose_hot(random, scenes[which]);
    scenes[which].play(random);
    ++played[which];
    spent[which] += std::chrono::steady_clock::now() - start;
    if (total.twice + total.incomplete + total.wrong != 0)
      break;
  }
  report_points();
  for (std::size_t i = 0; i < scenes.size(); ++i)
    std::printf(
        "%s%s %u times", i == 0 ? "played: " : ", ", scenes[i].name, played[i]);
  const auto lost = std::uint64_t{total.expected} - total.received;
  const auto strays = sigfd::count_strays();
  std::printf("\nstrays %ju, bare at the limit %ju\n"
              "sent %ju, to be delivered %ju, received %ju\n"
              "lost %ju, twice %ju, incomplete %ju, wrong %ju\n",
      std::uintmax_t{strays.caught}, std::uintmax_t{total.bare},
      std::uintmax_t{total.sent}, std::uintmax_t{total.expected},
      std::uintmax_t{total.received}, std::uintmax_t{lost},
      std::uintmax_t{total.twice}, std::uintmax_t{total.incomplete},
      std::uintmax_t{total.wrong});
  return !is_any_missing()
          && lost + total.twice + total.incomplete + total.wrong == 0
      ? 0
      : 1;
}

} // namespace

int main(int argc, char* argv[])
try
{
  std::setvbuf(stdout, nullptr, _IOLBF, 0); // also if somebody ends it
  const support::own_user user;
  const long seconds = argc > 1 ? std::stol(argv[1]) : 3;
  const std::uint64_t seed = argc > 2 ? std::stoull(argv[2])
                                      : std::random_device()() % 1'000'000;
  only_scene = argc > 3 ? argv[3] : nullptr;
  return run(std::chrono::seconds(seconds), seed);
}
catch (const std::exception& e)
{
  std::printf("FAILED: %s\n", e.what());
  return 1;
}
