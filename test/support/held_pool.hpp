// A thread pool that does something when it is told to.

#ifndef SIGFD_TEST_SUPPORT_HELD_POOL_HPP
#define SIGFD_TEST_SUPPORT_HELD_POOL_HPP

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <future>
#include <optional>
#include <utility>

namespace support {

// A pool of one thread, which can be held, so that what is queued there stays.
class held_pool
{
public:
  held_pool()
  {
    hold();
  }

  ~held_pool()
  {
    go_on();
  }

  boost::asio::thread_pool& operator*() noexcept
  {
    return *pool_;
  }

  void hold()
  {
    released_.emplace();
    std::promise<void> held;
    boost::asio::post(
        *pool_, [&held, released = released_->get_future().share()] {
          held.set_value();
          released.wait();
        });
    held.get_future().wait();
  }

  void go_on()
  {
    if (released_)
      std::exchange(released_, std::nullopt)->set_value();
  }

  // Runs what is queued.
  void finish()
  {
    go_on();
    pool_->join();
  }

  // Destroys what is queued without running it.
  void abandon()
  {
    pool_->stop();
    go_on();
    pool_.reset();
  }

private:
  std::optional<boost::asio::thread_pool> pool_{std::in_place, 1};
  std::optional<std::promise<void>> released_;
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_HELD_POOL_HPP
