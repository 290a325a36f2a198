// The command line.

#include "inspect.hpp"

#include <errno.h>

#include <cstdlib>
#include <string>
#include <utility>

namespace inspect {
namespace {

constexpr std::string_view usage =
    R"( [OPTION...] PROCESS [SIGNAL...]

Tells why a signal does not arrive at a process: which signals are blocked,
ignored, caught and pending, in which thread, and which signalfds and threads
wait for them; then what is wrong with that, in a sentence for each signal.

  PROCESS  its ID or its name, which is all of what "ps -o comm" shows, or the
           name of the file that it was started from
  SIGNAL   TERM, SIGTERM, 15, RTMIN+3, ...; without any, those that somebody
           waits for, that are pending or ignored, or that every thread blocks

  --all              looks at all processes of that name
  --json             prints a JSON object for each process
  --watch[=SECONDS]  looks again every SECONDS (1, unless given) and prints what
                     has changed, until SIGINT, SIGTERM or the process's end
  --help, -h         prints this
  --version, -V      prints the version
  --                 is the last of the options

The answer is a snapshot. It is coloured on a terminal, unless NO_COLOR is set.
Another user's process can be looked at by root only.

exit status:
  0  nothing is wrong, though there may be remarks
  1  warnings: what is more often a mistake than meant
  2  faults: a signal is lost, or it would end or stop the process
  3  wrong arguments, or a process cannot be looked at
  4  what was watched has ended
)";

std::chrono::duration<double> seconds_of(std::string_view text)
{
  // What strtod takes beside these, such as "inf", is no time.
  const std::string number(text);
  if (!number.empty() && number.find_first_not_of("0123456789.") == number.npos)
  {
    char* end = nullptr;
    const std::chrono::duration<double> result(
        std::strtod(number.c_str(), &end));
    if (*end == '\0' && result >= std::chrono::milliseconds(10)
        && result <= std::chrono::hours(24))
      return result;
  }
  throw std::invalid_argument(
      "--watch takes a number of seconds from 0.01 to 86400, not \""
      + printable(text) + '"');
}

void parse_option(options& result, std::string_view word)
{
  constexpr std::string_view watch = "--watch";
  if (word == "--all")
    result.all = true;
  else if (word == "--json")
    result.json = true;
  else if (word == watch)
    result.watch = std::chrono::seconds(1);
  else if (word.substr(0, watch.size() + 1) == "--watch=")
    result.watch = seconds_of(word.substr(watch.size() + 1));
  else if (word == "--help" || word == "-h")
    result.help = true;
  else if (word == "--version" || word == "-V")
    result.version = true;
  else
    throw std::invalid_argument("no such option: " + printable(word));
}

int parse_signal(std::string_view word)
{
  const int n = signal_number(word);
  if (n == 0)
    throw std::invalid_argument("not a signal: " + printable(word));
  if (!sigfd::signal_mask::can_hold(n))
    throw std::invalid_argument(
        "not a signal that can be waited for: " + printable(word));
  return n;
}

} // namespace

options parse_options(int argc, char** argv)
{
  options result;
  bool may_be_option = true;
  bool has_process = false;
  for (int i = 1; i < argc; ++i)
  {
    const std::string_view word = argv[i];
    if (may_be_option && word == "--")
      may_be_option = false;
    else if (may_be_option && word.substr(0, 1) == "-")
      parse_option(result, word);
    else if (!std::exchange(has_process, true))
      result.process = word;
    else
      result.signals.add(parse_signal(word));
    if (result.help || result.version)
      return result;
  }
  if (result.process.empty())
    throw std::invalid_argument(std::string("which process? (")
        + ::program_invocation_short_name + " --help)");
  return result;
}

std::string help()
{
  return std::string("usage: ")
      .append(::program_invocation_short_name)
      .append(usage);
}

} // namespace inspect
