// What init says, on standard error: whole lines, each with its name.

#ifndef SIGFD_EXAMPLE_INIT_REPORT_HPP
#define SIGFD_EXAMPLE_INIT_REPORT_HPP

#include <sstream>
#include <string>

namespace init {

// Writes a line, unless that would block: a container must not hang because
// nobody reads its log.
void write_line(const std::string& line) noexcept;

template <typename... Parts>
void report(const Parts&... parts)
{
  std::ostringstream line;
  (line << ... << parts);
  write_line(line.str());
}

} // namespace init

#endif // SIGFD_EXAMPLE_INIT_REPORT_HPP
