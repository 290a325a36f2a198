#include "supervisor.hpp"

#include "command.hpp"
#include "options.hpp"
#include "report.hpp"
#include "terminal.hpp"

#include <sigfd.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <system_error>

namespace init {
namespace {

using boost::system::error_code;

// How many real-time signals wait in memory for room, at most: 8 MB. Then they
// stay in the kernel's queue, and when that is full, senders hear of it.
constexpr std::size_t most_held = 65536;

// How long until it is looked for room again.
constexpr std::chrono::milliseconds shortest_pause(1);
constexpr std::chrono::milliseconds longest_pause(64);

// SIGCHLD is init's own.
sigfd::signal_mask standard_signals()
{
  sigfd::signal_mask mask;
  for (int n = 1; n < SIGRTMIN; ++n)
    if (n != SIGCHLD && sigfd::signal_mask::can_hold(n))
      mask.add(n);
  return mask;
}

sigfd::signal_mask realtime_signals()
{
  sigfd::signal_mask mask;
  for (int n = SIGRTMIN; n <= SIGRTMAX; ++n)
    mask.add(n);
  return mask;
}

void check(const error_code& ec)
{
  if (ec)
    throw boost::system::system_error(ec, "wait");
}

// Whether init caused it, by writing where nobody reads.
bool is_own_pipe_signal(const sigfd::signal_info& info)
{
  const auto sender = info.sender();
  return info == SIGPIPE && sender && sender->attested
      && sender->pid == ::getpid();
}

bool uses_terminal(int signal_number)
{
  return signal_number == SIGTTIN || signal_number == SIGTTOU;
}

bool stops(int signal_number)
{
  return signal_number == SIGTSTP || uses_terminal(signal_number);
}

// Whether somebody in init's process group used the terminal from the
// background.
bool is_of_process_group(const sigfd::signal_info& info)
{
  return info.cause() == sigfd::signal_cause::kernel && uses_terminal(info);
}

// Whether a key of the terminal, or a change of its size, sent it.
bool is_from_terminal(const sigfd::signal_info& info)
{
  return info.cause() == sigfd::signal_cause::kernel
      && (info == SIGINT || info == SIGQUIT || info == SIGTSTP
          || info == SIGWINCH);
}

// Stops the job that init is a part of, and returns when it was continued. The
// kernel stops neither PID 1 nor a job that no shell could continue.
void stop_job()
{
  struct sigaction old;
  struct sigaction stop = {};
  stop.sa_handler = SIG_DFL;
  ::sigaction(SIGTSTP, &stop, &old);
  ::sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTSTP);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::kill(0, SIGTSTP);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::sigaction(SIGTSTP, &old, nullptr);
}

} // namespace

supervisor::supervisor(const init::options& options,
    const init::terminal& terminal, const init::command& command)
  : options_(options),
    terminal_(terminal),
    command_(command),
    context_(1),
    children_(context_, SIGCHLD),
    standard_(context_, standard_signals()),
    realtime_(context_, realtime_signals()),
    retry_(context_)
{
}

int supervisor::run()
{
  if (options_.verbosity > 0)
    report("started ", options_.command[0], " as pid ", command_.pid());
  // Some may have ended before SIGCHLD was blocked: children of the program
  // that executed this one.
  reap();
  watch_children();
  watch_standard();
  watch_realtime();
  while (!exit_status_)
    context_.run_one();
  leave_terminal();
  return options_.successes.contains(*exit_status_) ? 0 : *exit_status_;
}

// --- children ---------------------------------------------------------------

void supervisor::watch_children()
{
  children_.async_wait([this](const error_code& ec, const auto&) {
    check(ec);
    reap();
    watch_children();
  });
}

// Reaps everybody who has ended, since several ends may make one SIGCHLD.
void supervisor::reap()
{
  int status = 0;
  for (::pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0;)
    if (!WIFSTOPPED(status))
      child_ended(pid, status);
    else if (pid == command_.pid())
      command_stopped(WSTOPSIG(status));
}

void supervisor::child_ended(::pid_t pid, int status)
{
  if (pid == command_.pid())
  {
    exit_status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                       : WEXITSTATUS(status);
    if (options_.verbosity > 0)
      report("pid ", pid, " ended with status ", *exit_status_);
  }
  else if (options_.warn_of_reaped || options_.verbosity > 1)
    report("reaped orphan, pid ", pid);
}

// --- signals ----------------------------------------------------------------

