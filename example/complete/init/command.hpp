// The command that init runs: a child in a process group of its own.

#ifndef SIGFD_EXAMPLE_INIT_COMMAND_HPP
#define SIGFD_EXAMPLE_INIT_COMMAND_HPP

#include <sigfd.hpp>

#include <sys/types.h>

#include <system_error>

namespace init {

class terminal;

class command
{
public:
  // Starts it, in the foreground if the caller is there. If it cannot be
  // executed, the child says so and exits with 127 or 126. The caller has
  // blocked all signals; the child gets them as the system has them.
  command(char** words, const terminal& tty);

  // Its process ID, and that of its process group.
  ::pid_t pid() const noexcept
  {
    return pid_;
  }

  // To whom a signal is sent.
  enum class target
  {
    process,
    group
  };

  // Sends a signal of another number, with what came with this one. What a
  // program has queued, such as by sigqueue(3), goes on with its value, and
  // with the sender that it names. Fails with EAGAIN where too many are queued.
  std::error_code send(int signal_number, const sigfd::signal_info& info,
      target to) const noexcept;

  // Sends a signal that has nothing with it.
  std::error_code send(int signal_number, target to) const noexcept;

private:
  ::pid_t pid_;
};

} // namespace init

#endif // SIGFD_EXAMPLE_INIT_COMMAND_HPP
