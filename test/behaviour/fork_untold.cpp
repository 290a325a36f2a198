// Children that nobody told the library of: by notify_fork, because they only
// exit; by pthread_atfork(3), because _Fork(3) and clone(2) do not; by another
// process ID, because they have the parent's in a namespace of their own. They
// get nothing of the parent's, take nothing away from it, and do not hang on a
// lock of a thread that they do not have.

#include <sigfd/signal_fd.hpp>
#include <sigfd/stray_counts.hpp>

#include "support/drain.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"
#include "support/unblocked_threads.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <thread>
#include <vector>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;
using support::outcome;

constexpr std::chrono::seconds bound{10}; // for a child

// Whether a thread stops at each allocation and release of memory, until
// somebody lets it go on.
thread_local bool stops = false;
std::atomic<unsigned> stopped{0};
std::atomic<unsigned> let_go{0};
std::atomic<void*> released_last{nullptr}; // where it stopped for that

void stop_here(void* released = nullptr) noexcept
{
  if (!stops)
    return;
  released_last = released;
  const unsigned here = ++stopped;
  while (let_go.load() < here)
    ::usleep(50);
}

// What comes before each piece of memory; the large ones are pages of their
// own, which cannot be touched after their release.
struct alignas(std::max_align_t) piece
{
  std::size_t pages; // in bytes, or 0
};

void* allocate(std::size_t size)
{
  const std::size_t whole = size + sizeof(piece);
  const bool is_large = size >= 1'024;
  void* const memory = is_large
      ? ::mmap(nullptr, whole, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      : std::malloc(whole);
  if (memory == nullptr || memory == MAP_FAILED)
    throw std::bad_alloc();
  return ::new (memory) piece{is_large ? whole : 0} + 1;
}

void release(void* memory) noexcept
{
  if (memory == nullptr)
    return;
  // malloc(3) does not see every second release of the same.
  if (memory == released_last.load())
    std::abort();
  piece* const p = static_cast<piece*>(memory) - 1;
  if (p->pages != 0)
    ::munmap(p, p->pages);
  else
    std::free(p);
}

// The soft limit of signals that may be pending, 0 for the time of a test: what
// needs memory of the kernel is refused.
class no_queue
{
public:
  no_queue()
  {
    ::getrlimit(RLIMIT_SIGPENDING, &old_);
    const ::rlimit none{0, old_.rlim_max};
    ::setrlimit(RLIMIT_SIGPENDING, &none);
  }

  no_queue(const no_queue&) = delete;
  no_queue& operator=(const no_queue&) = delete;

  ~no_queue()
  {
    ::setrlimit(RLIMIT_SIGPENDING, &old_);
  }

private:
  ::rlimit old_;
};

void restore_queue()
{
  ::rlimit limit;
  ::getrlimit(RLIMIT_SIGPENDING, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_SIGPENDING, &limit);
}

void change_mask(int how, int number)
{
  ::sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, number);
  ::pthread_sigmask(how, &only, nullptr);
}

// What is called in each child of fork(3) before any other function that was
// registered for that.
void (*first_in_child)() = nullptr;

[[gnu::constructor(101)]] void register_first()
{
  ::pthread_atfork(nullptr, nullptr, [] {
    if (first_in_child != nullptr)
      first_in_child();
  });
}

