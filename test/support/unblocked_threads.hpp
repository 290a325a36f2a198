// Threads that block no signal, as those of other libraries.

#ifndef SIGFD_TEST_SUPPORT_UNBLOCKED_THREADS_HPP
#define SIGFD_TEST_SUPPORT_UNBLOCKED_THREADS_HPP

#include "unblock.hpp"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
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

// Threads that block nothing, and live for a moment each.
class passing_threads
{
public:
  passing_threads()
  {
    for (int i = 0; i < 2; ++i)
      makers_.emplace_back([this] {
        while (!stop_)
          unblocked_threads(2);
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

private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> makers_;
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_UNBLOCKED_THREADS_HPP
