// What proc(5) says about the signals of a process.

#ifndef SIGFD_TEST_SUPPORT_SIGNALS_OF_HPP
#define SIGFD_TEST_SUPPORT_SIGNALS_OF_HPP

#include <sys/types.h>

#include <cstdint>
#include <fstream>
#include <initializer_list>
#include <istream>
#include <stdexcept>
#include <string>

namespace support {

// A bit for each signal, as in /proc/PID/status.
inline std::uint64_t bits(std::initializer_list<int> signal_numbers)
{
  std::uint64_t all = 0;
  for (const int n : signal_numbers)
    all |= std::uint64_t{1} << (n - 1);
  return all;
}

// The lines ShdPnd, SigBlk, SigIgn and SigCgt.
struct signal_sets
{
  std::uint64_t pending = ~std::uint64_t{0};
  std::uint64_t blocked = pending;
  std::uint64_t ignored = pending;
  std::uint64_t caught = pending;
};

// Reads them from a stream; what is missing is all ones.
inline signal_sets read_signal_sets(std::istream& status)
{
  signal_sets sets;
  for (std::string line; std::getline(status, line);)
  {
    const auto read = [&](const char* name, std::uint64_t& set) {
      if (line.starts_with(name))
        set = std::stoull(line.substr(line.find(':') + 1), nullptr, 16);
    };
    read("ShdPnd:", sets.pending);
    read("SigBlk:", sets.blocked);
    read("SigIgn:", sets.ignored);
    read("SigCgt:", sets.caught);
  }
  return sets;
}

// Those of the main thread of a process.
inline signal_sets signals_of(::pid_t pid)
{
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  if (!status)
    throw std::runtime_error("no such process");
  return read_signal_sets(status);
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_SIGNALS_OF_HPP
