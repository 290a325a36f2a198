#include "report.hpp"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <string>

namespace init {

void write_line(const std::string& line) noexcept
try
{
  const std::string text = ::program_invocation_short_name + (": " + line)
      + '\n';
  // A pipe that can be written has room for PIPE_BUF bytes, and a line is
  // shorter. Without a reader it also has POLLERR.
  ::pollfd stderr_ready{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&stderr_ready, 1, 0) != 1 || stderr_ready.revents != POLLOUT)
    return;
  [[maybe_unused]] const ::ssize_t written = ::write(
      STDERR_FILENO, text.data(), text.size());
}
catch (...)
{
  return; // no memory for a message: there is nobody to tell
}

} // namespace init
