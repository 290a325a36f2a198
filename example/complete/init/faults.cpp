#include "faults.hpp"

#include "command.hpp"

#include <sigfd.hpp>

#include <errno.h>
#include <signal.h>

namespace init {
namespace {

constexpr int faults[] = {SIGILL, SIGFPE, SIGSEGV};

::sigset_t set_of_faults() noexcept
{
  ::sigset_t set;
  ::sigemptyset(&set);
  for (const int n : faults)
    ::sigaddset(&set, n);
  return set;
}

const command* fault_receiver = nullptr;
command::target fault_target{};

// Consists of system calls, so that it may run at any time: a value goes to the
// command only.
void on_fault(int signal_number, ::siginfo_t* info, void*)
{
  const int error = errno;
  if (info->si_code > 0) // a fault of init: let it come again, and end it
    ::signal(signal_number, SIG_DFL);
  else if (fault_target == command::target::group)
    fault_receiver->send(signal_number, fault_target);
  else
    fault_receiver->send(
        signal_number, sigfd::signal_info(*info), fault_target);
  errno = error;
}

} // namespace

void hold_faults() noexcept
{
  const ::sigset_t set = set_of_faults();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void forward_faults(const command& receiver, command::target to) noexcept
{
  fault_receiver = &receiver;
  fault_target = to;
  struct sigaction action = {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  for (const int n : faults)
    ::sigaction(n, &action, nullptr);
  // Whoever started init may have blocked them, too.
  const ::sigset_t set = set_of_faults();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

} // namespace init
