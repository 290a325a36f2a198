// What a test does where its environment cannot be had.

#ifndef SIGFD_TEST_ENVIRONMENT_SKIP_HPP
#define SIGFD_TEST_ENVIRONMENT_SKIP_HPP

#include <cstdlib>
#include <iostream>
#include <string>

namespace environment {

// The exit status that ctest shows as "Skipped".
inline constexpr int skipped = 77;

// Ends the test program as skipped, and says why.
[[noreturn]] inline void skip(const std::string& reason)
{
  std::cout << "skipped: " << reason << std::endl;
  std::_Exit(skipped);
}

} // namespace environment

#endif // SIGFD_TEST_ENVIRONMENT_SKIP_HPP
