// Children of Boost.Process v1.

#include <sigfd/spawn.hpp>

#include "support/spawning.hpp"

#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/extend.hpp>

namespace {

namespace process = boost::process;
using support::sleep_program;
using support::sleep_time;

} // namespace

BOOST_FIXTURE_TEST_SUITE(spawn_boost_process_v1, support::spawning)

BOOST_AUTO_TEST_CASE(without_the_handler_a_child_inherits)
{
  process::child child(sleep_program, sleep_time);
  const ::pid_t pid = child.id();
  child.detach();
  support::expect_inherited(*this, pid);
}

BOOST_AUTO_TEST_CASE(a_child_is_clean)
{
  process::child child(sleep_program, sleep_time,
      process::extend::on_exec_setup = sigfd::default_signals());
  support::expect_clean(child.id());
  child.wait();
}

BOOST_AUTO_TEST_CASE(a_handler_that_comes_later_has_the_last_word)
{
  process::child child(
      sleep_program, sleep_time,
      process::extend::on_exec_setup = sigfd::default_signals(),
      process::extend::on_exec_setup = [](auto&) {
        ::signal(SIGHUP, SIG_IGN);
      });
  support::await_exec(child.id());
  const support::signal_sets sets = support::signals_of(child.id());
  BOOST_TEST(sets.ignored == support::bits({SIGHUP}));
  BOOST_TEST(sets.blocked == 0u);
  child.terminate();
}

BOOST_AUTO_TEST_SUITE_END()
