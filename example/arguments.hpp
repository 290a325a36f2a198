// The arguments of an example. What is wrong with them is said in one line, and
// ends the program with status 2.

#ifndef SIGFD_EXAMPLE_ARGUMENTS_HPP
#define SIGFD_EXAMPLE_ARGUMENTS_HPP

#include <errno.h>

#include <charconv>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

namespace arguments {

[[noreturn]] inline void refuse(const std::string& why)
{
  std::cerr << ::program_invocation_short_name << ": " << why << '\n';
  std::exit(2);
}

// Refuses all arguments after the first few.
inline void at_most(int count, int argc, char** argv)
{
  if (argc > count + 1)
    refuse("one argument too many: " + std::string(argv[count + 1]));
}

// An argument as a number; "what" says what it is, such as "a port".
template <typename Number>
Number number(std::string_view text, const std::string& what,
    Number lowest = std::numeric_limits<Number>::min(),
    Number highest = std::numeric_limits<Number>::max())
{
  Number result{};
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, result);
  if (error != std::errc() || last != end || result < lowest
      || result > highest)
    refuse("not " + what + ": " + std::string(text));
  return result;
}

} // namespace arguments

#endif // SIGFD_EXAMPLE_ARGUMENTS_HPP
