// Each scenario of cancellation and lifetime is stopped after every possible
// number of handlers, and everything is destroyed there, in either order; and
// run on 1, 2 and 4 threads. Every signal is delivered once, or left, and every
// handler is called at most once, and destroyed once.
//
//   sigfd_replay [OPTION...] [-- REPETITIONS [NAME]]
//
// The options are those of Boost.Test. Each scenario, or those with NAME in
// their names, is repeated so often on each number of threads. At the end,
// there is a table of what was done.

#include "scenarios.hpp"
#include "scene.hpp"
#include "tally.hpp"

#include "support/process_state.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <sigfd/detail/pipe_thread.hpp>
#include <sigfd/signal_fd.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace net = boost::asio;
using replay::ending;
using replay::scenario;
using replay::scene;
using replay::tally;

// What was done, for the table.
struct row
{
  std::size_t places = 0; // where something happens to the objects
  std::size_t stops = 0; // after that, at the most
  std::size_t endings = 0;
  std::size_t replays = 0;
  std::size_t repetitions = 0;
  std::size_t most_threads = 0;
  tally::totals signals;

  void add(const tally& books)
  {
    const auto some = books.sum();
    signals.sent += some.sent;
    signals.delivered += some.delivered;
    signals.left += some.left;
  }
};

std::map<const scenario*, row> rows;

// A repetition with an error may take half a minute, and there are thousands.
std::size_t errors_so_far = 0;

void report(const std::vector<std::string>& complaints)
{
  for (const std::string& c : complaints)
    BOOST_ERROR(c);
  errors_so_far += complaints.size();
  BOOST_REQUIRE_MESSAGE(errors_so_far < 20, "that will do");
}

// The signals are blocked before there is any thread, and there are all the
// threads that stay.
struct blocked_signals
{
  blocked_signals()
  {
    sigfd::block_signals(replay::all_numbers());
    net::post(net::system_executor(), net::use_future([] {})).get();
  }
};

// What must be as it was.
struct state
{
  support::process_state process;
  std::array<struct ::sigaction, 3> actions = all_actions();

  // Not what the C library adds for itself.
  static constexpr int flags = SA_SIGINFO | SA_RESTART | SA_NODEFER | SA_ONSTACK
      | SA_NOCLDSTOP | SA_NOCLDWAIT;

  static std::array<struct ::sigaction, 3> all_actions()
  {
    return {support::action_of(replay::first_number),
        support::action_of(replay::second_number),
        support::action_of(replay::standard_number)};
  }

  void check() const
  {
    if (!support::returns_to(process))
      report({"descriptors, threads or the mask are not as they were"});
    const auto now = all_actions();
    for (std::size_t i = 0; i < actions.size(); ++i)
      if (actions[i].sa_sigaction != now[i].sa_sigaction
          || (actions[i].sa_flags & flags) != (now[i].sa_flags & flags))
        report({"an action is not as it was"});
  }
};

// Takes what is left with an object of its own.
void take_left(tally& books)
{
  net::io_context context;
  sigfd::signal_fd fresh(context, replay::all_numbers(), support::options());
  const auto take = [&] {
    while (const auto info = fresh.try_wait())
      books.find(*info);
  };
  support::wait_until([&] {
    take();
    return books.missing() == 0;
  });
  if (fresh.source() == sigfd::source::pipe)
  {
    // There may be more than there should be.
    support::wait_until([] {
      const auto all = replay::all_numbers();
      return std::none_of(all.begin(), all.end(), support::is_pending);
    });
    const std::lock_guard pause(sigfd::detail::the_pipe_thread());
  }
  take();
}

const char* name_of(ending e)
{
  switch (e)
  {
  case ending::object_first:
    return "object first";
  case ending::context_first:
    return "context first";
  default:
    return "drained";
  }
}

std::vector<ending> endings_of(const scenario& s)
{
  if (!s.has.context_may_end_first)
    return {ending::object_first, ending::drained};
  return {ending::object_first, ending::context_first, ending::drained};
}

// What the names of the scenarios to be run have in them.
std::string part_of_name()
{
  const auto& suite = boost::unit_test::framework::master_test_suite();
  return suite.argc > 2 ? suite.argv[2] : "";
}

bool can_run(const scenario& s)
{
  if (std::string(s.name).find(part_of_name()) == std::string::npos)
    return false;
  // ThreadSanitizer hands signals over late, and has no new threads in the
  // child of a process with threads.
  return !support::has_thread_sanitizer || !(s.has.needs_strays || s.has.forks);
}

// Whether a replay came to its end.
struct reached
{
  bool place = false; // nothing was left to do before something happens
  bool stop = false; // nor afterwards
};

reached replay_once(const scenario& scenario, std::size_t place,
    std::size_t stop, ending e, bool other_first, row& sums)
{
  reached result;
  // A handler of the program's may close the object with a signal in hand.
  tally books(scenario.has.delivery, !scenario.has.calls_handlers);
  const ::pid_t parent = ::getpid();
  std::vector<std::string> complaints;
  {
    scene s(books);
    s.other_first = other_first;
    s.play_to_the_end = [&] {
      for (std::size_t i = 0; i < stop && !result.stop; ++i)
        result.stop = !s.advance();
      if (result.stop && !books.were_all_called())
        books.complain("a handler was not called, though all was done");
      s.end(e);
      take_left(books);
      complaints = books.check(scenario.has.calls_handlers);
      if (::getpid() != parent)
        for (const std::string& c : complaints)
          std::cerr << "in the child: " << c << std::endl;
      return complaints.empty();
    };
    scenario.start(s);
    for (std::size_t i = 0; i < place && !result.place; ++i)
      result.place = !s.step();
    scenario.act(s);
    s.play_to_the_end();
  }
  sums.add(books);
  report(complaints);
  return result;
}

