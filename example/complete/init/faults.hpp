// SIGILL, SIGFPE and SIGSEGV, which no program can wait for: a fault of its own
// makes them. Those that a process sent are forwarded by a handler.

#ifndef SIGFD_EXAMPLE_INIT_FAULTS_HPP
#define SIGFD_EXAMPLE_INIT_FAULTS_HPP

#include "command.hpp"

namespace init {

// Lets those that processes send wait until they can be forwarded.
void hold_faults() noexcept;

// From now on, for the rest of the program, also those that wait.
void forward_faults(const command& receiver, command::target to) noexcept;

} // namespace init

#endif // SIGFD_EXAMPLE_INIT_FAULTS_HPP
