// The main() of every test program: Boost.Test, built once.

#define BOOST_TEST_MODULE sigfd
#include <boost/test/included/unit_test.hpp>

#include "support/own_user.hpp"

#include <thread>

namespace {

// ThreadSanitizer starts a thread of its own with the first one of the program;
// it must not come while a test counts threads.
struct first_thread
{
  first_thread()
  {
    std::thread([] {}).join();
  }
};

} // namespace

using support::own_user;
BOOST_TEST_GLOBAL_FIXTURE(own_user); // before there is a thread
BOOST_TEST_GLOBAL_FIXTURE(first_thread);
