// Handlers that go on to the one that they replaced, as those of crash
// reporters and runtimes do.

#ifndef SIGFD_TEST_SUPPORT_CHAINING_HPP
#define SIGFD_TEST_SUPPORT_CHAINING_HPP

#include <signal.h>

namespace support {

// What install_over() replaced last.
inline struct ::sigaction replaced{};

// Goes on to it, if it is a handler.
inline void call_replaced(int number, ::siginfo_t* info, void* context)
{
  if ((replaced.sa_flags & SA_SIGINFO) != 0)
    replaced.sa_sigaction(number, info, context);
  else if (replaced.sa_handler != SIG_DFL && replaced.sa_handler != SIG_IGN)
    replaced.sa_handler(number);
}

inline void install_over(
    int number, void (*handler)(int, ::siginfo_t* info, void* context))
{
  struct ::sigaction action{};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(number, &action, &replaced);
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_CHAINING_HPP
