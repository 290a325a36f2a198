#include "terminal.hpp"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

namespace init {

// Not to block: see below. Not in the place of a standard stream that is
// closed.
terminal::terminal() noexcept
  : fd_(::open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC))
{
  if (exists() && fd_ <= STDERR_FILENO)
  {
    const int fd = ::fcntl(fd_, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    ::close(fd_);
    fd_ = fd;
  }
}

terminal::~terminal()
{
  if (exists())
    ::close(fd_);
}

bool terminal::is_ours() const noexcept
{
  if (!exists())
    return false;
  const ::pid_t own = ::getpgrp();
  if (::tcgetpgrp(fd_) != own)
    return false;
  if (own != 0)
    return true;
  // The group was made outside of this pid namespace, where it has no number
  // here: 0 is any of those. But only who is in the foreground may read, even
  // if that is nothing.
  char none = 0;
  return ::read(fd_, &none, 0) == 0 || errno != EIO;
}

bool terminal::belongs_to(::pid_t group) const noexcept
{
  return exists() && ::tcgetpgrp(fd_) == group;
}

bool terminal::give_to(::pid_t group) const noexcept
{
  return exists() && ::tcsetpgrp(fd_, group) == 0;
}

} // namespace init
