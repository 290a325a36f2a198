// Children of Boost.Process v2.

#include <sigfd/spawn.hpp>

#include "support/spawning.hpp"

#include <boost/optional.hpp> // Boost 1.81's process.hpp forgets it
#include <boost/process/v2/process.hpp>

#include <string>
#include <vector>

namespace {

namespace process = boost::process::v2;
using support::sleep_program;
using support::sleep_time;

} // namespace

BOOST_FIXTURE_TEST_SUITE(spawn_boost_process_v2, support::spawning)

BOOST_AUTO_TEST_CASE(without_the_initializer_a_child_inherits)
{
  process::process child(context, sleep_program, {sleep_time});
  const ::pid_t pid = child.id();
  child.detach();
  support::expect_inherited(*this, pid);
}

BOOST_AUTO_TEST_CASE(a_child_is_clean)
{
  process::process child(
      context, sleep_program, {sleep_time}, sigfd::default_signals());
  support::expect_clean(child.id());
  child.wait();
}

BOOST_AUTO_TEST_CASE(a_launcher_takes_it_too)
{
  const sigfd::default_signals clean;
  const std::vector<std::string> arguments{sleep_time};
  process::process child = process::default_process_launcher()(
      context.get_executor(), sleep_program, arguments, clean);
  support::expect_clean(child.id());
  child.wait();
}

BOOST_AUTO_TEST_CASE(the_parent_goes_on_getting_its_signals)
{
  process::process child(
      context, sleep_program, {sleep_time}, sigfd::default_signals());
  ::kill(::getpid(), SIGTERM);
  while (signals.wait() != SIGTERM)
    continue;
  support::expect_clean(child.id());
  child.wait();
}

BOOST_AUTO_TEST_SUITE_END()
