// What fork(2) copies of a process, and does not.

#include <sigfd/detail/fork_reset.hpp>

#include "support/process.hpp"
#include "support/sanitizer.hpp"
#include "support/wait_until.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using sigfd::detail::fork_reset_mutex;
using sigfd::detail::fork_reset_value;
using sigfd::detail::this_process;

namespace {

// Whether a thread of this process does, as the kernel says.
bool sleeps(::pid_t id)
{
  std::ifstream file("/proc/self/task/" + std::to_string(id) + "/stat");
  std::string text;
  std::getline(file, text);
  return text.find(") S ") != text.npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(fork_reset)

BOOST_AUTO_TEST_CASE(a_value_is_stored_exchanged_and_added_to)
{
  fork_reset_value value;
  BOOST_TEST(value.load() == 0u);
  BOOST_TEST(value.exchange(0, 3));
  BOOST_TEST(!value.exchange(0, 4));
  value.add(2);
  BOOST_TEST(value.load() == 5u);
  value.add(-5u);
  BOOST_TEST(value.load() == 0u);
  value.store(7);
  BOOST_TEST(value.load() == 7u);
}

BOOST_AUTO_TEST_CASE(threads_add_to_it)
{
  fork_reset_value value;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 10'000; ++k)
        value.add(1);
    });
  for (std::thread& thread : threads)
    thread.join();
  BOOST_TEST(value.load() == 40'000u);
}

BOOST_AUTO_TEST_CASE(in_a_child_it_is_0)
{
  fork_reset_value value;
  value.store(5);
  support::process child([&] {
    if (value.load() != 0 || !value.exchange(0, 1) || value.load() != 1)
      return 1;
    return 0;
  });
  BOOST_TEST(child.wait() == 0);
  support::process adding([&] {
    value.add(2);
    return value.load() == 2 ? 0 : 1;
  });
  BOOST_TEST(adding.wait() == 0);
  BOOST_TEST(value.load() == 5u);
}

BOOST_AUTO_TEST_CASE(the_child_of_vfork_shares_it)
{
  // It runs in the memory of its parent: what it does there is for both.
  if (support::has_thread_sanitizer)
    return; // makes a fork of it
  static fork_reset_value value;
  value.store(5);
  const ::pid_t child = ::vfork();
  if (child == 0)
  {
    value.add(1);
    ::_exit(0);
  }
  BOOST_REQUIRE(::waitpid(child, nullptr, 0) == child);
  BOOST_TEST(value.load() == 6u);
}

BOOST_AUTO_TEST_CASE(every_child_is_another_process)
{
  // Also one that the C library does not know of, whose handlers of
  // pthread_atfork(3) do not run.
  const auto own = this_process();
  BOOST_TEST(own != 0u);
  BOOST_TEST(this_process() == own);
  const auto pid = support::clone_process();
  if (pid == 0)
  {
    const auto child = this_process();
    const auto grandchild = support::clone_process();
    if (grandchild == 0)
    {
      const auto now = this_process();
      ::_exit(now != own && now != child ? 0 : 1);
    }
    int status = 1;
    ::waitpid(grandchild, &status, 0);
    ::_exit(child != own && status == 0 ? 0 : 1);
  }
  int status = 1;
  BOOST_REQUIRE(::waitpid(pid, &status, 0) == pid);
  BOOST_TEST(status == 0);
  BOOST_TEST(this_process() == own);
}

BOOST_AUTO_TEST_CASE(who_waits_for_a_value_is_woken)
{
  fork_reset_value value;
  std::thread thread([&] {
    value.store(1);
    value.notify();
  });
  while (value.load() == 0)
    value.wait(0);
  BOOST_TEST(value.load() == 1u);
  thread.join();
}

BOOST_AUTO_TEST_CASE(a_lock_is_held_by_one_thread)
{
  fork_reset_mutex mutex;
  long count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 10'000; ++k)
      {
        const std::lock_guard lock(mutex);
        ++count;
      }
    });
  for (std::thread& thread : threads)
    thread.join();
  BOOST_TEST(count == 40'000);
}

BOOST_AUTO_TEST_CASE(who_sleeps_before_a_lock_is_woken)
{
  fork_reset_mutex mutex;
  mutex.lock();
  std::atomic<::pid_t> id{0};
  std::thread thread([&] {
    id = ::gettid();
    const std::lock_guard lock(mutex);
  });
  BOOST_TEST(support::wait_until([&] { return id != 0 && sleeps(id); }));
  mutex.unlock();
  thread.join();
}

BOOST_AUTO_TEST_CASE(a_child_finds_a_lock_open)
{
  fork_reset_mutex mutex;
  mutex.lock();
  support::process child([&] {
    mutex.lock(); // for ever, if it were the parent's
    mutex.unlock();
    mutex.lock();
    return 0;
  });
  BOOST_TEST(child.wait() == 0);
  mutex.unlock();
}

BOOST_AUTO_TEST_SUITE_END()
