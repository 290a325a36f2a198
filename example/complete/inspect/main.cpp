// Answers "why does my signal not arrive?" for a running process: what its
// threads do with each signal, which signalfds watch it, and what is wrong.
//
//   ./example/run inspect PID [SIGNAL...]

#include "inspect.hpp"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <iostream>
#include <stdexcept>

namespace {

constexpr std::string_view usage =
    R"(usage: inspect [--json] PID [SIGNAL...]

Tells what a process does with signals: which are blocked, ignored, caught and
pending, in which thread, and which signalfds and threads wait for them; then
what is wrong with that, in a sentence for each signal.

  PID      the ID of a process
  SIGNAL   TERM, SIGTERM, 15, RTMIN+3, ...; without any, those that somebody
           waits for, that are pending or ignored, or that every thread blocks
  --json   prints the same for programs
  --help   prints this

The answer is a snapshot. It is coloured on a terminal, unless NO_COLOR is set.
Another user's process can be looked at by root only.

exit status:
  0  nothing is wrong, though there may be remarks
  1  warnings: what is more often a mistake than meant
  2  faults: a signal is lost, or it would end or stop the process
  3  wrong arguments, or the process cannot be looked at
)";

struct arguments
{
  bool json = false;
  bool help = false;
  ::pid_t pid = 0;
  sigfd::signal_mask signals;
};

arguments parse(int argc, char** argv)
{
  arguments result;
  for (int i = 1; i < argc; ++i)
  {
    const std::string_view word = argv[i];
    if (word == "--help" || word == "-h")
      result.help = true;
    else if (word == "--json")
      result.json = true;
    else if (!word.empty() && word[0] == '-')
      throw std::invalid_argument("no such option: " + std::string(word));
    else if (result.pid == 0)
    {
      const char* const end = word.data() + word.size();
      const auto [last, error] = std::from_chars(word.data(), end, result.pid);
      if (error != std::errc() || last != end || result.pid < 1)
        throw std::invalid_argument(
            "not a process ID: " + inspect::printable(word));
    }
    else if (const int n = inspect::signal_number(word); n == 0)
      throw std::invalid_argument("not a signal: " + inspect::printable(word));
    else if (!sigfd::signal_mask::can_hold(n))
      throw std::invalid_argument(
          "not a signal that can be waited for: " + inspect::printable(word));
    else
      result.signals.add(n);
  }
  if (result.pid == 0 && !result.help)
    throw std::invalid_argument("which process? (inspect --help)");
  return result;
}

int run(const arguments& given)
{
  if (given.help)
  {
    std::cout << usage;
    return 0;
  }
  const auto result = inspect::make_report(given.pid, given.signals);
  if (given.json)
    inspect::print_json(result);
  else
  {
    const char* const plain = std::getenv("NO_COLOR");
    inspect::print_table(result,
        ::isatty(STDOUT_FILENO) == 1 && (plain == nullptr || *plain == '\0'));
  }
  switch (inspect::verdict(result))
  {
  case inspect::severity::fault:
    return 2;
  case inspect::severity::warning:
    return 1;
  default:
    return 0;
  }
}

} // namespace

int main(int argc, char** argv)
try
{
  return run(parse(argc, argv));
}
catch (const std::exception& e)
{
  std::cerr << "inspect: " << e.what() << '\n';
  return 3;
}
