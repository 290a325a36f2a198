// The main() of every test program: Boost.Test, built once.

#define BOOST_TEST_MODULE sigfd
#include <boost/test/included/unit_test.hpp>
