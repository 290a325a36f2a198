// The terminal that controls the session of this process, if there is one, and
// who is in its foreground.

#ifndef SIGFD_EXAMPLE_INIT_TERMINAL_HPP
#define SIGFD_EXAMPLE_INIT_TERMINAL_HPP

#include <sys/types.h>

namespace init {

// Used with SIGTTIN and SIGTTOU blocked: a call from the background succeeds
// then, where it would stop the process.
class terminal
{
public:
  // Opens it.
  terminal() noexcept;

  terminal(const terminal&) = delete;
  terminal& operator=(const terminal&) = delete;

  ~terminal();

  bool exists() const noexcept
  {
    return fd_ != -1;
  }

  // Whether the process group of the caller is in the foreground.
  bool is_ours() const noexcept;

  // Whether another process group is in the foreground.
  bool belongs_to(::pid_t group) const noexcept;

  // Puts a process group of the session into the foreground.
  bool give_to(::pid_t group) const noexcept;

private:
  int fd_;
};

} // namespace init

#endif // SIGFD_EXAMPLE_INIT_TERMINAL_HPP
