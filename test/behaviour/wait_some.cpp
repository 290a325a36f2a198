// What is held in the process and what the kernel has come in one call.

#include <sigfd/detail/undelivered.hpp>
#include <sigfd/signal_fd.hpp>

#include "support/drain.hpp"
#include "support/no_room.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/sanitizer.hpp"
#include "support/settle.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace net = boost::asio;
using sigfd::signal_fd;
using sigfd::signal_info;

// Has the library hold a signal in the process, as one that an object took from
// the kernel and could not give back.
void hold(int value)
{
  ::siginfo_t raw{};
  raw.si_signo = SIGRTMIN;
  raw.si_code = SI_QUEUE;
  raw.si_pid = ::getpid();
  raw.si_value.sival_int = value;
  const support::no_room limit;
  sigfd::detail::requeue_or_keep(signal_info(raw));
}

// Has a thread catch a signal that cannot be queued again.
void hold_stray(int value)
{
  std::thread([&] {
    ::sigset_t only;
    ::sigemptyset(&only);
    ::sigaddset(&only, SIGRTMIN);
    ::pthread_sigmask(SIG_BLOCK, &only, nullptr);
    ::sigval v{};
    v.sival_int = value;
    BOOST_REQUIRE(::pthread_sigqueue(::pthread_self(), SIGRTMIN, v) == 0);
    const support::no_room limit;
    ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  }).join();
}

struct fixture
{
  net::io_context context;
  signal_fd signals{context, sigfd::signal_mask{SIGRTMIN}, support::options()};
  std::array<signal_info, 16> infos;

  ~fixture()
  {
    while (signals.try_wait())
      continue;
    signals.close();
    support::drain(SIGRTMIN);
  }

  // Sends signals, and waits until the object finds them.
  void send(int first, int count)
  {
    for (int i = 0; i < count; ++i)
      BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, first + i));
    if (signals.source() == sigfd::source::pipe)
      support::settle(SIGRTMIN);
  }

  // The values of what was taken by one call.
  std::vector<int> values(std::size_t count) const
  {
    std::vector<int> all;
    for (const signal_info& info : std::span(infos).first(count))
      all.push_back(info.value() ? info.value()->sival_int : -1);
    return all;
  }
};

// The functions that take many.
struct way
{
  std::string name;
  std::function<std::size_t(fixture&, std::span<signal_info>)> take;
};

const way ways[] = {{"try_wait_some",
                        [](fixture& f, std::span<signal_info> infos) {
                          return f.signals.try_wait_some(infos);
                        }},
    {"wait_some",
        [](fixture& f, std::span<signal_info> infos) {
          return f.signals.wait_some(infos);
        }},
    {"async_wait_some", [](fixture& f, std::span<signal_info> infos) {
       support::outcome<std::size_t> result;
       f.signals.async_wait_some(infos, result.handler());
       f.context.restart();
       f.context.run();
       BOOST_TEST(result.succeeded());
       return result.result;
     }}};

using list = std::vector<int>;

} // namespace

BOOST_AUTO_TEST_SUITE(wait_some)

BOOST_AUTO_TEST_CASE(takes_what_is_held_and_what_is_pending)
{
  for (const way& w : ways)
    BOOST_TEST_CONTEXT(w.name)
    {
      fixture f;
      hold(0);
      hold(1);
      f.send(2, 3);
      BOOST_TEST(f.values(w.take(f, f.infos)) == (list{0, 1, 2, 3, 4}),
          boost::test_tools::per_element());
      BOOST_TEST(f.signals.try_wait_some(f.infos) == 0u);
    }
}

BOOST_AUTO_TEST_CASE(as_many_as_fit)
{
  for (const way& w : ways)
    for (std::size_t room = 1; room <= 6; ++room)
      BOOST_TEST_CONTEXT(w.name << " with room for " << room)
      {
        fixture f;
        for (int i = 0; i < 3; ++i)
          hold(i);
        f.send(3, 3);
        list all;
        while (all.size() < 6)
        {
          const std::size_t count = w.take(f, std::span(f.infos).first(room));
          BOOST_TEST_REQUIRE(count == std::min(room, 6 - all.size()));
          for (const int value : f.values(count))
            all.push_back(value);
        }
        BOOST_TEST(
            all == (list{0, 1, 2, 3, 4, 5}), boost::test_tools::per_element());
      }
}

BOOST_AUTO_TEST_CASE(what_is_held_alone_or_pending_alone)
{
  for (const way& w : ways)
    BOOST_TEST_CONTEXT(w.name)
    {
      fixture f;
      hold(0);
      hold(1);
      BOOST_TEST(f.values(w.take(f, f.infos)) == (list{0, 1}),
          boost::test_tools::per_element());
      f.send(2, 2);
      BOOST_TEST(f.values(w.take(f, f.infos)) == (list{2, 3}),
          boost::test_tools::per_element());
    }
}

// The kernel has something that woke the readers, too, which may be delivered
// as a signal that says nothing; and what was caught may be overtaken.
BOOST_AUTO_TEST_CASE(takes_what_a_thread_caught_and_what_is_pending)
{
  if (support::has_thread_sanitizer)
    return; // it hands signals over late
  for (const way& w : ways)
    BOOST_TEST_CONTEXT(w.name)
    {
      fixture f;
      hold_stray(0);
      f.send(1, 3);
      list taken = f.values(w.take(f, f.infos));
      std::erase(taken, -1);
      // In the pipe it may have the place of one that is yet to come.
      const bool is_pipe = f.signals.source() == sigfd::source::pipe;
      BOOST_TEST_REQUIRE(taken.size() >= (is_pipe ? 2u : 4u));
      while (taken.size() < 4)
        for (const int value : f.values(w.take(f, f.infos)))
          taken.push_back(value);
      std::sort(taken.begin(), taken.end());
      BOOST_TEST(taken == (list{0, 1, 2, 3}), boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_SUITE_END()
