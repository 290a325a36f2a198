// Several objects that watch the same signals, and what each of them has.

#ifndef SIGFD_TEST_SUPPORT_DELIVERY_HPP
#define SIGFD_TEST_SUPPORT_DELIVERY_HPP

#include <sigfd/signal_fd.hpp>

#include "drain.hpp"
#include "process.hpp"
#include "settle.hpp"
#include "source.hpp"
#include "wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <cstddef>
#include <numeric>
#include <vector>

namespace support {

using values = std::vector<int>;

inline values range(int first, int end)
{
  values all(static_cast<std::size_t>(end - first));
  std::iota(all.begin(), all.end(), first);
  return all;
}

inline sigfd::open_options options_with(std::size_t backlog,
    sigfd::overflow_policy overflow = sigfd::overflow_policy::hold_back)
{
  sigfd::open_options all = options();
  all.backlog = backlog;
  all.overflow = overflow;
  return all;
}

inline sigfd::open_options options_with(sigfd::delivery_policy delivery)
{
  sigfd::open_options all = options();
  all.delivery = delivery;
  return all;
}

inline int value_of(const sigfd::signal_info& info)
{
  const auto value = info.value();
  return value ? value->sival_int : -1;
}

// Takes everything that an object has, or the first of it.
template <typename Executor>
values take(
    sigfd::basic_signalfd<Executor>& signals, std::size_t most = 1'000'000)
{
  values all;
  while (all.size() < most)
  {
    const auto info = signals.try_wait();
    if (!info)
      break;
    all.push_back(value_of(*info));
  }
  return all;
}

// Nothing stays pending for the next case.
struct delivery_fixture
{
  boost::asio::io_context context;

  ~delivery_fixture()
  {
    for (const int n : {SIGUSR1, SIGUSR2, SIGTERM, SIGRTMIN, SIGRTMIN + 1})
      drain(n);
  }

  static void send(int number, int value)
  {
    BOOST_REQUIRE(queue(::getpid(), number, value));
  }

  // Sends with the values from first on.
  static void send(int number, int first, int end)
  {
    for (int i = first; i < end; ++i)
      send(number, i);
  }
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_DELIVERY_HPP