::pid_t clone_process()
{
  return static_cast<::pid_t>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

// The ways in which the system makes a child.
std::vector<::pid_t (*)()> ways()
{
  std::vector<::pid_t (*)()> all = {::fork, clone_process};
  if (void* const found = ::dlsym(RTLD_DEFAULT, "_Fork")) // since glibc 2.34
    all.push_back(reinterpret_cast<::pid_t (*)()>(found));
  else
    BOOST_TEST_MESSAGE("no _Fork");
  return all;
}

// The values of all signals that an object finds, once there are so many, and a
// moment later. A child must not take as long as one that hangs.
std::multiset<int> take_all(signal_fd& signals, std::size_t expected)
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
  const auto end = std::chrono::steady_clock::now() + bound / 4;
  while (!take() && std::chrono::steady_clock::now() < end)
    ::usleep(200);
  ::usleep(20'000);
  take();
  return values;
}

// A parent in which signals wait that the kernel did not take back: strays, or
// what a pipe held.
struct holding_parent
{
  static constexpr int count = 5;

  net::io_context context;
  signal_fd signals{context, {SIGRTMIN}, support::options()};

  holding_parent()
  {
    const auto caught = sigfd::count_strays().caught;
    for (int i = 0; i < count; ++i)
      BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
    if (signals.source() == sigfd::source::pipe)
    {
      BOOST_REQUIRE(
          support::wait_until([] { return !support::is_pending(SIGRTMIN); }));
      const no_queue refused;
      signals.close();
    }
    else
    {
      const no_queue refused;
      support::unblocked_threads threads(count); // each catches one
      BOOST_REQUIRE(support::wait_until([&] {
        return sigfd::count_strays().caught - caught >= count;
      }));
    }
  }

  ~holding_parent()
  {
    signals.close();
    support::drain(SIGRTMIN);
  }

  // Whether the parent gets them, once each. The number alone may come, too.
  bool gets_its_own()
  {
    if (!signals.is_open())
      signals.open({SIGRTMIN}, support::options());
    std::multiset<int> values = take_all(signals, count);
    values.erase(-1);
    return values == std::multiset<int>{0, 1, 2, 3, 4};
  }
};

// In the child: whether an object of its own finds just this.
bool finds(const std::multiset<int>& expected)
{
  net::io_context context;
  signal_fd signals(context, {SIGRTMIN}, support::options());
  std::multiset<int> values = take_all(signals, expected.size());
  values.erase(-1);
  return values == expected;
}

// In the child: catches a signal.
void catch_own()
{
  change_mask(SIG_UNBLOCK, SIGRTMIN);
  support::queue(::getpid(), SIGRTMIN, 1'000);
}

// In the child: catches a signal that the kernel does not take back.
void catch_own_without_queue()
{
  change_mask(SIG_BLOCK, SIGRTMIN);
  support::queue(::getpid(), SIGRTMIN, 1'000);
  const no_queue refused;
  change_mask(SIG_UNBLOCK, SIGRTMIN);
}

// Runs a function in a thread, and wherever that stops, forks a child that runs
// another; how many of them failed.
template <typename Function, typename In_child>
int fork_at_each_stop(Function function, In_child in_child)
{
  std::atomic<bool> done{false};
  std::thread stopping([&] {
    function();
    released_last = nullptr;
    done = true;
  });
  int forks = 0;
  int failed = 0;
  while (!done)
  {
    if (stopped.load() == let_go.load())
    {
      ::usleep(50);
      continue;
    }
    support::process child(in_child, clone_process);
    ++forks;
    failed += child.wait_for(bound) == 0 ? 0 : 1;
    ++let_go;
  }
  stopping.join();
  BOOST_TEST_MESSAGE(forks << " forks");
  BOOST_TEST(forks > 0);
  return failed;
}

bool has_pipe()
{
  return support::test_source() == sigfd::source::pipe;
}

} // namespace

void* operator new(std::size_t size)
{
  void* const memory = allocate(size);
  void* reused = memory;
  released_last.compare_exchange_strong(reused, nullptr);
  stop_here();
  return memory;
}

// AddressSanitizer has one of its own that does not call the other.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept
{
  return ::operator new(size);
}

void operator delete(void* memory) noexcept
{
  release(memory);
  stop_here(memory);
}

void operator delete(void* memory, std::size_t) noexcept
{
  release(memory);
  stop_here(memory);
}

BOOST_AUTO_TEST_SUITE(fork_untold)

// As a global object is destroyed in a child that calls exit(3), while the
// parent's other threads hold locks of all kinds.
BOOST_AUTO_TEST_CASE(a_child_that_exits_does_not_hang)
{
  auto& context = *new net::io_context; // its threads end with the process
  auto* const signals
      = new signal_fd(context, {SIGRTMIN, SIGUSR1}, support::options());
  auto work = net::make_work_guard(context);
  std::atomic<bool> end{false};
  std::atomic<int> outstanding{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] { context.run(); });
  threads.emplace_back([&] { // the one that uses the object
    std::array<signal_info, 4> infos;
    for (int i = 0; !end; ++i)
    {
      if (outstanding < 20)
      {
        ++outstanding;
        signals->async_wait(
            [&](error_code, const signal_info&) { --outstanding; });
      }
      (void)signals->try_wait();
      (void)signals->try_wait_some(infos);
      support::queue(::getpid(), SIGRTMIN, i);
      if (i % 5 == 0)
        signals->cancel();
    }
  });
  threads.emplace_back([&] { // one that uses another of the same context
    while (!end)
      signal_fd(context, {SIGRTMIN + 1, SIGUSR1}, support::options()).close();
  });

  int hung = 0;
  int failed = 0;
  // The sanitizers' allocators keep their locks over a fork, too.
  const int forks = support::has_sanitizer ? 50 : 400;
  for (int i = 0; i < forks && hung < 3; ++i)
  {
    support::process child([&] {
      delete signals;
      return 0;
    });
    const int status = child.wait_for(bound);
    hung += status == -2 ? 1 : 0;
    failed += status != 0 ? 1 : 0;
  }
  BOOST_TEST(hung == 0);
  BOOST_TEST(failed == 0);

  end = true;
  threads[2].join();
  threads[3].join();
  context.stop();
  threads[0].join();
  threads[1].join();
  delete signals;
  work.reset();
  delete &context;
  support::drain(SIGRTMIN);
}

BOOST_AUTO_TEST_CASE(a_child_with_the_parents_process_id_leaves_it_its_own)
{
  constexpr int refused = 99;
  for (const bool only_destroys : {false, true})
  {
    support::process outside([&] {
      if (::unshare(CLONE_NEWPID) == -1
          && ::unshare(CLONE_NEWUSER | CLONE_NEWPID) == -1)
        return refused;
      support::process first([&] {
        net::io_context context;
        std::optional<signal_fd> signals(std::in_place, context,
            sigfd::signal_mask{SIGRTMIN}, support::options());
        outcome<signal_info> wait;
        signals->async_wait(wait.handler());
        context.poll();
        if (::unshare(CLONE_NEWPID) == -1)
          return refused;
        support::process child([&] {
          if (only_destroys)
            signals.reset();
          else
            signals->close();
          return ::getpid() == 1 ? 0 : 1;
        });
        if (const int status = child.wait_for(bound))
          return status == -2 ? 10 : 11;
        if (!support::queue(::getpid(), SIGRTMIN, 7))
          return 12;
        context.run_for(bound);
        return ::getpid() == 1 && wait.succeeded() ? 0 : 13;
      });
      return first.wait();
    });
    const int status = outside.wait_for(3 * bound);
    if (status == refused)
      BOOST_TEST_MESSAGE("skipped: no namespaces");
    else
      BOOST_TEST(status == 0);
  }
}

// For each way to make a child.
BOOST_AUTO_TEST_CASE(a_child_does_not_get_what_waits_in_the_parent)
{
  if (support::has_thread_sanitizer)
    return; // no strays there
  for (const auto way : ways())
  {
    holding_parent parent;
    support::process child([] { return finds({}) ? 0 : 1; }, way);
    BOOST_TEST(child.wait_for(bound) == 0);
    BOOST_TEST(parent.gets_its_own());
  }
}

// Also not by giving it back to the kernel, or forgetting it for both.
BOOST_AUTO_TEST_CASE(a_child_does_not_lose_what_it_catches)
{
  if (support::has_thread_sanitizer)
    return;
  for (const auto catch_one : {catch_own, catch_own_without_queue})
    for (const auto way : ways())
    {
      holding_parent parent;
      support::process child(
          [&] {
            // The handler is there as long as an object watches.
            net::io_context context;
            signal_fd signals(
                context, {SIGRTMIN}, {.source = sigfd::source::kernel});
            catch_one();
            return finds({1'000}) && finds({}) ? 0 : 1;
          },
          way);
      BOOST_TEST(child.wait_for(bound) == 0);
      BOOST_TEST(parent.gets_its_own());
    }
}

// Nor what it catches before anybody can have been told that it is a child.
BOOST_AUTO_TEST_CASE(a_child_does_not_lose_what_it_catches_at_once)
{
  if (support::has_thread_sanitizer)
    return;
  for (const auto catch_one : {catch_own, catch_own_without_queue})
  {
    net::io_context context;
    signal_fd signals(context, {SIGRTMIN}, support::options());
    first_in_child = catch_one;
    support::process child([] { return finds({1'000}) ? 0 : 1; });
    first_in_child = nullptr;
    BOOST_TEST(child.wait_for(bound) == 0);
    BOOST_TEST(!signals.try_wait());
  }
}

// While a thread of the parent is somewhere in the growing store of what the
// kernel refused.
BOOST_AUTO_TEST_CASE(a_child_has_a_store_that_is_whole)
{
  if (!has_pipe())
    return; // only a pipe gives back so much
  constexpr int numbers = 8;
  constexpr int each = 60;
  const auto grow = [] {
    for (int n = SIGRTMIN; n < SIGRTMIN + numbers; ++n)
    {
      net::io_context context;
      signal_fd signals(context, {n}, support::options());
      for (int i = 0; i < each; ++i)
        support::queue(::getpid(), n, i);
      support::wait_until([&] { return !support::is_pending(n); });
      const no_queue refused;
      stops = true;
      signals.close();
      stops = false;
    }
  };

  const auto use_store = [] {
    restore_queue();
    constexpr int number = 40 + numbers;
    net::io_context context;
    signal_fd signals(context, {number}, support::options());
    for (int i = 0; i < each; ++i)
      if (!support::queue(::getpid(), number, i))
        return 1;
    if (!support::wait_until([&] { return !support::is_pending(number); }))
      return 2;
    {
      const no_queue refused;
      signals.close();
    }
    sigfd::signal_mask all{number};
    for (int n = SIGRTMIN; n < SIGRTMIN + numbers; ++n)
      all.add(n);
    signals.open(all, support::options());
    const auto values = take_all(signals, each);
    return values.size() == each && *values.begin() == 0 ? 0 : 3;
  };
  BOOST_TEST(fork_at_each_stop(grow, use_store) == 0);
  net::io_context context;
  for (int n = SIGRTMIN; n < SIGRTMIN + numbers; ++n)
  {
    signal_fd signals(context, {n}, support::options());
    BOOST_TEST(take_all(signals, each).size() == each);
  }
}

// While the context's list of objects grows.
BOOST_AUTO_TEST_CASE(a_child_destroys_a_context_in_which_objects_are_opened)
{
  if (support::has_thread_sanitizer)
    return; // Asio's own mutex is destroyed while the parent had it locked
  auto& context = *new net::io_context;
  std::vector<std::unique_ptr<signal_fd>> all;
  for (int i = 0; i < 10; ++i)
    all.push_back(std::make_unique<signal_fd>(context));
  const auto open_all = [&] {
    stops = true;
    for (const auto& signals : all)
      signals->open({SIGRTMIN}, support::options());
    stops = false;
  };
  const auto destroy = [&] {
    delete &context;
    return 0;
  };
  BOOST_TEST(fork_at_each_stop(open_all, destroy) == 0);
  all.clear();
  delete &context;
}

// What the child has of the actions and of the memory is not of one moment, if
// another thread of the parent changes both.
BOOST_AUTO_TEST_CASE(a_child_catches_although_another_thread_opens_and_closes)
{
  if (support::has_sanitizer)
    return; // a child cannot allocate while the parent's allocator is locked
  change_mask(SIG_BLOCK, SIGRTMIN);
  std::atomic<bool> end{false};
  std::thread opening([&] {
    net::io_context context;
    while (!end)
      signal_fd(context, {SIGRTMIN}, support::options()).close();
  });
  int failed = 0;
  for (int i = 0; i < 300; ++i)
  {
    support::process child([] {
      net::io_context context;
      signal_fd signals(context, {SIGRTMIN}, support::options());
      catch_own();
      return take_all(signals, 1) == std::multiset<int>{1'000} ? 0 : 1;
    });
    failed += child.wait_for(bound) == 0 ? 0 : 1;
  }
  BOOST_TEST(failed == 0);
  end = true;
  opening.join();
}

BOOST_AUTO_TEST_SUITE_END()
