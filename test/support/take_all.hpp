// What an object finds, in a child of fork(2) for one.

#ifndef SIGFD_TEST_SUPPORT_TAKE_ALL_HPP
#define SIGFD_TEST_SUPPORT_TAKE_ALL_HPP

#include <sigfd/signal_fd.hpp>

#include "wait_until.hpp"

#include <unistd.h>

#include <cstddef>
#include <set>

namespace support {

// The values of all signals that an object finds, once there are so many, and a
// moment later.
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
  wait_until(take);
  ::usleep(20'000);
  take();
  return values;
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_TAKE_ALL_HPP
