// Where the executable exports its symbols, or the compiler makes them unique,
// what belongs to the process is there once: the plugin's copy uses the
// other's.

#include "copy.hpp"

#include <sigfd/signal_fd.hpp>

#include "support/process.hpp"
#include "support/sanitizer.hpp"
#include "support/wait_until.hpp"

#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <thread>

namespace {

using flags = sigfd::signal_fd::flags;
using plugin_test::copy;
using plugin_test::executable;
using plugin_test::load_plugin;
using plugin_test::received;
using plugin_test::wants_pipe;

} // namespace

BOOST_AUTO_TEST_SUITE(one_copy)

BOOST_AUTO_TEST_CASE(the_objects_of_both_hear_each_signal)
{
  support::process child([] {
    const copy& plugin = load_plugin();
    executable.open(SIGRTMIN, wants_pipe());
    plugin.open(SIGRTMIN, wants_pipe());
    for (int i = 0; i < 100; ++i)
    {
      if (!support::queue(::getpid(), SIGRTMIN, i))
        return 1;
      for (const copy* c : {&executable, &plugin})
      {
        received taken{};
        if (!support::wait_until([&] { return c->try_wait(taken); }))
          return 2;
        if (taken.value != i)
          return 3;
      }
    }
    executable.close();
    plugin.close();
    return 0;
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_CASE(strays_are_counted_together)
{
  if (support::has_thread_sanitizer)
    return; // it hands signals over late
  support::process child([] {
    const copy& plugin = load_plugin();
    std::uint64_t expected = 0;
    for (const copy* c : {&executable, &plugin})
    {
      c->open(SIGUSR1, wants_pipe());
      std::thread([] {
        ::sigset_t none;
        ::sigemptyset(&none);
        ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
        ::pthread_kill(::pthread_self(), SIGUSR1);
      }).join();
      ++expected;
      received taken{};
      if (!support::wait_until([&] { return c->try_wait(taken); }))
        return 1;
      c->close();
      if (executable.caught() != expected || plugin.caught() != expected)
        return 2;
    }
    return 0;
  });
  BOOST_TEST(child.wait() == 0);
}

// Whichever copy has the handler, the one that closes last knows it.
BOOST_AUTO_TEST_CASE(either_puts_the_action_back)
{
  for (const bool plugin_first : {false, true})
    for (const bool plugin_last : {false, true})
    {
      support::process child([&] {
        const copy& plugin = load_plugin();
        const auto is_default = [] {
          struct ::sigaction action{};
          ::sigaction(SIGUSR1, nullptr, &action);
          return action.sa_handler == SIG_DFL;
        };
        (plugin_first ? plugin : executable).open(SIGUSR1, wants_pipe());
        (plugin_first ? executable : plugin).open(SIGUSR1, wants_pipe());
        (plugin_last ? executable : plugin).close();
        if (is_default())
          return 1;
        (plugin_last ? plugin : executable).close();
        if (!is_default())
          return 2;
        (plugin_first ? executable : plugin).open(SIGUSR1, wants_pipe());
        (plugin_first ? executable : plugin).close();
        return is_default() ? 0 : 3;
      });
      BOOST_TEST(child.wait() == 0);
    }
}

BOOST_AUTO_TEST_CASE(flags_in_conflict_are_seen)
{
  for (const bool plugin_first : {false, true})
  {
    support::process child([&] {
      const copy& plugin = load_plugin();
      const copy& first = plugin_first ? plugin : executable;
      const copy& second = plugin_first ? executable : plugin;
      if (first.add_with_flags(SIGCHLD, int(flags::no_child_stop)) != 0)
        return 1;
      if (second.add_with_flags(SIGCHLD, int(flags::no_child_wait)) != EINVAL)
        return 2;
      first.close();
      return second.add_with_flags(SIGCHLD, int(flags::no_child_wait));
    });
    BOOST_TEST(child.wait() == 0);
  }
}

// What the pipe held when its object was closed, and the kernel would not take,
// waits for the next object, whose ever it is.
BOOST_AUTO_TEST_CASE(what_one_gives_back_the_other_delivers)
{
  for (const bool plugin_first : {false, true})
  {
    support::process child([&] {
      const copy& plugin = load_plugin();
      const copy& first = plugin_first ? plugin : executable;
      const copy& second = plugin_first ? executable : plugin;
      first.open(SIGRTMIN, true);
      if (!support::queue(::getpid(), SIGRTMIN, 7))
        return 1;
      ::pollfd readable{first.native_handle(), POLLIN, 0};
      if (!support::wait_until([&] { return ::poll(&readable, 1, 0) == 1; }))
        return 2;
      const ::rlimit none{0, 0};
      if (::setrlimit(RLIMIT_SIGPENDING, &none) == -1)
        return 3;
      first.close();
      second.open(SIGRTMIN, wants_pipe());
      received taken{};
      if (!second.try_wait(taken))
        return 4;
      return taken.number == SIGRTMIN && taken.value == 7 ? 0 : 5;
    });
    BOOST_TEST(child.wait() == 0);
  }
}

BOOST_AUTO_TEST_SUITE_END()
