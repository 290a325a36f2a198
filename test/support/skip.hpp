// What a test does where what it needs cannot be had.

#ifndef SIGFD_TEST_SUPPORT_SKIP_HPP
#define SIGFD_TEST_SUPPORT_SKIP_HPP

#include <boost/cstdlib.hpp>
#include <boost/test/results_collector.hpp>
#include <boost/test/tree/traverse.hpp>
#include <boost/test/tree/visitor.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <iostream>
#include <string>

namespace support {

// The exit status that ctest shows as "Skipped".
inline constexpr int skipped = 77;

// Whether a check of any case has failed so far.
inline bool has_failed()
{
  struct : boost::unit_test::test_tree_visitor
  {
    bool found = false;

    void visit(const boost::unit_test::test_case& one) override
    {
      const auto& result = boost::unit_test::results_collector.results(
          one.p_id);
      found = found || result.p_assertions_failed != 0 || result.p_aborted;
    }
  } failures;
  boost::unit_test::traverse_test_tree(
      boost::unit_test::framework::master_test_suite().p_id, failures);
  return failures.found;
}

// Ends the test program as skipped, and says why; or as failed, if it has.
[[noreturn]] inline void skip(const std::string& reason)
{
  std::cout << "skipped: " << reason << std::endl;
  std::_Exit(has_failed() ? boost::exit_test_failure : skipped);
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_SKIP_HPP
