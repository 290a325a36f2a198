// detail/pipe_source: what it reads ahead, and what becomes of that.

#include <sigfd/detail/pipe_source.hpp>

#include "support/drain.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"

#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace {

using boost::system::error_code;
using sigfd::signal_info;
using sigfd::signal_mask;
using sigfd::detail::pipe_source;
using sigfd::detail::unique_fd;

const signal_mask mask{SIGRTMIN, SIGRTMIN + 1};

using list = std::vector<int>;

struct fixture
{
  sigfd::scoped_signal_block block{mask};
  pipe_source source;
  error_code ec;
  unique_fd fd = source.open(mask, ec);

  fixture()
  {
    BOOST_REQUIRE(!ec);
  }

  ~fixture()
  {
    source.close();
    for (const int number : mask)
      support::drain(number);
  }

  static void send(int number, int value)
  {
    BOOST_REQUIRE(support::queue(::getpid(), number, value));
  }

  // How many records the pipe has.
  std::size_t in_pipe() const
  {
    int size = -1;
    ::ioctl(fd.get(), FIONREAD, &size);
    return static_cast<std::size_t>(size) / sizeof(signal_info);
  }

  // Sends signals with these values, and waits until the pipe has them.
  void send_all(int first, int end)
  {
    const std::size_t before = in_pipe();
    for (int i = first; i < end; ++i)
      send(SIGRTMIN, i);
    BOOST_REQUIRE(support::wait_until([&] {
      return in_pipe() == before + static_cast<std::size_t>(end - first);
    }));
  }

  bool is_readable() const
  {
    ::pollfd p{fd.get(), POLLIN, 0};
    return ::poll(&p, 1, 0) == 1;
  }

  // The values of what one call takes into room for so many.
  list take(std::size_t room, bool may_read_ahead)
  {
    std::array<signal_info, 64> infos;
    const std::ptrdiff_t count
        = source.take(std::span(infos).first(room), may_read_ahead);
    list values;
    for (std::size_t i = 0; std::cmp_less(i, count); ++i)
      values.push_back(infos[i].value()->sival_int);
    return values;
  }
};

// What sigtimedwait(2) finds of a number: codes and senders are as they were.
list take_from_kernel(int number)
{
  list values;
  ::sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, number);
  const ::timespec at_once{};
  for (::siginfo_t info; ::sigtimedwait(&set, &info, &at_once) == number;)
  {
    BOOST_TEST(info.si_code == SI_QUEUE);
    BOOST_TEST(info.si_pid == ::getpid());
    BOOST_TEST(info.si_uid == ::getuid());
    values.push_back(info.si_value.sival_int);
  }
  return values;
}

// The numbers from first to end.
list range(int first, int end)
{
  list values(static_cast<std::size_t>(end - first));
  std::iota(values.begin(), values.end(), first);
  return values;
}

