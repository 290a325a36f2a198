// error.hpp: the one error that is sigfd's own.

#include <sigfd/error.hpp>

#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <string>

BOOST_AUTO_TEST_CASE(names_the_signal_that_is_not_blocked)
{
  const auto ec = sigfd::make_not_blocked_error(SIGTERM);
  BOOST_TEST(bool(ec));
  BOOST_TEST(ec.value() == SIGTERM);
  BOOST_TEST((ec.category() == sigfd::error_category()));
  BOOST_TEST(ec.category().name() == std::string("sigfd"));
  BOOST_TEST(
      ec.message() == "SIGTERM (15) is not blocked in the calling thread");
  BOOST_TEST((ec == boost::system::errc::operation_not_permitted));
  BOOST_TEST((ec != sigfd::make_not_blocked_error(SIGINT)));
}