void supervisor::watch_standard()
{
  standard_.async_wait(
      [this](const error_code& ec, const sigfd::signal_info& info) {
        check(ec);
        forward(info);
        watch_standard();
      });
}

void supervisor::watch_realtime()
{
  realtime_.async_wait(
      [this](const error_code& ec, const sigfd::signal_info& info) {
        check(ec);
        if (!held_.empty() || !forward(info))
          hold(info);
        if (held_.size() < most_held)
          watch_realtime();
      });
}

// Keeps a signal for which the system has no room. Also those after it: what is
// pending for init counts, too, and might be all that takes the room.
void supervisor::hold(const sigfd::signal_info& info)
{
  held_.push_back(info);
  if (held_.size() == 1)
    retry_after(shortest_pause);
}

void supervisor::retry_after(std::chrono::milliseconds pause)
{
  retry_.expires_after(pause);
  retry_.async_wait([this, pause](const error_code& ec) {
    check(ec);
    const std::size_t before = held_.size();
    while (!held_.empty() && forward(held_.front()))
      held_.pop_front();
    if (before >= most_held && held_.size() < most_held)
      watch_realtime();
    const bool progress = held_.size() < before;
    if (!held_.empty())
      retry_after(
          progress ? shortest_pause : std::min(2 * pause, longest_pause));
  });
}

// False if there is no room for a real-time signal.
bool supervisor::forward(const sigfd::signal_info& info)
{
  if (is_own_pipe_signal(info) || is_of_process_group(info))
    return true;

  int number = info.number();
  if (const auto found = options_.rewrites.find(number);
      found != options_.rewrites.end())
    number = found->second;
  if (number == 0)
    return true;

  // A key is for the whole job. The terminal has sent it to init's process
  // group only if the command's was not in the foreground. A shell that
  // continues a job means all of it, too.
  const bool from_terminal = is_from_terminal(info);
  const bool for_job = options_.group || from_terminal
      || (number == SIGCONT && !info.value());
  if (stops(number))
    stop_was_forwarded_ = !from_terminal;
  if (number == SIGCONT)
    hand_over_terminal();
  return send(number, info,
      for_job ? command::target::group : command::target::process);
}

bool supervisor::send(
    int signal_number, const sigfd::signal_info& info, command::target to)
{
  std::error_code ec = command_.send(signal_number, info, to);
  if (ec == std::errc::resource_unavailable_try_again
      && info.number() >= SIGRTMIN)
    return false;
  if (ec && ec != std::errc::no_such_process)
  {
    ec = command_.send(signal_number, to);
    if (!ec)
      report("sent without its value: ", info);
  }
  if (ec)
    report("cannot forward ", info, ": ", ec.message());
  else if (options_.verbosity > 0)
    report("forwarded ", info);
  return true;
}

// --- job control ------------------------------------------------------------

// The command was stopped. If that is because of the terminal, by a key or
// because it was used from the background, the shell that started init has to
// see init stop. Else somebody stopped the command, and will continue it.
void supervisor::command_stopped(int signal_number)
{
  if (options_.verbosity > 1)
    report("stopped by ", sigfd::signal_name(signal_number));
  if (terminal_.is_ours())
  {
    // The shell has put init into the foreground, without a word to init.
    if (uses_terminal(signal_number) && terminal_.give_to(command_.pid()))
    {
      resume_command();
      return;
    }
  }
  else if (!terminal_.exists()
      || (!uses_terminal(signal_number)
          && !terminal_.belongs_to(command_.pid())))
    return;

  leave_terminal();
  stop_job();
  // Nobody can press a key that continues a command; but if init's own process
  // group is that of a process outside of this pid namespace, that was stopped
  // now, and SIGCONT will come.
  if (signal_number == SIGTSTP && !stop_was_forwarded_ && ::getpgrp() != 0)
    resume_command();
}

// Continues the command with all of its job.
void supervisor::resume_command()
{
  hand_over_terminal();
  if (const auto ec = command_.send(SIGCONT, command::target::group))
    report("cannot continue the command: ", ec.message());
  else if (options_.verbosity > 1)
    report("continued the command");
}

// The command is about to run: in the foreground, if init is there.
void supervisor::hand_over_terminal()
{
  stop_was_forwarded_ = false;
  if (terminal_.is_ours())
    terminal_.give_to(command_.pid());
}

// Takes back what the command had, as whoever started init expects it, also
// another init.
void supervisor::leave_terminal()
{
  if (::getpgrp() != 0 && terminal_.belongs_to(command_.pid()))
    terminal_.give_to(::getpgrp());
}

} // namespace init
