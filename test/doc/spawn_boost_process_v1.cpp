// The code of doc/guide.md about Boost.Process v1, compiled and run.

#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/extend.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/wait.h>

namespace bp = boost::process;

BOOST_AUTO_TEST_CASE(boost_process_v1)
{
  boost::asio::io_context context;
  sigfd::signal_fd signals(context, SIGTERM);
  bp::child child("/bin/sh", "-c", "kill -s TERM $$; exit 1",
      bp::extend::on_exec_setup = sigfd::default_signals());
  child.wait();
  BOOST_TEST(WIFSIGNALED(child.native_exit_code()));
  BOOST_TEST(WTERMSIG(child.native_exit_code()) == SIGTERM);
}
