// The second unit of two_units.cpp.

#include <sigfd.hpp>

#include "compile/everything.hpp"

everything::identity identify_in_second_unit(boost::asio::execution_context&);
std::string hear_in_second_unit(boost::asio::io_context&, int);
boost::system::error_code fail_in_second_unit(int);

everything::identity identify_in_second_unit(
    boost::asio::execution_context& context)
{
  return everything::identify(context);
}

std::string hear_in_second_unit(
    boost::asio::io_context& context, int signal_number)
{
  return everything::hear(context, signal_number);
}

boost::system::error_code fail_in_second_unit(int signal_number)
{
  return sigfd::make_not_blocked_error(signal_number);
}
