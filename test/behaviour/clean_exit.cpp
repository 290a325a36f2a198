// A second SIGTERM that comes while a program cleans up after the first. What
// main() blocked for good stays pending, and the program exits with its own
// status; what it blocked for a scope is unblocked at the end, and kills it.

#include <sigfd/signal_fd.hpp>
#include <sigfd/signal_mask.hpp>

#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/source.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

namespace {

namespace net = boost::asio;

// Whether another process could send this one SIGTERM.
bool is_sent_sigterm()
{
  const ::pid_t receiver = ::getpid();
  return support::process([=] { return ::kill(receiver, SIGTERM); }).wait()
      == 0;
}

// When the second SIGTERM comes.
enum class second
{
  while_open,
  when_closed
};

constexpr second both[] = {second::while_open, second::when_closed};

// What main() does after it has blocked SIGTERM; its exit status.
int run_until_sigterm(second when)
{
  net::io_context context;
  sigfd::signal_fd signals(context, {SIGTERM}, support::options());
  if (!is_sent_sigterm() || signals.wait() != SIGTERM)
    return 1;
  if (when == second::when_closed)
    signals.close();
  return is_sent_sigterm() ? 0 : 2; // the cleanup
}

// What waitpid(2) says of a process with this main().
template <typename Main>
int status_of(Main main)
{
  return support::process(main).wait_status();
}

bool is_clean(int status)
{
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool is_death_by_sigterm(int status)
{
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
}

} // namespace

BOOST_AUTO_TEST_SUITE(clean_exit)

BOOST_AUTO_TEST_CASE(a_program_that_blocks_for_good_exits_with_its_status)
{
  for (const second when : both)
    BOOST_TEST(is_clean(status_of([=] {
      sigfd::block_signals({SIGTERM});
      return run_until_sigterm(when);
    })));
}

BOOST_AUTO_TEST_CASE(so_does_one_that_only_opens)
{
  for (const second when : both)
    BOOST_TEST(is_clean(status_of([=] { return run_until_sigterm(when); })));
}

// Why block_signals exists.
BOOST_AUTO_TEST_CASE(a_program_that_blocks_for_a_scope_dies_at_its_end)
{
  for (const second when : both)
    BOOST_TEST(is_death_by_sigterm(status_of([=] {
      const sigfd::scoped_signal_block block({SIGTERM});
      return run_until_sigterm(when);
    })));
}

BOOST_AUTO_TEST_CASE(threads_inherit_what_is_blocked_for_good)
{
  BOOST_TEST(is_clean(status_of([] {
    sigfd::block_signals({SIGTERM});
    bool is_blocked = false;
    std::thread([&] { is_blocked = support::is_blocked(SIGTERM); }).join();
    return is_blocked && support::is_blocked(SIGTERM)
            && !support::is_blocked(SIGHUP)
        ? 0
        : 1;
  })));
}

BOOST_AUTO_TEST_SUITE_END()
