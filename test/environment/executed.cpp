// execve(2) with signals pending: they are delivered by the new program, which
// is this one again, with the case "new_program".

#include <sigfd/signal_fd.hpp>
#include <sigfd/stray_counts.hpp>

#include "environment/receiver.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/source.hpp"
#include "support/unblocked_threads.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

namespace net = boost::asio;
using environment::channel;
using sigfd::signal_fd;
using support::process;

constexpr int count = 100;
constexpr int backlog = 8;

// What the new program is to expect.
enum class expectation
{
  all, // in order
  all_in_any_order,
  all_but_the_backlog
};

// Runs this program in place of itself; does not return.
int execute(expectation expected, bool has_stray)
{
  ::setenv("EXPECTED", std::to_string(static_cast<int>(expected)).c_str(), 1);
  ::setenv("STRAY", has_stray ? "1" : "0", 1);
  ::setenv("SENDER", std::to_string(::getppid()).c_str(), 1);
  ::execl("/proc/self/exe", "executed", "--catch_system_errors=no",
      "--color_output=no", "--run_test=new_program",
      static_cast<char*>(nullptr));
  return 127;
}

int number_in(const char* variable)
{
  const char* const value = std::getenv(variable);
  return value == nullptr ? 0 : std::stoi(value);
}

// A child that has an object, is sent signals, and becomes the new program.
template <typename Prepare>
int run(Prepare prepare, expectation expected, bool has_stray = false)
{
  const channel ready;
  const channel sent;
  process child([&] {
    net::io_context context;
    sigfd::open_options options = support::options();
    options.backlog = backlog;
    signal_fd signals(
        context, {SIGTERM, SIGRTMIN, SIGRTMIN + 1, SIGUSR2}, options);
    ready.tell();
    sent.hear();
    prepare(signals);
    return execute(expected, has_stray);
  });
  BOOST_REQUIRE(ready.hear() == 0);
  for (int i = 0; i < count; ++i)
    BOOST_REQUIRE(support::queue(child.pid(), SIGRTMIN, i));
  BOOST_REQUIRE(sent.tell());
  return child.wait();
}

} // namespace

BOOST_AUTO_TEST_SUITE(executed)

// The thread of a pipe has read some of them, and what it has read goes with
// the old program.
BOOST_AUTO_TEST_CASE(what_is_pending_is_the_new_programs)
{
  const auto nothing = [](signal_fd&) {};
  BOOST_TEST(
      run(nothing,
          support::source_name() == "kernel" ? expectation::all
                                             : expectation::all_but_the_backlog)
      == 0);
}

BOOST_AUTO_TEST_CASE(so_it_is_when_the_object_was_closed_before)
{
  const auto close = [](signal_fd& signals) { signals.close(); };
  BOOST_TEST(
      run(close,
          support::source_name() == "kernel" ? expectation::all
                                             : expectation::all_in_any_order)
      == 0);
}

// A stray that was forwarded is pending as any other: a real-time signal from
// kill(2) under another code, which the new program knows. The thread of a pipe
// may have it instead. What a thread catches may be overtaken by others.
BOOST_AUTO_TEST_CASE(a_stray_that_was_forwarded_survives)
{
  const bool is_kernel = support::source_name() == "kernel";
  const auto catch_stray = [=](signal_fd& signals) {
    {
      const support::unblocked_threads others(1);
      const auto before = sigfd::count_strays().caught;
      process sender([receiver = ::getpid()] {
        return ::kill(receiver, SIGRTMIN + 1) == 0 ? 0 : 1;
      });
      sender.wait();
      if (is_kernel)
        support::wait_until(
            [&] { return sigfd::count_strays().caught != before; });
    }
    if (!is_kernel)
      signals.close();
  };
  BOOST_TEST(run(catch_stray, expectation::all_in_any_order, true) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(new_program, *boost::unit_test::disabled())

BOOST_AUTO_TEST_CASE(it_delivers_what_the_old_one_left)
{
  const auto expected = static_cast<expectation>(number_in("EXPECTED"));
  for (const int number : {SIGTERM, SIGRTMIN, SIGRTMIN + 1})
    BOOST_TEST(support::is_blocked(number));
  ::kill(::getpid(), SIGTERM); // as one that came a moment before

  net::io_context context;
  signal_fd signals(
      context, {SIGTERM, SIGRTMIN, SIGRTMIN + 1}, support::options());
  const int first = expected == expectation::all_but_the_backlog ? backlog : 0;
  std::vector<int> values;
  int terms = 0;
  std::vector<sigfd::signal_info> strays;
  BOOST_TEST(support::wait_until([&] {
    while (const auto info = signals.try_wait())
      if (*info == SIGTERM)
        ++terms;
      else if (*info == SIGRTMIN + 1)
        strays.push_back(*info);
      else
      {
        BOOST_TEST(info->sender()->pid == number_in("SENDER"));
        values.push_back(info->value()->sival_int);
      }
    return terms == 1 && !values.empty()
        && values.size() >= static_cast<std::size_t>(count - first)
        && strays.size() == static_cast<std::size_t>(number_in("STRAY"));
  }));
  ::usleep(1'000);
  BOOST_TEST(!signals.try_wait());
  if (expected == expectation::all_in_any_order)
    std::sort(values.begin(), values.end());
  std::vector<int> right;
  const int start = values.empty() ? count : std::min(values.front(), first);
  for (int i = start; i < count; ++i)
    right.push_back(i);
  BOOST_TEST(values == right);
  for (const auto& stray : strays)
  {
    BOOST_TEST(stray.code() == SI_USER);
    BOOST_TEST(stray.sender().has_value());
    BOOST_TEST(stray.sender()->pid > 0);
    BOOST_TEST(stray.sender()->attested);
  }

  BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, count));
  BOOST_TEST(signals.wait().value()->sival_int == count);
}

BOOST_AUTO_TEST_SUITE_END()
