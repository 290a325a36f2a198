// Threads with real-time priorities on one processor: while one of a higher
// priority waits for one of a lower, it must leave it the processor. A spinning
// lock does not, and both stand still.
//
// A child process has these threads, and is watched and killed from another
// processor. Should everything else fail, RLIMIT_RTTIME ends it.

#include <sigfd/signal_fd.hpp>
#include <sigfd/stray_counts.hpp>

#include "support/process.hpp"
#include "support/sanitizer.hpp"
#include "support/skip.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <new>
#include <thread>

namespace {

namespace net = boost::asio;
using sigfd::signal_fd;

// What the watched process has done; in memory that both have.
struct progress
{
  std::atomic<unsigned> low{0};
  std::atomic<unsigned> high{0};
};

class shared_progress
{
public:
  shared_progress()
    : memory_(::mmap(nullptr, sizeof(progress), PROT_READ | PROT_WRITE,
          MAP_SHARED | MAP_ANONYMOUS, -1, 0))
  {
    BOOST_REQUIRE(memory_ != MAP_FAILED);
    ::new (memory_) progress;
  }

  ~shared_progress()
  {
    ::munmap(memory_, sizeof(progress));
  }

  progress& operator*()
  {
    return *static_cast<progress*>(memory_);
  }

private:
  void* memory_;
};

// The first two processors this process may use; false if there are not two.
bool two_processors(int& first, int& second)
{
  ::cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == -1)
    return false;
  first = second = -1;
  for (int i = 0; i < CPU_SETSIZE && second == -1; ++i)
    if (CPU_ISSET(static_cast<unsigned>(i), &set))
      (first == -1 ? first : second) = i;
  return second != -1;
}

bool pin_to(int processor)
{
  ::cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(processor), &set);
  return ::sched_setaffinity(0, sizeof set, &set) == 0;
}

bool set_priority(int priority)
{
  ::sched_param parameters{};
  parameters.sched_priority = priority;
  return ::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &parameters)
      == 0;
}

// Whether the process may have such threads.
bool may_have_priorities()
{
  bool may = false;
  std::thread([&] { may = set_priority(20); }).join();
  return may;
}

void open(signal_fd& signals)
{
  signals.open({SIGRTMIN, SIGUSR1}, support::options());
}

void open_and_close(signal_fd& signals)
{
  open(signals);
  signals.close();
}

// So that the pause is while the object is open.
void close_and_open(signal_fd& signals)
{
  signals.close();
  open(signals);
}

// Does this for ever, and counts. Rests so many times as long as a round took,
// which leaves time to threads of lower priorities, and to other runs of this
// test on the same processor. A new thread of the pipe source has the priority
// of the one that opened, and needs its time, too.
void repeat(
    std::atomic<unsigned>& count, int rest, const std::function<void()>& round)
{
  using clock = std::chrono::steady_clock;
  for (;;)
  {
    const clock::time_point began = clock::now();
    round();
    ++count;
    std::this_thread::sleep_for(rest * (clock::now() - began));
  }
}

// Both do so many rounds, the one of the low priority in the time that the
// other leaves it.
void both_go_on(unsigned enough, const std::function<void(signal_fd&)>& low,
    const std::function<void(signal_fd&)>& high)
{
  if (support::has_thread_sanitizer)
    support::skip("ThreadSanitizer has no new threads in a child");
  int here = 0;
  int there = 0;
  if (!two_processors(here, there) || !may_have_priorities())
    support::skip("needs two processors, and SCHED_FIFO");
  shared_progress shared;
  ::cpu_set_t all;
  ::sched_getaffinity(0, sizeof all, &all);
  BOOST_REQUIRE(pin_to(here));
  support::process child([&] {
    const ::rlimit seconds{10'000'000, 10'000'000}; // then SIGKILL
    if (!pin_to(there) || ::setrlimit(RLIMIT_RTTIME, &seconds) == -1)
      return 1;
    net::io_context context;
    signal_fd of_low(context);
    signal_fd of_high(context);
    open_and_close(of_low);
    open_and_close(of_high);
    std::thread([&] {
      if (!set_priority(10))
        ::_exit(2);
      repeat((*shared).low, 1, [&] { low(of_low); });
    }).detach();
    std::thread([&] {
      if (!set_priority(20))
        ::_exit(3);
      repeat((*shared).high, 4, [&] { high(of_high); });
    }).detach();
    for (;;)
      ::pause();
  });
  const progress& done = *shared;
  BOOST_TEST(
      support::wait_until([&] { return done.low != 0 && done.high != 0; }));
  const unsigned low_before = done.low;
  const unsigned high_before = done.high;
  BOOST_TEST(support::wait_until([&] {
    return done.low - low_before >= enough && done.high - high_before >= enough;
  }));
  BOOST_TEST(done.low - low_before >= enough);
  BOOST_TEST(done.high - high_before >= enough);
  BOOST_TEST(::kill(child.pid(), SIGKILL) == 0);
  BOOST_TEST(child.wait() == -1);
  ::sched_setaffinity(0, sizeof all, &all);
}

} // namespace

BOOST_AUTO_TEST_SUITE(realtime_threads)

BOOST_AUTO_TEST_CASE(both_open_and_close)
{
  both_go_on(
      support::has_sanitizer ? 100 : 1'000, open_and_close, open_and_close);
}

// The one of the high priority closes while the other runs the handler, and has
// to wait for it.
BOOST_AUTO_TEST_CASE(one_handles_strays_while_the_other_opens_and_closes)
{
  // Caught also while no object is open, but then not by sigfd.
  ::signal(SIGUSR1, [](int) {});
  const auto catch_one = [](signal_fd&) {
    ::sigset_t only;
    ::sigemptyset(&only);
    ::sigaddset(&only, SIGUSR1);
    const auto before = sigfd::count_strays().caught;
    do
    {
      // To this thread: no other one, such as the pipe source's, can take it.
      ::pthread_kill(::pthread_self(), SIGUSR1);
      ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
      ::pthread_sigmask(SIG_BLOCK, &only, nullptr);
      ::usleep(100); // no handler runs
    } while (sigfd::count_strays().caught == before);
  };
  both_go_on(100, catch_one, close_and_open);
  ::signal(SIGUSR1, SIG_DFL);
}

BOOST_AUTO_TEST_SUITE_END()
