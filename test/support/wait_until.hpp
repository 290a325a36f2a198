// Polls for a condition; a test never sleeps for one.

#ifndef SIGFD_TEST_SUPPORT_WAIT_UNTIL_HPP
#define SIGFD_TEST_SUPPORT_WAIT_UNTIL_HPP

#include <unistd.h>

#include <chrono>

namespace support {

// Calls condition until it holds, for 30 seconds at the most; whether it held.
template <typename Condition>
bool wait_until(Condition condition)
{
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition())
  {
    if (std::chrono::steady_clock::now() > end)
      return false;
    ::usleep(200);
  }
  return true;
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_WAIT_UNTIL_HPP
