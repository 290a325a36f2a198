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

// ThreadSanitizer does not see how libstdc++ counts who holds an exception, and
// takes the last one's end for a race with those before.
extern "C" const char* __tsan_default_suppressions()
{
  return "race:std::__exception_ptr::exception_ptr::_M_release\n";
}
