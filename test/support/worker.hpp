// A thread with a name and a mask.

#ifndef SIGFD_TEST_SUPPORT_WORKER_HPP
#define SIGFD_TEST_SUPPORT_WORKER_HPP

#include <sigfd/signal_mask.hpp>

#include <boost/test/unit_test.hpp>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <future>
#include <string>
#include <thread>

namespace support {

inline void set_mask(const sigfd::signal_mask& mask)
{
  ::pthread_sigmask(SIG_SETMASK, &mask.native(), nullptr);
}

// A thread with a name that blocks what it is given and nothing else, until
// the end of the object.
class worker
{
public:
  worker(const std::string& name, const sigfd::signal_mask& blocked)
    : thread_([this, name, blocked] {
        set_mask(blocked);
        ::pthread_setname_np(::pthread_self(), name.c_str());
        id_.set_value(::gettid());
        end_.get_future().wait();
      }),
      id(id_.get_future().get())
  {
  }

  ~worker()
  {
    end_.set_value();
    thread_.join();
  }

  // Sends a signal to this thread alone.
  void kill(int signal_number)
  {
    BOOST_TEST_REQUIRE(
        ::pthread_kill(thread_.native_handle(), signal_number) == 0);
  }

private:
  std::promise<::pid_t> id_;
  std::promise<void> end_;
  std::thread thread_;

public:
  const ::pid_t id;
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_WORKER_HPP
