// How much a test does: little where ctest runs it, more by an argument.

#ifndef SIGFD_TEST_ENVIRONMENT_ARGUMENT_HPP
#define SIGFD_TEST_ENVIRONMENT_ARGUMENT_HPP

#include <boost/test/unit_test.hpp>

#include <string>

namespace environment {

// The number behind "--" on the command line, or else the default.
inline int argument(int otherwise)
{
  const auto& suite = boost::unit_test::framework::master_test_suite();
  return suite.argc > 1 ? std::stoi(suite.argv[1]) : otherwise;
}

} // namespace environment

#endif // SIGFD_TEST_ENVIRONMENT_ARGUMENT_HPP
