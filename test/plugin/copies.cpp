// The executable's copy of the library, or that of a plugin in its place, and
// another plugin's: a signal reaches either, and nothing of them stays behind
// in the actions, in whatever order they go.
//
// Each case is a child process, which loads the plugin itself.

#include "copy.hpp"

#include "support/process.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/test/unit_test.hpp>

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace plugin_test {

namespace {

void* handle = nullptr;

} // namespace

const copy& load(const char* file, void*& loaded)
{
  loaded = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
  void* const symbol = loaded == nullptr ? nullptr
                                         : ::dlsym(loaded, get_copy_name);
  if (symbol == nullptr)
  {
    std::fprintf(stderr, "%s\n", ::dlerror());
    std::abort();
  }
  return *reinterpret_cast<get_copy*>(symbol)();
}

const copy& load_plugin()
{
  return load(SIGFD_TEST_PLUGIN, handle);
}

bool wants_pipe()
{
  return support::test_source() == sigfd::source::pipe;
}

} // namespace plugin_test

namespace {

using plugin_test::copy;
using plugin_test::executable;
using plugin_test::load_plugin;
using plugin_test::received;
using plugin_test::wants_pipe;

// What a signal did before any copy watched it.
enum class previous
{
  by_default,
  ignored,
  handled
};

std::atomic<int> handled{0};

void set_action(int number, previous action)
{
  switch (action)
  {
  case previous::by_default:
    ::signal(number, SIG_DFL);
    break;
  case previous::ignored:
    ::signal(number, SIG_IGN);
    break;
  case previous::handled:
    ::signal(number, [](int) { ++handled; });
    break;
  }
}

// Runs a function in a thread that blocks nothing. A signal that it sends to
// itself, or to the process while no other thread takes it, has been handled
// when the function that sends it returns.
template <typename Function>
void in_unblocked_thread(Function function)
{
  std::thread([&] {
    ::sigset_t none;
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    function();
  }).join();
}

// Opens, closes and unloads in an order: each 'e' is the executable's next
// step, of two, and each 'p' the plugin's, of two or three.
void go_through(const std::string& order, int number)
{
  const copy* plugin = nullptr;
  int executable_step = 0;
  int plugin_step = 0;
  for (const char who : order)
    if (who == 'e')
    {
      if (executable_step++ == 0)
        executable.open(number, wants_pipe());
      else
        executable.close();
    }
    else
      switch (plugin_step++)
      {
      case 0:
        plugin = &load_plugin();
        plugin->open(number, wants_pipe());
        break;
      case 1:
        plugin->close();
        break;
      default:
        ::dlclose(plugin_test::handle);
      }
}

// The same order with the two in each other's place.
std::string swapped(std::string order)
{
  for (char& who : order)
    who = who == 'e' ? 'p' : 'e';
  return order;
}

// That a signal does what it did before, once all copies have closed, and again
// the other way round; and that another object of the executable gets it then.
// The exit status says what was wrong.
int after(const std::string& order, int number, previous action)
{
  const ::rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  set_action(number, action);
  go_through(order, number);
  go_through(swapped(order), number);
  for (int i = 1; i <= 2; ++i)
  {
    in_unblocked_thread([&] { ::kill(::getpid(), number); });
    if (handled != (action == previous::handled ? i : 0))
      return 1;
  }
  executable.open(number, wants_pipe());
  in_unblocked_thread([&] { ::kill(::getpid(), number); });
  received taken{};
  if (!support::wait_until([&] { return executable.try_wait(taken); })
      || taken.number != number || taken.code != SI_USER)
    return 2;
  executable.close();
  return 0;
}

// All orders of some steps, for each signal and action.
void test_orders(std::string order)
{
  do
    for (const int number : {SIGTERM, SIGCHLD, SIGRTMIN})
      for (const previous action :
          {previous::by_default, previous::ignored, previous::handled})
        BOOST_TEST_CONTEXT("order " << order << ", signal " << number
                                    << ", action " << int(action))
        {
          support::process child([&] { return after(order, number, action); });
          const int status = child.wait_status();
          if (action == previous::by_default && number != SIGCHLD)
          {
            BOOST_TEST(WIFSIGNALED(status));
            BOOST_TEST(WTERMSIG(status) == number);
          }
          else
            BOOST_TEST(status == 0);
        }
  while (std::next_permutation(order.begin(), order.end()));
}

} // namespace

BOOST_AUTO_TEST_SUITE(copies)

// The handler is that of the copy that opened last; with the kernel as its
// source it takes nothing unless it waits.
BOOST_AUTO_TEST_CASE(a_stray_reaches_a_wait_of_the_other_copy)
{
  for (const bool plugin_waits : {false, true})
    for (const int number : {SIGUSR1, SIGRTMIN})
      BOOST_TEST_CONTEXT((plugin_waits ? "the plugin" : "the executable")
          << " waits for signal " << number)
      {
        support::process child([&] {
          const copy& plugin = load_plugin();
          const copy& waiting = plugin_waits ? plugin : executable;
          const copy& handling = plugin_waits ? executable : plugin;
          waiting.open(number, wants_pipe());
          handling.open(number, false);
          for (int i = 1; i <= 20; ++i)
          {
            waiting.start_wait();
            in_unblocked_thread([&] {
              ::sigval value{};
              value.sival_int = i;
              if (::pthread_sigqueue(::pthread_self(), number, value) != 0)
                ::_exit(1);
            });
            received taken{};
            if (!waiting.finish_wait(taken))
              return 2;
            if (taken.number != number || taken.code != SI_QUEUE
                || taken.value != i)
              return 3;
          }
          return handling.caught() >= 20 ? 0 : 4;
        });
        BOOST_TEST(child.wait() == 0);
      }
}

BOOST_AUTO_TEST_CASE(both_copies_together_get_each_stray_once)
{
  support::process child([] {
    const copy& plugin = load_plugin();
    executable.open_to_compete(SIGRTMIN, wants_pipe());
    plugin.open_to_compete(SIGRTMIN, wants_pipe());
    std::vector<int> times(200);
    for (std::size_t i = 0; i < times.size(); ++i)
      in_unblocked_thread([&] {
        if (!support::queue(::getpid(), SIGRTMIN, static_cast<int>(i)))
          ::_exit(1);
      });
    std::size_t arrived = 0;
    received taken{};
    support::wait_until([&] {
      for (const copy* c : {&executable, &plugin})
        while (c->try_wait(taken))
        {
          if (taken.code == SI_QUEUE)
            ++times.at(static_cast<std::size_t>(taken.value));
          ++arrived;
        }
      return arrived >= times.size();
    });
    if (arrived != times.size())
      return 2;
    return std::count(times.begin(), times.end(), 1)
            == static_cast<std::ptrdiff_t>(times.size())
        ? 0
        : 3;
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_CASE(the_previous_action_is_back_after_closing_in_any_order)
{
  test_orders("eepp");
}

BOOST_AUTO_TEST_CASE(nor_does_unloading_leave_anything)
{
  test_orders("eeppp");
  test_orders("ppp");
}

BOOST_AUTO_TEST_SUITE_END()
