// The code of doc/guide.md about Boost.Process v2, compiled and run.

#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/optional.hpp> // Boost 1.81's process.hpp forgets it
#include <boost/process/v2/process.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/wait.h>

namespace bp = boost::process::v2;

BOOST_AUTO_TEST_CASE(boost_process_v2)
{
  boost::asio::io_context context;
  sigfd::signal_fd signals(context, SIGTERM);
  bp::process child(context, "/bin/sh", {"-c", "kill -s TERM $$; exit 1"},
      sigfd::default_signals());
  child.wait();
  BOOST_TEST(WIFSIGNALED(child.native_exit_code()));
  BOOST_TEST(WTERMSIG(child.native_exit_code()) == SIGTERM);
}
