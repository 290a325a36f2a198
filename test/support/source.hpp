// The source that a behaviour test runs with. Every such test runs once for
// each source, which ctest names in SIGFD_TEST_SOURCE.

#ifndef SIGFD_TEST_SUPPORT_SOURCE_HPP
#define SIGFD_TEST_SUPPORT_SOURCE_HPP

#include <sigfd/open_options.hpp>

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace support {

// What SIGFD_TEST_SOURCE says: kernel, pipe, or sandbox, where there is no
// signalfd(2) and the choice is left to the library.
inline std::string source_name()
{
  const char* name = std::getenv("SIGFD_TEST_SOURCE");
  return name == nullptr ? "kernel" : name;
}

// The source under test.
inline sigfd::source test_source()
{
  const std::string name = source_name();
  if (name == "kernel")
    return sigfd::source::kernel;
  if (name == "pipe" || name == "sandbox")
    return sigfd::source::pipe;
  throw std::runtime_error("SIGFD_TEST_SOURCE: no such source: " + name);
}

// Default options but for the source under test.
inline sigfd::open_options options()
{
  return {.source = source_name() == "sandbox" ? sigfd::source::automatic
                                               : test_source()};
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_SOURCE_HPP
