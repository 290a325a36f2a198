// detail/read_ahead: one read(2) serves many, in their order.

#include <sigfd/detail/read_ahead.hpp>
#include <sigfd/detail/unique_fd.hpp>

#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace {

using sigfd::signal_info;
using sigfd::detail::read_ahead;
using sigfd::detail::unique_fd;

signal_info make(int value)
{
  ::siginfo_t raw{};
  raw.si_signo = SIGRTMIN;
  raw.si_code = SI_QUEUE;
  raw.si_value.sival_int = value;
  return signal_info(raw);
}

// A pipe with records, and what is read ahead of it.
struct fixture
{
  unique_fd read_end;
  unique_fd write_end;
  read_ahead ahead;
  int next = 0;

  fixture()
  {
    int ends[2];
    BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    read_end = unique_fd(ends[0]);
    write_end = unique_fd(ends[1]);
  }

  // Writes records with the next values.
  void write(int count)
  {
    for (; count > 0; --count)
    {
      const signal_info info = make(next++);
      BOOST_REQUIRE(::write(write_end.get(), &info, sizeof info)
          == ::ssize_t{sizeof info});
    }
  }

  std::ptrdiff_t fill()
  {
    return ahead.fill(read_end.get());
  }

  // How many records the pipe has.
  std::size_t left() const
  {
    int size = -1;
    ::ioctl(read_end.get(), FIONREAD, &size);
    return static_cast<std::size_t>(size) / sizeof(signal_info);
  }

  // The values of what is taken into room for so many.
  std::vector<int> take(std::size_t room)
  {
    std::array<signal_info, 64> infos;
    const std::size_t count = ahead.take(std::span(infos).first(room));
    std::vector<int> values;
    for (const signal_info& info : std::span(infos).first(count))
      values.push_back(info.value()->sival_int);
    return values;
  }
};

using list = std::vector<int>;

} // namespace

BOOST_FIXTURE_TEST_SUITE(reading_ahead, fixture)

BOOST_AUTO_TEST_CASE(is_empty_at_first)
{
  BOOST_TEST(ahead.empty());
  BOOST_TEST(take(1).empty());
}

BOOST_AUTO_TEST_CASE(finds_nothing_and_says_why)
{
  BOOST_TEST(fill() == 0);
  BOOST_TEST(ahead.empty());
  BOOST_TEST(ahead.fill(-1) == -EBADF);
  BOOST_TEST(ahead.empty());
  BOOST_TEST(take(1).empty());
}

BOOST_AUTO_TEST_CASE(serves_what_was_read_in_pieces_of_any_size)
{
  for (const std::size_t room : {1u, 2u, 3u, 5u, 7u, 64u})
  {
    next = 0;
    write(5);
    BOOST_TEST(fill() == 5);
    BOOST_TEST(left() == 0u);
    list all;
    while (!ahead.empty())
    {
      const list some = take(room);
      BOOST_TEST_REQUIRE(!some.empty());
      BOOST_TEST(some.size() <= room);
      all.insert(all.end(), some.begin(), some.end());
    }
    BOOST_TEST(all == (list{0, 1, 2, 3, 4}), boost::test_tools::per_element());
    BOOST_TEST(take(room).empty());
  }
}

BOOST_AUTO_TEST_CASE(without_room_it_gives_nothing_and_keeps_all)
{
  write(1);
  BOOST_TEST(fill() == 1);
  BOOST_TEST(take(0).empty());
  BOOST_TEST(!ahead.empty());
  BOOST_TEST(take(1) == list{0});
}

// As many as a pipe takes in one piece.
BOOST_AUTO_TEST_CASE(holds_no_more_than_its_capacity)
{
  BOOST_TEST(read_ahead::capacity * sizeof(signal_info)
      == std::size_t{PIPE_BUF});
  write(40);
  BOOST_TEST(fill() == 32);
  BOOST_TEST(left() == 8u);
  BOOST_TEST(take(64).size() == 32u);
  BOOST_TEST(ahead.empty());
  BOOST_TEST(fill() == 8);
  BOOST_TEST(take(64) == (list{32, 33, 34, 35, 36, 37, 38, 39}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(is_empty_after_a_read_that_failed)
{
  write(3);
  BOOST_TEST(fill() == 3);
  BOOST_TEST(take(3).size() == 3u);
  BOOST_TEST(fill() == 0);
  BOOST_TEST(ahead.empty());
  BOOST_TEST(take(3).empty());
}

BOOST_AUTO_TEST_SUITE_END()