void replay_all(const scenario& scenario, row& sums)
{
  const state before;
  if (scenario.has.calls_handlers)
    replay::install_handlers();
  const auto endings = endings_of(scenario);
  sums.endings = endings.size();
  for (const bool other_first : {false, true})
    for (const ending e : endings)
    {
      if (other_first && !scenario.has.uses_other)
        continue;
      bool was_last_place = false;
      for (std::size_t place = 0; !was_last_place; ++place)
      {
        bool was_last_stop = false;
        for (std::size_t stop = 0; !was_last_stop; ++stop)
          BOOST_TEST_CONTEXT(scenario.name
              << ", after " << place << " handlers, stopped after " << stop
              << ", " << name_of(e))
          {
            const reached end = replay_once(
                scenario, place, stop, e, other_first, sums);
            was_last_stop = end.stop;
            was_last_place = end.place;
            ++sums.replays;
            sums.stops = std::max(sums.stops, stop + 1);
            if (!scenario.has.calls_handlers)
              before.check();
          }
        sums.places = std::max(sums.places, place + 1);
      }
    }
  if (scenario.has.calls_handlers)
    replay::restore_handlers();
  before.check();
}

// Something between nothing and a fraction of a millisecond. Not by yielding,
// which takes long on a machine that is busy.
void pass_time(std::mt19937& random)
{
  for (auto i = random() % 4096; i != 0; --i)
    random();
}

void run_on_threads(const scenario& scenario, std::size_t count, ending e,
    std::mt19937& random, row& sums)
{
  tally books(scenario.has.delivery, false);
  {
    scene s(books);
    std::vector<std::thread> threads;
    {
      auto work = net::make_work_guard(*s.context);
      auto other_work = net::make_work_guard(*s.other);
      scenario.start(s);
      std::atomic<bool> done{false};
      const auto act = [&] {
        net::post(*s.owner, [&] {
          scenario.act(s);
          done = true;
        });
      };
      const bool is_early = random() % 2 != 0;
      if (is_early)
        act();
      for (std::size_t i = 0; i < count; ++i)
        threads.emplace_back([&] { s.context->run(); });
      threads.emplace_back([&] { s.other->run(); });
      pass_time(random);
      if (!is_early)
        act();
      for (auto i = random() % 4; i != 0; --i)
      {
        s.send();
        pass_time(random);
      }
      if (!support::wait_until([&] { return done.load(); }))
        books.complain("the context hangs");
      const auto way = random() % 3;
      if (way == 1)
        pass_time(random);
      if (way == 2 && !support::wait_until([&] {
            s.note_futures();
            if (books.live_handlers() != 0 && !books.is_owed())
              s.feed();
            return books.live_handlers() == 0;
          }))
        books.complain("a handler is never called");
      s.context->stop();
      s.other->stop();
      for (std::thread& thread : threads)
        thread.join();
    }
    s.end(e);
    take_left(books);
  }
  sums.add(books);
  report(books.check(scenario.has.calls_handlers));
}

std::size_t repetitions()
{
  const auto& suite = boost::unit_test::framework::master_test_suite();
  return suite.argc > 1 ? std::strtoul(suite.argv[1], nullptr, 10) : 50;
}

void print_table()
{
  const auto print = [](const auto& name, const auto&... columns) {
    std::cout << "| " << std::left << std::setw(36) << name << " |"
              << std::right;
    ((std::cout << ' ' << std::setw(10) << columns << " |"), ...);
    std::cout << '\n';
  };
  print("scenario, source " + support::source_name(), "places", "stops",
      "endings", "replays", "on threads", "sent", "delivered", "left");
  print(":--", "--:", "--:", "--:", "--:", "--:", "--:", "--:", "--:");
  row sums;
  for (const scenario& s : replay::scenarios())
  {
    const auto found = rows.find(&s);
    if (found == rows.end())
      continue;
    const row& r = found->second;
    print(s.name, r.places, r.stops, r.endings, r.replays, r.repetitions,
        r.signals.sent, r.signals.delivered, r.signals.left);
    sums.replays += r.replays;
    sums.repetitions += r.repetitions;
    sums.signals.sent += r.signals.sent;
    sums.signals.delivered += r.signals.delivered;
    sums.signals.left += r.signals.left;
  }
  print("all", "", "", "", sums.replays, sums.repetitions, sums.signals.sent,
      sums.signals.delivered, sums.signals.left);
}

struct table
{
  ~table()
  {
    print_table();
  }
};

} // namespace

BOOST_TEST_GLOBAL_FIXTURE(blocked_signals);
BOOST_TEST_GLOBAL_FIXTURE(table);

BOOST_AUTO_TEST_CASE(steps)
{
  for (const scenario& s : replay::scenarios())
    if (can_run(s))
      replay_all(s, rows[&s]);
  BOOST_TEST(!rows.empty(),
      "no scenario that can run here has " << part_of_name() << " in its name");
}

BOOST_AUTO_TEST_CASE(threads)
{
  std::mt19937 random; // the same each time
  const std::size_t count = repetitions();
  for (const scenario& s : replay::scenarios())
  {
    if (!can_run(s) || !s.has.on_threads)
      continue;
    const state before;
    if (s.has.calls_handlers)
      replay::install_handlers();
    const auto endings = endings_of(s);
    for (const std::size_t size : {1u, 2u, 4u})
      for (std::size_t i = 0; i < count; ++i)
        BOOST_TEST_CONTEXT(
            s.name << ", on " << size << " threads, repetition " << i)
        {
          run_on_threads(
              s, size, endings[i % endings.size()], random, rows[&s]);
          ++rows[&s].repetitions;
        }
    if (s.has.calls_handlers)
      replay::restore_handlers();
    before.check();
  }
}
