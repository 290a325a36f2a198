// The source that a behaviour test runs with. Every such test runs once for
// each source, which ctest names in SIGFD_TEST_SOURCE.

#ifndef SIGFD_TEST_SUPPORT_SOURCE_HPP
#define SIGFD_TEST_SUPPORT_SOURCE_HPP

#include <sigfd/open_options.hpp>

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace support {

// The source under test.
inline sigfd::source test_source()
{
  const char* name = std::getenv("SIGFD_TEST_SOURCE");
  if (name == nullptr || std::string(name) == "kernel")
    return sigfd::source::kernel;
  throw std::runtime_error("SIGFD_TEST_SOURCE: no such source: "
      + std::string(name));
}

// Default options but for the source under test.
inline sigfd::open_options options()
{
  return {.source = test_source()};
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_SOURCE_HPP
