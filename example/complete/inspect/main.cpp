// Answers "why does my signal not arrive?" for a running process: what its
// threads do with each signal, which signalfds watch it, and what is wrong.
// Installed, it is the program sigfd-inspect.
//
//   ./example/run inspect PROCESS [SIGNAL...]

#include "inspect.hpp"

#include <sigfd/version.hpp>

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <sstream>

namespace inspect {
namespace {

int look_once(const std::vector<::pid_t>& processes, const options& given)
{
  int status = 0;
  std::size_t gone = 0;
  std::string_view before;
  for (const ::pid_t pid : processes)
    try
    {
      const report result = make_report(pid, given.signals);
      write(std::string(before).append(report_text(result, given)));
      before = given.json ? "" : "\n";
      status = std::max(status, exit_status(verdict(result)));
    }
    catch (const no_process&)
    {
      // Of several, some may end before it is their turn.
      if (++gone == processes.size())
        throw;
    }
    catch (const std::runtime_error& e)
    {
      if (!std::cout)
        throw;
      complain(e.what());
      status = cannot_look;
    }
  return status;
}

int run(const options& given)
{
  if (given.help)
    write(help());
  else if (given.version)
    write(::program_invocation_short_name
        + std::string(" " SIGFD_VERSION_STRING "\n"));
  else
  {
    const auto processes = find_processes(given.process, given.all);
    return given.watch ? watch(processes, given) : look_once(processes, given);
  }
  return 0;
}

style wanted_style()
{
  style how;
  if (::isatty(STDOUT_FILENO) != 1)
    return how;
  const char* const plain = std::getenv("NO_COLOR");
  how.coloured = plain == nullptr || *plain == '\0';
  ::winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
    how.width = size.ws_col;
  return how;
}

} // namespace

void complain(std::string_view text)
{
  std::cerr << ::program_invocation_short_name << ": " << text << '\n';
}

void write(std::string_view text)
{
  if (!(std::cout << text).flush())
    throw std::runtime_error(
        std::string("cannot write: ") + std::strerror(errno));
}

std::string report_text(const report& result, const options& given)
{
  std::ostringstream out;
  if (given.json)
    print_json(out, result, given.all || given.watch);
  else
    print_table(out, result, wanted_style());
  return out.str();
}

int exit_status(severity value)
{
  switch (value)
  {
  case severity::fault:
    return 2;
  case severity::warning:
    return 1;
  default:
    return 0;
  }
}

} // namespace inspect

int main(int argc, char** argv)
try
{
  return inspect::run(inspect::parse_options(argc, argv));
}
catch (const std::exception& e)
{
  inspect::complain(e.what());
  return inspect::cannot_look;
}
