// Threads that do not block some of the signals.

#ifndef SIGFD_TEST_SOAK_STRAYS_HPP
#define SIGFD_TEST_SOAK_STRAYS_HPP

#include "account.hpp"
#include "plan.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

namespace soak {

// In the calling thread: what may be a stray. Nothing else, because without a
// watcher, as between two objects, its action would end the process.
inline void unblock_strays()
{
  ::sigset_t set;
  ::sigemptyset(&set);
  for (const channel c :
      {channel::strayed, channel::shared_strayed, channel::single})
    ::sigaddset(&set, number_of(c));
  ::sigaddset(&set, SIGCHLD);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

// Two that stay, and unblock again what the library has blocked in them; and
// others that live for a moment. They may be there as long as the signals are
// watched.
class stray_threads
{
public:
  explicit stray_threads(run_state& run)
  {
    for (int i = 0; i < 2; ++i)
      threads_.emplace_back([this] {
        while (!stops_)
        {
          unblock_strays();
          ::usleep(1'000);
        }
        unblock_strays(); // what is directed at it
      });
    maker_ = std::thread([this, &run] {
      while (!stops_)
      {
        const bool many = is(run.shared.now(), phase::strays);
        std::vector<std::thread> some;
        for (int i = 0; i < (many ? 4 : 1); ++i)
          some.emplace_back([] {
            unblock_strays();
            ::usleep(1'000);
          });
        for (std::thread& t : some)
          t.join();
        run.stray_threads += some.size();
        ::usleep(many ? 2'000 : 50'000);
      }
    });
  }

  ~stray_threads()
  {
    stops_ = true;
    maker_.join();
    for (std::thread& t : threads_)
      t.join();
  }

  // One that stays.
  ::pthread_t handle()
  {
    return threads_[0].native_handle();
  }

private:
  std::atomic<bool> stops_{false};
  std::vector<std::thread> threads_;
  std::thread maker_;
};

} // namespace soak

#endif // SIGFD_TEST_SOAK_STRAYS_HPP
