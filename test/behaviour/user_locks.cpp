// The user's code that runs within an operation (the allocator, the moves and
// the end of the handler) may take a lock of the user's. So the library must
// hold none of its own meanwhile: a thread that has the user's lock, and calls
// the object, would wait for ever.
//
// Instead of waiting for that to happen, each piece of the user's code has
// another thread call the object, and waits for the call to return.

#include <sigfd/signal_fd.hpp>

#include "support/drain.hpp"
#include "support/process.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>
#include <boost/version.hpp>

#if BOOST_VERSION >= 107700
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#endif

#include <signal.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;

// The user's code asks for a call, and the thread that owns the object makes
// it.
class meeting
{
public:
  // From the thread that runs the context, in the user's code: if it is the
  // piece that was agreed upon, asks and waits; not for ever.
  void here()
  {
    std::unique_lock lock(mutex_);
    if (std::this_thread::get_id() != visitor_ || pieces_++ != at_)
      return;
    asked_ = true;
    changed_.notify_all();
    returned_in_time_ = changed_.wait_for(
        lock, support::patience(), [&] { return made_; });
  }

  // From the thread that is to run the context: starts to count.
  void begin(int at)
  {
    const std::lock_guard lock(mutex_);
    visitor_ = std::this_thread::get_id();
    at_ = at;
  }

  // From the same: the context has nothing more to do.
  void end()
  {
    const std::lock_guard lock(mutex_);
    visitor_ = {};
    ended_ = true;
    changed_.notify_all();
  }

  // From the thread that owns the object: waits for somebody to ask, and calls.
  // False if nobody did.
  bool answer(const std::function<void()>& call)
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_ || ended_; });
    if (!asked_)
      return false;
    lock.unlock();
    call();
    lock.lock();
    made_ = true;
    changed_.notify_all();
    return true;
  }

  // Whether the call returned while the user's code ran.
  bool returned_in_time() const
  {
    return returned_in_time_;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread::id visitor_;
  int at_ = 0;
  int pieces_ = 0;
  bool asked_ = false;
  bool made_ = false;
  bool ended_ = false;
  bool returned_in_time_ = false;
};

template <typename T>
struct meeting_allocator
{
  using value_type = T;

  meeting* met;

  explicit meeting_allocator(meeting* m)
    : met(m)
  {
  }

  template <typename U>
  meeting_allocator(const meeting_allocator<U>& other)
    : met(other.met)
  {
  }

  T* allocate(std::size_t n)
  {
    met->here();
    return std::allocator<T>().allocate(n);
  }

  void deallocate(T* p, std::size_t n)
  {
    met->here();
    std::allocator<T>().deallocate(p, n);
  }

  template <typename U>
  bool operator==(const meeting_allocator<U>& other) const
  {
    return met == other.met;
  }
};

struct meeting_handler
{
  using allocator_type = meeting_allocator<void>;

  meeting* met;

  explicit meeting_handler(meeting& m)
    : met(&m)
  {
  }

  meeting_handler(meeting_handler&& other)
    : met(other.met)
  {
    met->here();
  }

  meeting_handler(const meeting_handler& other)
    : met(other.met)
  {
    met->here();
  }

  ~meeting_handler()
  {
    met->here();
  }

  allocator_type get_allocator() const
  {
    return allocator_type(met);
  }

  template <typename Result>
  void operator()(error_code, Result) const
  {
    met->here();
  }
};

struct scene
{
  meeting met;
  net::io_context context;
  signal_fd signals{context, {SIGRTMIN}, support::options()};
  std::array<signal_info, 4> infos;

  ~scene()
  {
    signals.close();
    support::drain(SIGRTMIN);
  }
};

// Starts an operation and runs it in another thread, until it is cancelled or
// has its signal; makes the call at each piece of the user's code in turn.
void at_each_piece(const std::function<void(scene&)>& start,
    const std::function<void(scene&)>& call)
{
  for (int at = 0; at < 1'000; ++at)
  {
    scene s;
    start(s);
    std::thread runner([&] {
      s.met.begin(at);
      for (;;) // a call may take the signal
      {
        s.context.run_for(std::chrono::milliseconds(20));
        if (s.context.stopped())
          break;
        if (!support::queue(::getpid(), SIGRTMIN, 1))
          std::abort();
      }
      s.met.end();
    });
    const bool called = s.met.answer([&] { call(s); });
    runner.join();
    if (!called)
    {
      BOOST_TEST(at > 3); // it was asked several times before
      return;
    }
    BOOST_REQUIRE(s.met.returned_in_time());
  }
  BOOST_TEST(false);
}

void start_wait(scene& s)
{
  s.signals.async_wait(meeting_handler(s.met));
}

void start_wait_some(scene& s)
{
  s.signals.async_wait_some(s.infos, meeting_handler(s.met));
}

} // namespace

BOOST_AUTO_TEST_SUITE(user_locks)

BOOST_AUTO_TEST_CASE(cancelling)
{
  const auto cancel = [](scene& s) { s.signals.cancel(); };
  at_each_piece(start_wait, cancel);
  at_each_piece(start_wait_some, cancel);
}

BOOST_AUTO_TEST_CASE(closing)
{
  at_each_piece(start_wait, [](scene& s) { s.signals.close(); });
}

BOOST_AUTO_TEST_CASE(destroying)
{
  at_each_piece(
      start_wait, [](scene& s) { signal_fd gone(std::move(s.signals)); });
}

BOOST_AUTO_TEST_CASE(trying)
{
  at_each_piece(start_wait, [](scene& s) { (void)s.signals.try_wait(); });
}

BOOST_AUTO_TEST_CASE(updating)
{
  at_each_piece(
      start_wait, [](scene& s) { s.signals.update({SIGRTMIN, SIGRTMIN + 1}); });
}

// The locks of the context's list and of what belongs to the process.
BOOST_AUTO_TEST_CASE(opening_another)
{
  at_each_piece(start_wait, [](scene& s) {
    signal_fd another(s.context, {SIGRTMIN}, support::options());
  });
}

BOOST_AUTO_TEST_CASE(starting_another)
{
  at_each_piece(start_wait, [](scene& s) {
    s.signals.async_wait([](error_code, const signal_info&) {});
    s.signals.cancel();
  });
}

#if BOOST_VERSION >= 107700

BOOST_AUTO_TEST_CASE(emitting)
{
  net::cancellation_signal signal;
  at_each_piece(
      [&](scene& s) {
        s.signals.async_wait(
            net::bind_cancellation_slot(signal.slot(), meeting_handler(s.met)));
      },
      [&](scene&) { signal.emit(net::cancellation_type::terminal); });
}

#endif

BOOST_AUTO_TEST_SUITE_END()
