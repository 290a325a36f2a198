#include "command.hpp"

#include "arguments.hpp"
#include "report.hpp"
#include "terminal.hpp"

#include <sigfd.hpp>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <system_error>

namespace init {
namespace {

// In the child. It takes the foreground itself: it must have it before the
// program begins to look, as a shell does.
[[noreturn]] void execute(char** words, const terminal& tty, bool in_foreground)
{
  ::setpgid(0, 0);
  if (in_foreground)
    tty.give_to(::getpgrp());
  sigfd::reset_signals();
  ::execvp(words[0], words);
  const int error = errno;
  report(words[0], ": ", std::strerror(error));
  ::_exit(error == ENOENT ? 127 : 126);
}

std::error_code result_of(long returned) noexcept
{
  return std::error_code(returned == -1 ? errno : 0, std::generic_category());
}

// Whether a program made the siginfo, so that the kernel lets us send it on.
// What kill(2) or the kernel made, nobody else can.
bool is_queued(const sigfd::signal_info& info) noexcept
{
  return info.code() < 0 && info.code() != SI_TKILL;
}

long queue_to_process(::pid_t pid, const ::siginfo_t& record) noexcept
{
  return ::syscall(SYS_rt_sigqueueinfo, pid, record.si_signo, &record);
}

// Queues a siginfo to a process group at once, as Linux 6.9 and newer can.
long queue_to_whole_group(::pid_t group, const ::siginfo_t& record) noexcept
{
  constexpr unsigned process_group = 1u << 2; // PIDFD_SIGNAL_PROCESS_GROUP
  const long fd = ::syscall(SYS_pidfd_open, group, 0);
  if (fd == -1)
    return -1;
  const long result = ::syscall(
      SYS_pidfd_send_signal, fd, record.si_signo, &record, process_group);
  const int error = errno;
  ::close(static_cast<int>(fd));
  errno = error;
  return result;
}

// One by one, the leader first: whether there is room is up to that.
long queue_to_members(::pid_t group, const ::siginfo_t& record) noexcept
{
  const long result = queue_to_process(group, record);
  if (result == -1)
    return result;
  if (::DIR* const processes = ::opendir("/proc"))
  {
    while (const ::dirent* const entry = ::readdir(processes))
      if (const auto pid = arguments::to_number<::pid_t>(entry->d_name, 1);
          pid && *pid != group && ::getpgid(*pid) == group)
        queue_to_process(*pid, record);
    ::closedir(processes);
  }
  return result;
}

long queue_to_group(::pid_t group, const ::siginfo_t& record) noexcept
{
  const long result = queue_to_whole_group(group, record);
  return result == 0 || errno == EAGAIN ? result
                                        : queue_to_members(group, record);
}

} // namespace

command::command(char** words, const terminal& tty)
{
  const bool in_foreground = tty.is_ours();
  pid_ = ::fork();
  if (pid_ == -1)
    throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0)
    execute(words, tty, in_foreground);
  // Here, too: it must be a group before a signal is sent to it.
  ::setpgid(pid_, pid_);
}

std::error_code command::send(
    int signal_number, const sigfd::signal_info& info, target to) const noexcept
{
  if (!is_queued(info))
    return send(signal_number, to);
  ::siginfo_t record = info.to_siginfo();
  record.si_signo = signal_number;
  return result_of(to == target::group ? queue_to_group(pid_, record)
                                       : queue_to_process(pid_, record));
}

std::error_code command::send(int signal_number, target to) const noexcept
{
  return result_of(::kill(to == target::group ? -pid_ : pid_, signal_number));
}

} // namespace init