// How many write(2) calls the source's thread made; -1 if the kernel does not
// count them.
long count_writes()
{
  using std::filesystem::directory_iterator;
  for (const auto& task : directory_iterator("/proc/self/task"))
  {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (name != "sigfd-pipe")
      continue;
    std::ifstream io(task.path() / "io");
    for (std::string line; std::getline(io, line);)
      if (line.starts_with("syscw:"))
        return std::stol(line.substr(6));
  }
  return -1;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(pipe_read_ahead, fixture)

BOOST_AUTO_TEST_CASE(leaves_the_rest_in_the_pipe_where_somebody_may_wait)
{
  send_all(0, 5);
  for (int i = 0; i < 5; ++i)
  {
    BOOST_TEST(is_readable());
    BOOST_TEST(take(1, false) == list{i});
    BOOST_TEST(!source.has_read_ahead());
    BOOST_TEST(in_pipe() == static_cast<std::size_t>(4 - i));
  }
}

BOOST_AUTO_TEST_CASE(reads_all_where_nobody_waits)
{
  send_all(0, 5);
  BOOST_TEST(take(1, true) == list{0});
  BOOST_TEST(in_pipe() == 0u);
  for (int i = 1; i < 5; ++i)
  {
    BOOST_TEST(source.has_read_ahead());
    BOOST_TEST(take(1, i % 2 == 0) == list{i});
  }
  BOOST_TEST(!source.has_read_ahead());
  BOOST_TEST(take(1, true).empty());
}

// A call that has room takes what is in either place.
BOOST_AUTO_TEST_CASE(what_was_read_comes_before_what_was_not)
{
  for (const bool may_read_ahead : {false, true})
    for (const std::size_t room : {3u, 4u, 5u, 6u, 40u})
    {
      send_all(0, 4);
      BOOST_TEST(take(1, true) == list{0});
      send_all(4, 8);
      list all;
      while (all.size() < 7)
      {
        const list some = take(room, may_read_ahead);
        BOOST_TEST_REQUIRE(some.size() == std::min(room, 7 - all.size()));
        all.insert(all.end(), some.begin(), some.end());
      }
      BOOST_TEST(all == range(1, 8), boost::test_tools::per_element());
      BOOST_TEST(take(1, true).empty());
    }
}

BOOST_AUTO_TEST_CASE(unread_makes_the_descriptor_readable_again)
{
  source.unread(mask); // nothing to be done
  for (const int count : {2, 32, 33, 100})
  {
    send_all(0, count);
    BOOST_TEST(take(1, true) == list{0});
    source.unread(mask);
    BOOST_TEST(!source.has_read_ahead());
    for (int i = 1; i < count; ++i)
    {
      BOOST_TEST(is_readable());
      BOOST_TEST(take(1, false) == list{i});
    }
    BOOST_TEST(!is_readable());
  }
}

// It is not put behind what fills the pipe and waits in the kernel.
BOOST_AUTO_TEST_CASE(unread_keeps_the_order_with_the_pipe_full)
{
  send_all(0, 10);
  BOOST_TEST(take(1, true) == list{0});
  constexpr int count = 2'000; // the pipe holds 512 (pipe(7))
  for (int i = 10; i < count; ++i)
    send(SIGRTMIN, i);
  source.unread(mask);
  for (int i = 1; i < count; ++i)
  {
    list one;
    support::wait_until([&] { return !(one = take(1, i % 3 == 0)).empty(); });
    BOOST_TEST_REQUIRE(one == list{i});
  }
}

BOOST_AUTO_TEST_CASE(an_update_keeps_what_stays_and_gives_back_what_goes)
{
  for (int i = 0; i < 20; ++i)
  {
    const std::size_t before = in_pipe();
    send(SIGRTMIN + i % 2, i);
    BOOST_REQUIRE(support::wait_until([&] { return in_pipe() > before; }));
  }
  BOOST_TEST(take(3, true) == (list{0, 1, 2}),
      boost::test_tools::per_element());
  send_all(20, 22);
  source.update({SIGRTMIN}, ec);
  BOOST_TEST(!source.has_read_ahead());
  BOOST_TEST(take(40, false)
          == (list{4, 6, 8, 10, 12, 14, 16, 18, 20, 21}),
      boost::test_tools::per_element());
  BOOST_TEST(take_from_kernel(SIGRTMIN + 1)
          == (list{3, 5, 7, 9, 11, 13, 15, 17, 19}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(closing_gives_it_back_as_it_came)
{
  send_all(0, 40);
  BOOST_TEST(take(2, true) == (list{0, 1}), boost::test_tools::per_element());
  BOOST_TEST(source.has_read_ahead());
  BOOST_TEST(in_pipe() > 0u); // more than is read ahead
  source.close();
  BOOST_TEST(!source.has_read_ahead());
  BOOST_TEST(take_from_kernel(SIGRTMIN) == range(2, 40),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_fork_leaves_it_with_the_parent)
{
  send_all(0, 10);
  BOOST_TEST(take(3, true) == (list{0, 1, 2}),
      boost::test_tools::per_element());
  source.prepare_fork(mask);
  BOOST_TEST(!source.has_read_ahead());
  support::process child([&] {
    error_code error;
    fd.reset();
    fd = source.reopen_after_fork(mask, error);
    if (error || source.has_read_ahead())
      return 1;
    send(SIGRTMIN, 100);
    list all;
    support::wait_until([&] { return !(all = take(10, true)).empty(); });
    return all == list{100} ? 0 : 2;
  });
  send(SIGRTMIN, 10); // after it, also where the thread is at rest
  source.end_fork();
  BOOST_TEST(child.wait() == 0);
  list all;
  support::wait_until([&] {
    const list some = take(5, true);
    all.insert(all.end(), some.begin(), some.end());
    return all.size() >= 8;
  });
  BOOST_TEST(all == range(3, 11), boost::test_tools::per_element());
}

// A child that was not told of by prepare_fork() does not deliver its parent's.
BOOST_AUTO_TEST_CASE(reopening_forgets_what_the_parent_read_ahead)
{
  send_all(0, 10);
  BOOST_TEST(take(1, true) == list{0});
  support::process child([&] {
    error_code error;
    fd.reset();
    fd = source.reopen_after_fork(mask, error);
    return !error && !source.has_read_ahead() && take(10, true).empty() ? 0 : 1;
  });
  BOOST_TEST(child.wait() == 0);
  BOOST_TEST(take(10, true) == range(1, 10), boost::test_tools::per_element());
}

// What is pending together is written together.
BOOST_AUTO_TEST_CASE(a_burst_needs_few_writes)
{
  source.update(signal_mask(), ec);
  constexpr int count = 320;
  for (int i = 0; i < count; ++i)
    send(SIGRTMIN, i);
  const long before = count_writes();
  source.update(mask, ec);
  BOOST_REQUIRE(support::wait_until([&] { return in_pipe() == count; }));
  if (before == -1)
    BOOST_TEST_MESSAGE("the kernel does not count system calls");
  else
    BOOST_TEST(count_writes() - before <= count / 32 + 3);
  list all;
  for (list some; !(some = take(64, false)).empty();)
    all.insert(all.end(), some.begin(), some.end());
  BOOST_TEST(all == range(0, count), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
