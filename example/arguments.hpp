// The arguments of an example. What is wrong with them is said in one line, and
// ends the program with status 2.

#ifndef SIGFD_EXAMPLE_ARGUMENTS_HPP
#define SIGFD_EXAMPLE_ARGUMENTS_HPP

#include <errno.h>
#include <getopt.h>

#include <charconv>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace arguments {

[[noreturn]] inline void refuse(const std::string& why)
{
  std::cerr << ::program_invocation_short_name << ": " << why << '\n';
  std::exit(2);
}

// Says what went wrong, and returns the exit status for it.
inline int failure(const std::exception& e)
{
  std::cerr << ::program_invocation_short_name << ": " << e.what() << '\n';
  return 1;
}

// Refuses all arguments after the first few.
inline void at_most(int count, int argc, char** argv)
{
  if (argc > count + 1)
    refuse("one argument too many: " + std::string(argv[count + 1]));
}

// A text as a number, if all of it is one in these limits.
template <typename Number>
std::optional<Number> to_number(std::string_view text,
    Number lowest = std::numeric_limits<Number>::min(),
    Number highest = std::numeric_limits<Number>::max())
{
  Number result{};
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, result);
  if (error != std::errc() || last != end || result < lowest
      || result > highest)
    return std::nullopt;
  return result;
}

// An argument as a number; "what" says what it is, such as "a port".
template <typename Number>
Number number(std::string_view text, const std::string& what,
    Number lowest = std::numeric_limits<Number>::min(),
    Number highest = std::numeric_limits<Number>::max())
{
  const auto result = to_number(text, lowest, highest);
  if (!result)
    refuse("not " + what + ": " + std::string(text));
  return *result;
}

// The next option as by getopt_long(3), or -1 before the first argument that is
// none: what follows may be a command with options of its own. Options with a
// long name only have a value above that of every letter.
inline int next_option(
    int argc, char** argv, const std::string& letters, const ::option* names)
{
  ::opterr = 0;
  const int index = ::optind; // it stays there until the last letter of a word
  const int result = ::getopt_long(
      argc, argv, ("+:" + letters).c_str(), names, nullptr);
  if (result != '?' && result != ':')
    return result;
  std::string name = argv[index];
  if (name.substr(0, 2) != "--" && ::optopt != 0)
    name = {'-', static_cast<char>(::optopt)};
  refuse((result == ':' ? "no value for the option: " : "no such option: ")
      + name);
}

} // namespace arguments

#endif // SIGFD_EXAMPLE_ARGUMENTS_HPP
