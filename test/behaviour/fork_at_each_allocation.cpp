// Children that nobody told the library of, of a parent in which another thread
// is anywhere in its work on what it shares with them: it stops at each
// allocation and release of memory, and there a child is made.

#include <sigfd/signal_fd.hpp>

#include "support/no_room.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"
#include "support/take_all.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <thread>
#include <vector>

namespace {

namespace net = boost::asio;
using sigfd::signal_fd;
using support::child_bound;
using support::take_all;

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
  void* const memory = is_large ? ::mmap(nullptr, whole, PROT_READ | PROT_WRITE,
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

void restore_queue()
{
  ::rlimit limit;
  ::getrlimit(RLIMIT_SIGPENDING, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_SIGPENDING, &limit);
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
    support::process child(in_child, support::clone_process);
    ++forks;
    failed += child.wait_for(child_bound()) == 0 ? 0 : 1;
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

BOOST_AUTO_TEST_SUITE(fork_at_each_allocation)

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
      const support::no_room refused;
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
    if (!support::queue_range(::getpid(), number, 0, each))
      return 1;
    if (!support::wait_until([&] { return !support::is_pending(number); }))
      return 2;
    {
      const support::no_room refused;
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

BOOST_AUTO_TEST_SUITE_END()
