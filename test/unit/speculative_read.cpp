// detail/speculative_read: how often it is worth to look.

#include <sigfd/detail/speculative_read.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace {

using sigfd::detail::speculative_read;

// Asks for so many signals, each of which comes alone; which of them were
// looked for.
std::vector<int> looks(speculative_read& read, int signals)
{
  std::vector<int> all;
  for (int i = 0; i < signals; ++i)
    if (read.is_due())
    {
      read.note(false);
      all.push_back(i);
    }
  return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(speculative_reads)

BOOST_AUTO_TEST_CASE(the_first_look_is_due)
{
  speculative_read read;
  BOOST_TEST(read.is_due());
  BOOST_TEST(read.is_due()); // until it is known how it ended
}

BOOST_AUTO_TEST_CASE(looks_that_find_nothing_become_rare)
{
  speculative_read read;
  BOOST_TEST(looks(read, 100) == (std::vector{0, 2, 5, 10, 19, 36, 69}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(but_never_stop)
{
  speculative_read read;
  looks(read, 5'000);
  std::vector<int> rare = looks(read, 10'000);
  BOOST_TEST_REQUIRE(rare.size() >= 9u);
  for (std::size_t i = 1; i < rare.size(); ++i)
    BOOST_TEST(rare[i] - rare[i - 1] == 1'025);
}

BOOST_AUTO_TEST_CASE(one_that_finds_something_makes_the_next_come_at_once)
{
  speculative_read read;
  looks(read, 5'000);
  while (!read.is_due())
    continue;
  for (int i = 0; i < 10; ++i)
  {
    read.note(true);
    BOOST_TEST(read.is_due());
  }
  read.note(false); // and they become rare as in the beginning
  BOOST_TEST(looks(read, 10) == (std::vector{1, 4, 9}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(also_where_it_was_not_asked_for)
{
  speculative_read read;
  looks(read, 5'000);
  read.note(true);
  BOOST_TEST(read.is_due());
}

// Not exact beside other threads, but a look is due again within a bound.
BOOST_AUTO_TEST_CASE(threads_that_use_it_together_go_on_looking)
{
  speculative_read read;
  std::atomic<int> due{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] { due += int(looks(read, 100'000).size()); });
  for (std::thread& thread : threads)
    thread.join();
  BOOST_TEST(due > 0);
  int asked = 0;
  while (asked < 10'000 && !read.is_due())
    ++asked;
  BOOST_TEST(asked <= 1'024);
}

BOOST_AUTO_TEST_SUITE_END()
