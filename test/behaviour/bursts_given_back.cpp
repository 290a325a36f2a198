// Several signals at once, of which a part was taken when the object changes or
// goes: the rest is there for the next reader, in order, with all that came
// with it.

#include <sigfd/signal_fd.hpp>

#include "support/drain.hpp"
#include "support/no_room.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/settle.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace net = boost::asio;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;

// By number, in the order of arrival.
using arrivals = std::map<int, std::vector<int>>;

struct fixture
{
  const signal_mask mask{SIGRTMIN, SIGRTMIN + 1};
  const sigfd::scoped_signal_block block{mask};
  std::optional<net::io_context> context{std::in_place};
  std::optional<signal_fd> signals{
      std::in_place, *context, mask, support::options()};
  arrivals sent;
  arrivals arrived;

  ~fixture()
  {
    signals.reset();
    for (const int number : mask)
      support::drain(number);
  }

  // Sends signals of both numbers in turn, which the descriptor then has.
  void burst(int count)
  {
    for (int i = 0; i < count; ++i)
    {
      const int number = SIGRTMIN + i % 2;
      BOOST_REQUIRE(support::queue(::getpid(), number, i));
      sent[number].push_back(i);
    }
    if (signals->source() == sigfd::source::kernel)
      return;
    BOOST_REQUIRE(support::settle(SIGRTMIN));
    BOOST_REQUIRE(support::settle(SIGRTMIN + 1));
  }

  void note(const signal_info& info)
  {
    BOOST_TEST(info.code() == SI_QUEUE);
    BOOST_TEST_REQUIRE(info.sender().has_value());
    BOOST_TEST(info.sender()->pid == ::getpid());
    BOOST_TEST(info.sender()->uid == ::getuid());
    BOOST_TEST_REQUIRE(info.value().has_value());
    arrived[info.number()].push_back(info.value()->sival_int);
  }

  void take(int count)
  {
    for (int i = 0; i < count; ++i)
      note(signals->wait());
  }

  // Takes what an object finds, until all that was sent has arrived; and
  // whatever comes beyond.
  void take_rest(signal_fd& from)
  {
    support::wait_until([&] {
      while (const auto info = from.try_wait())
        note(*info);
      return count(arrived) >= count(sent);
    });
    while (const auto info = from.try_wait())
      note(*info);
  }

  // Takes what the kernel has of a number.
  void take_from_kernel(int number)
  {
    ::sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, number);
    const ::timespec at_once{};
    for (::siginfo_t info; ::sigtimedwait(&set, &info, &at_once) == number;)
      note(signal_info(info));
  }

  static std::size_t count(const arrivals& all)
  {
    std::size_t sum = 0;
    for (const auto& [number, values] : all)
      sum += values.size();
    return sum;
  }
};

// How an object ends.
struct way
{
  std::string name;
  std::function<void(fixture&)> end;
};

const way ways[] = {{"close", [](fixture& f) { f.signals->close(); }},
    {"clear", [](fixture& f) { f.signals->clear(); }},
    {"destroy", [](fixture& f) { f.signals.reset(); }},
    {"assign", [](fixture& f) { *f.signals = signal_fd(*f.context); }},
    {"destroy the context", [](fixture& f) { f.context.reset(); }}};

// How many are sent, and how many are taken.
constexpr std::pair<int, int> parts[] = {
    {2, 0}, {2, 1}, {5, 1}, {32, 7}, {33, 1}, {40, 33}, {200, 50}};

} // namespace

BOOST_AUTO_TEST_SUITE(bursts_given_back)

BOOST_AUTO_TEST_CASE(an_object_that_goes_leaves_the_rest_to_the_kernel)
{
  for (const way& w : ways)
    for (const auto& [count, taken] : parts)
      BOOST_TEST_CONTEXT(w.name << ", " << taken << " of " << count)
      {
        fixture f;
        f.burst(count);
        f.take(taken);
        w.end(f);
        f.take_from_kernel(SIGRTMIN);
        f.take_from_kernel(SIGRTMIN + 1);
        BOOST_TEST((f.arrived == f.sent));
        if (!f.context)
          f.signals.reset();
      }
}

BOOST_AUTO_TEST_CASE(and_to_the_next_object)
{
  for (const way& w : ways)
    for (const auto& [count, taken] : parts)
      BOOST_TEST_CONTEXT(w.name << ", " << taken << " of " << count)
      {
        fixture f;
        f.burst(count);
        f.take(taken);
        w.end(f);
        net::io_context context;
        signal_fd next(context, f.mask, support::options());
        f.take_rest(next);
        BOOST_TEST((f.arrived == f.sent));
      }
}

// The kernel takes nothing back: they wait in the process.
BOOST_AUTO_TEST_CASE(also_where_there_is_no_room_for_them)
{
  for (const bool room_later : {false, true})
    for (const way& w : ways)
      for (const auto& [count, taken] : parts)
        BOOST_TEST_CONTEXT(w.name << ", " << taken << " of " << count)
        {
          fixture f;
          f.burst(count);
          f.take(taken);
          std::optional<support::no_room> limit(std::in_place);
          w.end(f);
          if (room_later)
            limit.reset();
          net::io_context context;
          signal_fd next(context, f.mask, support::options());
          f.take_rest(next);
          BOOST_TEST((f.arrived == f.sent));
        }
}

// The kernel takes back some of them. Where the action is to ignore them, they
// are taken once more when that is put back. None is lost or doubled; the order
// is that of doc/limitations.md.
BOOST_AUTO_TEST_CASE(also_where_there_is_room_for_some)
{
  for (const bool is_ignored : {false, true})
    for (const way& w : ways)
      for (const auto& [count, taken] : parts)
        BOOST_TEST_CONTEXT(w.name << ", " << taken << " of " << count
                                  << (is_ignored ? ", ignored" : ""))
        {
          ::signal(SIGRTMIN, is_ignored ? SIG_IGN : SIG_DFL);
          fixture f;
          f.burst(count);
          f.take(taken);
          const support::no_room limit;
          support::set_queue_room(static_cast<::rlim_t>(count - taken) / 2);
          w.end(f);
          net::io_context context;
          signal_fd next(context, f.mask, support::options());
          f.take_rest(next);
          for (auto& [number, values] : f.arrived)
            std::sort(values.begin(), values.end());
          BOOST_TEST((f.arrived == f.sent));
        }
  ::signal(SIGRTMIN, SIG_DFL);
}

BOOST_AUTO_TEST_CASE(a_signal_that_is_removed_goes_back_and_the_others_stay)
{
  for (const bool updates : {false, true})
    for (const auto& [count, taken] : parts)
      BOOST_TEST_CONTEXT(taken << " of " << count)
      {
        fixture f;
        f.burst(count);
        f.take(taken);
        if (updates)
          f.signals->update({SIGRTMIN + 1, SIGUSR2});
        else
          f.signals->remove(SIGRTMIN);
        f.take_from_kernel(SIGRTMIN);
        f.take_rest(*f.signals);
        BOOST_TEST((f.arrived == f.sent));
      }
}

BOOST_AUTO_TEST_CASE(removed_and_added_again_they_keep_their_order)
{
  for (const auto& [count, taken] : parts)
    BOOST_TEST_CONTEXT(taken << " of " << count)
    {
      fixture f;
      f.burst(count);
      f.take(taken);
      f.signals->remove(SIGRTMIN);
      f.signals->add(SIGUSR2);
      f.signals->add(SIGRTMIN);
      f.take_rest(*f.signals);
      BOOST_TEST((f.arrived == f.sent));
    }
}

BOOST_AUTO_TEST_SUITE_END()
