// Two units that use the whole library make one program, and share what there
// is one of. The other is two_units_second.cpp.

#include <sigfd.hpp>

#include "compile/everything.hpp"

#include <boost/test/unit_test.hpp>

everything::identity identify_in_second_unit(boost::asio::execution_context&);
std::string hear_in_second_unit(boost::asio::io_context&, int);
boost::system::error_code fail_in_second_unit(int);

BOOST_AUTO_TEST_CASE(units_share_the_category_and_the_service)
{
  boost::asio::io_context context;
  const everything::identity here = everything::identify(context);
  const everything::identity there = identify_in_second_unit(context);
  BOOST_TEST(here.category == there.category);
  BOOST_TEST(here.service_id == there.service_id);
  BOOST_TEST(here.service == there.service);
}

BOOST_AUTO_TEST_CASE(an_error_of_one_unit_is_known_in_the_other)
{
  BOOST_TEST(
      (fail_in_second_unit(SIGUSR1) == sigfd::make_not_blocked_error(SIGUSR1)));
  BOOST_TEST(
      (fail_in_second_unit(SIGUSR1) != sigfd::make_not_blocked_error(SIGUSR2)));
}

BOOST_AUTO_TEST_CASE(both_units_work_on_one_context)
{
  boost::asio::io_context context;
  const std::string expected = "SIGUSR1 1 SIGUSR1 1 SIGUSR1 1 1 SIGUSR1 1 1";
  BOOST_TEST(everything::hear(context, SIGUSR1) == expected);
  BOOST_TEST(hear_in_second_unit(context, SIGUSR1) == expected);
}
