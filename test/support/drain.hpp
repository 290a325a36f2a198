// Takes what a test left pending, past the library.

#ifndef SIGFD_TEST_SUPPORT_DRAIN_HPP
#define SIGFD_TEST_SUPPORT_DRAIN_HPP

#include <signal.h>

#include <ctime>

namespace support {

// Takes every pending occurrence of a blocked signal; how many there were.
inline int drain(int signal_number)
{
  ::sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, signal_number);
  const ::timespec at_once{};
  int count = 0;
  while (::sigtimedwait(&set, nullptr, &at_once) == signal_number)
    ++count;
  return count;
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_DRAIN_HPP
