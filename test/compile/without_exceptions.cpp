// Compiled with -fno-exceptions: what would be thrown goes to
// boost::throw_exception, which is defined here.

#include "compile/ends_with.hpp"

#include <boost/assert/source_location.hpp>
#include <boost/throw_exception.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>

namespace {

// What boost::throw_exception has to contain, from here on.
std::string_view expected;

[[noreturn]] void end(const std::exception& e)
{
  const std::string_view what = e.what();
  std::cout << "thrown: " << what << std::endl;
  std::exit(expected.empty() || what.find(expected) == what.npos ? 1 : 0);
}

} // namespace

void boost::throw_exception(const std::exception& e)
{
  end(e);
}

void boost::throw_exception(
    const std::exception& e, const boost::source_location&)
{
  end(e);
}

int ends_with(void (*function)(), std::string_view what)
{
  expected = what;
  function();
  return 1;
}
