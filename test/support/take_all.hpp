// What a child of fork(2) finds, which may hang.

#ifndef SIGFD_TEST_SUPPORT_TAKE_ALL_HPP
#define SIGFD_TEST_SUPPORT_TAKE_ALL_HPP

#include <sigfd/signal_fd.hpp>

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <set>

namespace support {

// How long a child may take.
inline constexpr std::chrono::seconds child_bound{10};

// The values of all signals that an object finds, once there are so many, and a
// moment later. A child must not take as long as one that hangs.
inline std::multiset<int> take_all(
    sigfd::signal_fd& signals, std::size_t expected)
{
  std::multiset<int> values;
  const auto take = [&] {
    while (const auto info = signals.try_wait())
    {
      const auto value = info->value();
      values.insert(value ? value->sival_int : -1);
    }
    return values.size() >= expected;
  };
  const auto end = std::chrono::steady_clock::now() + child_bound / 4;
  while (!take() && std::chrono::steady_clock::now() < end)
    ::usleep(200);
  ::usleep(20'000);
  take();
  return values;
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_TAKE_ALL_HPP
