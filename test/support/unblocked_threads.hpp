// Threads that block no signal, as those of other libraries.

#ifndef SIGFD_TEST_SUPPORT_UNBLOCKED_THREADS_HPP
#define SIGFD_TEST_SUPPORT_UNBLOCKED_THREADS_HPP

#include "unblock.hpp"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <limits>
#include <thread>
#include <vector>

namespace support {

class unblocked_threads
{
public:
  // Returns when all of them run.
  explicit unblocked_threads(std::size_t count)
  {
    for (std::size_t i = 0; i < count; ++i)
      threads_.emplace_back([this] {
        unblock_all();
        ++running_;
        while (!stop_)
          ::usleep(100);
      });
    while (running_ != count)
      ::usleep(10);
  }

  ~unblocked_threads()
  {
    stop_ = true;
    for (std::thread& thread : threads_)
      thread.join();
  }

  ::pthread_t handle(std::size_t i)
  {
    return threads_[i].native_handle();
  }

private:
  std::atomic<std::size_t> running_{0};
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

// Threads that block nothing, and live for a moment each. Each catches one
// signal of a number at the most, because that blocks it.
class passing_threads
{
public:
  // As many as there is time for, or so many and those that are allowed later.
  explicit passing_threads(int most = std::numeric_limits<int>::max())
    : left_(most)
  {
    for (int i = 0; i < 2; ++i)
      makers_.emplace_back([this] {
        while (!stop_)
          if (take_two())
            unblocked_threads(2);
          else
            ::usleep(100);
      });
  }

  passing_threads(const passing_threads&) = delete;
  passing_threads& operator=(const passing_threads&) = delete;

  ~passing_threads()
  {
    stop_ = true;
    for (std::thread& maker : makers_)
      maker.join();
  }

  // From now on, so many.
  void allow(int most)
  {
    left_ = most;
  }

private:
  bool take_two()
  {
    int left = left_;
    while (left >= 2 && !left_.compare_exchange_weak(left, left - 2))
      continue;
    return left >= 2;
  }

  std::atomic<int> left_;
  std::atomic<bool> stop_{false};
  std::vector<std::thread> makers_;
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_UNBLOCKED_THREADS_HPP
