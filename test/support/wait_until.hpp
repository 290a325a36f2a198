// Polls for a condition; a test never sleeps for one.

#ifndef SIGFD_TEST_SUPPORT_WAIT_UNTIL_HPP
#define SIGFD_TEST_SUPPORT_WAIT_UNTIL_HPP

#include <unistd.h>

#include <chrono>
#include <cstdlib>

namespace support {

// How long a test waits for what is to come: 30 seconds, or where all is slower
// that many times as long as SIGFD_TEST_SLOWNESS says.
inline std::chrono::seconds patience()
{
  const char* const slowness = std::getenv("SIGFD_TEST_SLOWNESS");
  return std::chrono::seconds(
      slowness == nullptr ? 30 : 30 * std::strtol(slowness, nullptr, 10));
}

// How long a child process may take, which may wait itself for so long.
inline std::chrono::seconds child_bound()
{
  return 2 * patience();
}

// Calls condition until it holds, for so long at the most; whether it held.
template <typename Condition>
bool wait_until(Condition condition)
{
  const auto end = std::chrono::steady_clock::now() + patience();
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
