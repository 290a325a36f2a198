// A process without descriptors, and one without memory. What cannot be done
// says so and changes nothing; open objects go on, and lose nothing.

#include <sigfd/signal_fd.hpp>

#include "environment/receiver.hpp"
#include "support/no_descriptors.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <new>
#include <optional>
#include <utility>
#include <vector>

namespace {

std::atomic<bool> there_is_no_memory{false};

} // namespace

void* operator new(std::size_t size)
{
  void* const memory = there_is_no_memory ? nullptr : std::malloc(size);
  if (memory == nullptr)
    throw std::bad_alloc();
  return memory;
}

// Inlined, they have g++ warn of memory that new has given and free takes.
[[gnu::noinline]] void operator delete(void* memory) noexcept
{
  std::free(memory);
}

[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept
{
  std::free(memory);
}

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using environment::are_all;
using environment::way;
using sigfd::signal_fd;
using sigfd::signal_info;
using support::outcome;
using support::process;

// No allocation of this process succeeds while it lives.
struct no_memory
{
  no_memory()
  {
    there_is_no_memory = true;
  }

  no_memory(const no_memory&) = delete;
  no_memory& operator=(const no_memory&) = delete;

  ~no_memory()
  {
    there_is_no_memory = false;
  }
};

// The process can have no more address space while it lives, and malloc(3) has
// nothing left of what it had.
class no_address_space
{
public:
  no_address_space()
  {
    std::ifstream statm("/proc/self/statm");
    ::rlim_t pages = 0;
    statm >> pages;
    statm.close();
    ::getrlimit(RLIMIT_AS, &old_);
    ::rlimit low = old_;
    low.rlim_cur = pages * static_cast<::rlim_t>(::sysconf(_SC_PAGESIZE));
    ::setrlimit(RLIMIT_AS, &low);
    for (std::size_t size = 1 << 20; size >= 16; size /= 2)
      while (void* const memory = std::malloc(size))
        taken_ = ::new (memory) link{taken_};
  }

  no_address_space(const no_address_space&) = delete;
  no_address_space& operator=(const no_address_space&) = delete;

  ~no_address_space()
  {
    ::setrlimit(RLIMIT_AS, &old_);
    while (taken_ != nullptr)
      std::free(std::exchange(taken_, taken_->next));
  }

private:
  struct link
  {
    link* next;
  };

  ::rlimit old_{};
  link* taken_ = nullptr;
};

// Two objects that share SIGRTMIN, and one that is alone; with waits.
struct fixture
{
  net::io_context context;
  const net::executor_work_guard<net::io_context::executor_type> work{
      context.get_executor()};
  signal_fd first{context, {SIGRTMIN}, support::options()};
  signal_fd second{context, {SIGRTMIN}, support::options()};
  signal_fd alone{context, {SIGRTMIN + 1, SIGUSR1}, support::options()};
  outcome<signal_info> waits[3];

  fixture()
  {
    sigfd::block_signals({SIGHUP}); // as adding it does, and removing leaves
    // UndefinedBehaviorSanitizer meets the destructor while it can look, as
    // support/no_descriptors.hpp says.
    signal_fd(context, {SIGHUP}, support::options()).close();
  }

  static bool send(int number, int value)
  {
    return support::queue(::getpid(), number, value);
  }

  void start_waits()
  {
    first.async_wait(waits[0].handler());
    second.async_wait(waits[1].handler());
    alone.async_wait(waits[2].handler());
    context.poll();
  }

  // Sends to each, and runs until all waits have completed.
  bool waits_complete(int value)
  {
    if (!send(SIGRTMIN, value) || !send(SIGRTMIN + 1, value))
      return false;
    const bool done = support::wait_until([&] {
      context.poll();
      return waits[0].completions != 0 && waits[1].completions != 0
          && waits[2].completions != 0;
    });
    bool right = done;
    for (auto& wait : waits)
    {
      right = right && wait.succeeded()
          && wait.result.value()->sival_int == value;
      wait = {};
    }
    return right;
  }

  // The next value that an object has.
  static int next(signal_fd& signals)
  {
    int value = -1;
    support::wait_until([&] {
      error_code ec;
      const auto info = signals.try_wait(ec);
      if (info)
        value = info->value()->sival_int;
      return info.has_value();
    });
    return value;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(exhausted, fixture)

BOOST_AUTO_TEST_CASE(no_descriptor_is_left)
{
  start_waits();
  signal_fd more(context);
  const support::process_state before;
  std::optional<support::no_descriptors> none(std::in_place);

  error_code ec;
  more.open({SIGUSR2}, support::options(), ec);
  const bool refused = ec == boost::system::errc::too_many_files_open;
  const bool complete = waits_complete(1);
  start_waits();
  const bool complete_again = waits_complete(2);

  error_code update_error;
  alone.add(SIGHUP, update_error);
  if (!update_error)
    alone.remove(SIGHUP, update_error);

  // Only the first blocking wait needs a descriptor, and none if there is
  // something.
  send(SIGRTMIN + 1, 3);
  error_code pending_error;
  const int pending = support::source_name() == "kernel"
      ? alone.wait(pending_error).value()->sival_int
      : next(alone);
  error_code blocking_error;
  if (support::source_name() == "kernel")
    alone.wait(blocking_error);
  none.reset();

  BOOST_TEST(refused);
  BOOST_TEST(!more.is_open());
  BOOST_TEST(support::returns_to(before));
  BOOST_TEST(complete);
  BOOST_TEST(complete_again);
  BOOST_TEST(!update_error);
  BOOST_TEST(!pending_error);
  BOOST_TEST(pending == 3);
  if (support::source_name() == "kernel")
    BOOST_TEST((blocking_error == boost::system::errc::too_many_files_open));

  send(SIGRTMIN + 1, 4);
  BOOST_TEST(alone.wait().value()->sival_int == 4);
  send(SIGRTMIN, 5);
  BOOST_TEST(first.wait().value()->sival_int == 5);
  BOOST_TEST(second.wait().value()->sival_int == 5);
  more.open({SIGUSR2}, support::options());
  ::kill(::getpid(), SIGUSR2);
  BOOST_TEST(more.wait().number() == SIGUSR2);
}

// A child needs no more than the parent has: each descriptor is closed before
// there is another in its place.
BOOST_AUTO_TEST_CASE(no_descriptor_is_left_in_a_child)
{
  start_waits();
  context.notify_fork(net::io_context::fork_prepare);
  process child([&] {
    const support::no_descriptors none;
    context.notify_fork(net::io_context::fork_child);
    return waits_complete(0) ? 0 : 1;
  });
  context.notify_fork(net::io_context::fork_parent);
  BOOST_TEST(child.wait() == 0);
  BOOST_TEST(waits_complete(1));
}

BOOST_AUTO_TEST_CASE(no_memory_is_left)
{
  start_waits();
  BOOST_REQUIRE(waits_complete(0)); // memory for one of each
  start_waits();
  signal_fd more(context);
  const support::process_state before;

  error_code open_error;
  bool complete = false;
  bool thrown = false;
  bool update_fails = true;
  {
    const no_memory none;
    more.open({SIGUSR2}, support::options(), open_error);
    complete = waits_complete(1);
    try
    {
      for (int i = 0; i < 100; ++i)
        alone.async_wait([](error_code, const signal_info&) {});
    }
    catch (const std::bad_alloc&)
    {
      thrown = true;
    }
    error_code ec;
    alone.add(SIGHUP, ec);
    if (!ec)
      alone.remove(SIGHUP, ec);
    update_fails = ec.failed();
  }
  BOOST_TEST((open_error == net::error::no_memory));
  BOOST_TEST(!more.is_open());
  BOOST_TEST(support::returns_to(before));
  BOOST_TEST(complete);
  BOOST_TEST(thrown);
  BOOST_TEST(!update_fails);
  alone.cancel();
  context.poll();

  send(SIGRTMIN, 2);
  send(SIGRTMIN + 1, 2);
  BOOST_TEST(next(first) == 2);
  BOOST_TEST(next(second) == 2);
  BOOST_TEST(next(alone) == 2);
  more.open({SIGUSR2}, support::options());
  ::kill(::getpid(), SIGUSR2);
  BOOST_TEST(more.wait().number() == SIGUSR2);
}

// As many as come while there is no memory to hand them to other objects.
BOOST_AUTO_TEST_CASE(what_comes_without_memory_arrives_later)
{
  constexpr int count = 500;
  int errors = 0;
  std::vector<int> values[2];
  for (auto& some : values)
    some.reserve(count);
  {
    const no_memory none;
    for (int i = 0; i < count; ++i)
      send(SIGRTMIN, i);
    for (;;)
    {
      error_code ec;
      const auto info = first.try_wait(ec);
      errors += ec == net::error::no_memory ? 1 : 0;
      if (!info)
        break;
      values[0].push_back(info->value()->sival_int);
    }
  }
  if (support::source_name() == "kernel")
    BOOST_TEST(errors == 1);
  while (values[0].size() < count)
    values[0].push_back(next(first));
  while (values[1].size() < count)
    values[1].push_back(next(second));
  BOOST_TEST(are_all(values[0], count));
  BOOST_TEST(are_all(values[1], count));
  BOOST_TEST(!first.try_wait());
}

BOOST_AUTO_TEST_CASE(no_address_space_is_left)
{
  if (support::has_sanitizer)
    return; // theirs is all there is
  start_waits();
  BOOST_REQUIRE(waits_complete(0));
  start_waits();
  signal_fd more(context);
  const support::process_state before;
  error_code open_error;
  bool complete = false;
  int pending = 0;
  {
    const no_address_space none;
    more.open({SIGUSR2}, support::options(), open_error);
    complete = waits_complete(1);
    send(SIGRTMIN + 1, 2);
    pending = next(alone);
  }
  BOOST_TEST((open_error == net::error::no_memory));
  BOOST_TEST(!more.is_open());
  BOOST_TEST(support::returns_to(before));
  BOOST_TEST(complete);
  BOOST_TEST(pending == 2);
  more.open({SIGUSR2}, support::options());
  ::kill(::getpid(), SIGUSR2);
  BOOST_TEST(more.wait().number() == SIGUSR2);
}

// Without memory for a stack, there is no thread for a pipe.
BOOST_AUTO_TEST_CASE(no_address_space_for_the_first_object)
{
  if (support::has_sanitizer)
    return;
  const int number = SIGRTMIN + 7; // which is not blocked yet
  process child([=] { // no thread of the fixture's is here
    net::io_context fresh;
    signal_fd signals(fresh);
    const std::size_t before = support::count_descriptors();
    error_code ec;
    {
      const no_address_space none;
      signals.open({number}, support::options(), ec);
    }
    if (!ec || signals.is_open() || support::is_blocked(number))
      return 1;
    if (support::count_descriptors() > before + 3) // the reactor's
      return 2;
    signals.open({number}, support::options());
    ::kill(::getpid(), number);
    return signals.wait().number() == number ? 0 : 3;
  });
  BOOST_TEST(child.wait_for(support::child_bound()) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
