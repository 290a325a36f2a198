// What proc(5) says about processes, beside their signals.

#include "inspect.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

namespace inspect {
namespace {

// A file of a process, or what can be had of it: the process may end at any
// time, and then reading fails.
std::string content(::pid_t pid, const char* file)
{
  std::ifstream in("/proc/" + std::to_string(pid) + '/' + file);
  std::string text;
  char part[4096];
  while (in.read(part, sizeof part), in.gcount() > 0)
    text.append(part, static_cast<std::size_t>(in.gcount()));
  return text;
}

// The fields of stat from the third on, behind a name that may hold anything.
std::vector<std::string> stat_fields(::pid_t pid)
{
  const std::string text = content(pid, "stat");
  const auto end_of_name = text.rfind(')');
  if (end_of_name == text.npos)
    return {};
  std::istringstream rest(text.substr(end_of_name + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

// Whether it has ended, and its parent has not waited for it. Where only the
// main thread has ended, others are counted.
bool is_zombie(::pid_t pid)
{
  const auto fields = stat_fields(pid);
  return fields.size() > 17 && fields[0] == "Z" && fields[17] == "1";
}

// The process that a thread belongs to: the same number, unless it is the
// number of another thread than the main one.
::pid_t process_of(::pid_t thread)
{
  std::istringstream in(content(thread, "status"));
  for (std::string line; std::getline(in, line);)
    if (line.substr(0, 6) == "Tgid:\t")
      return static_cast<::pid_t>(std::strtol(line.c_str() + 6, nullptr, 10));
  return thread;
}

bool has_name(::pid_t pid, const std::string& name)
{
  if (process_name(pid) == name)
    return true;
  const std::string arguments = content(pid, "cmdline");
  const std::string first(arguments.c_str()); // there is a zero behind each
  return !first.empty() && first.substr(first.rfind('/') + 1) == name;
}

std::vector<::pid_t> processes_named(const std::string& name)
{
  std::vector<::pid_t> found;
  std::error_code ec;
  for (std::filesystem::directory_iterator i("/proc", ec), end; !ec && i != end;
      i.increment(ec))
  {
    const std::string entry = i->path().filename();
    ::pid_t pid = 0;
    std::from_chars(entry.data(), entry.data() + entry.size(), pid);
    if (pid > 0 && pid != ::getpid() && has_name(pid, name))
      found.push_back(pid);
  }
  if (ec)
    throw std::runtime_error("/proc: " + ec.message());
  // Of a program that was started anew, the old process may linger on.
  if (!std::all_of(found.begin(), found.end(), is_zombie))
    found.erase(
        std::remove_if(found.begin(), found.end(), is_zombie), found.end());
  std::sort(found.begin(), found.end());
  return found;
}

// How the process was started, if it says so, in one short line.
std::string command(::pid_t pid)
{
  constexpr std::size_t most = 60;
  std::string text = content(pid, "cmdline");
  if (!text.empty() && text.back() == '\0')
    text.pop_back();
  std::replace(text.begin(), text.end(), '\0', ' ');
  text = printable(text);
  if (text.size() > most)
    text.replace(most - 3, text.npos, "...");
  return text;
}

// A line for each of the first few processes, and a line end before.
std::string list(const std::vector<::pid_t>& processes)
{
  constexpr std::size_t most = 20;
  std::string text;
  for (std::size_t i = 0; i < processes.size() && i < most; ++i)
  {
    std::string id = std::to_string(processes[i]);
    id.insert(0, 9 - std::min<std::size_t>(id.size(), 9), ' ');
    text += '\n' + id + "  " + command(processes[i]);
  }
  if (processes.size() > most)
    text += "\nand " + std::to_string(processes.size() - most) + " more";
  return text;
}

} // namespace

std::vector<::pid_t> find_processes(const std::string& text, bool all)
{
  if (process_name(::getpid()).empty())
    throw std::runtime_error("cannot read /proc: is it mounted?");
  if (text.find_first_not_of("0123456789") == text.npos)
  {
    ::pid_t pid = 0;
    const char* const end = text.data() + text.size();
    if (std::from_chars(text.data(), end, pid).ec != std::errc() || pid < 1)
      throw std::invalid_argument("not a process ID: " + text);
    return {process_of(pid)};
  }
  const auto found = processes_named(text);
  const std::string named = "named \"" + printable(text) + '"';
  if (found.empty())
    throw no_process("no process is " + named);
  if (found.size() == 1 || all)
    return found;
  throw std::runtime_error(std::to_string(found.size()) + " processes are "
      + named + ": choose one by its ID, or take --all" + list(found));
}

std::string process_name(::pid_t pid)
{
  std::string name = content(pid, "comm");
  if (!name.empty())
    name.pop_back(); // the end of the line
  return name;
}

bool is_of_kernel(::pid_t pid)
{
  constexpr unsigned long flag = 0x00200000; // PF_KTHREAD, <linux/sched.h>
  const auto fields = stat_fields(pid);
  return fields.size() > 6
      && (std::strtoul(fields[6].c_str(), nullptr, 10) & flag) != 0;
}

std::string process_text(::pid_t pid, const std::string& name)
{
  return "process " + std::to_string(pid) + " \"" + printable(name) + '"';
}

} // namespace inspect
