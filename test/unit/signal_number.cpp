// detail/signal_number: what a number is, and what it is called.

#include <sigfd/detail/describe_signal.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/signal_name.hpp>

#include <boost/test/unit_test.hpp>

#include <signal.h>

using sigfd::signal_name;
using sigfd::detail::describe_signal;
using sigfd::detail::kind_of;
using sigfd::detail::signal_kind;
using sigfd::detail::why_not_watchable;

BOOST_AUTO_TEST_CASE(every_number_is_of_one_kind)
{
  int watchable = 0;
  for (int n = -10; n <= 200; ++n)
    switch (kind_of(n))
    {
    case signal_kind::watchable:
      ++watchable;
      break;
    case signal_kind::out_of_range:
      BOOST_TEST((n < 1 || n > 64));
      break;
    case signal_kind::reserved:
      BOOST_TEST((n == 32 || n == 33));
      break;
    case signal_kind::uncatchable:
      BOOST_TEST((n == SIGKILL || n == SIGSTOP));
      break;
    case signal_kind::synchronous:
      BOOST_TEST((n == SIGILL || n == SIGFPE || n == SIGSEGV));
      break;
    }
  BOOST_TEST(watchable == 64 - 2 - 2 - 3);
}

BOOST_AUTO_TEST_CASE(every_watchable_number_has_a_name_of_its_own)
{
  for (int n = 1; n <= 64; ++n)
    if (kind_of(n) == signal_kind::watchable)
    {
      BOOST_TEST(signal_name(n).substr(0, 3) == "SIG");
      for (int other = 1; other < n; ++other)
        BOOST_TEST(signal_name(n) != signal_name(other));
    }
}

BOOST_AUTO_TEST_CASE(says_why_a_number_is_refused)
{
  BOOST_TEST(describe_signal(SIGKILL) == "SIGKILL (9)");
  BOOST_TEST(why_not_watchable(SIGKILL) == "SIGKILL (9) cannot be caught");
  BOOST_TEST(why_not_watchable(65) == "unknown signal (65) is out of range");
  BOOST_TEST(
      why_not_watchable(32) == "reserved signal (32) belongs to the C library");
  BOOST_TEST(
      why_not_watchable(SIGSEGV) == "SIGSEGV (11) is a synchronous fault");
}
