// Boost.Process v1 reaps its children by a handler of SIGCHLD, which goes on
// running beside a signal_fd.

#include "support/reaping.hpp"

#include <boost/process/args.hpp>
#include <boost/process/async.hpp>
#include <boost/process/child.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>
#include <list>
#include <string>
#include <system_error>

namespace {

namespace process = boost::process;

struct fixture : support::reaping
{
  std::list<process::child> children;

  void check(bool opens_first)
  {
    reaping::check(
        [this](const std::string& command, std::function<void(int)> reaped) {
          return children
              .emplace_back(
                  "/bin/sh", "-c", command, context,
                  process::on_exit =
                      [reaped](int status, const std::error_code& ec) {
                        BOOST_TEST(!ec);
                        reaped(status);
                      })
              .id();
        },
        opens_first);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(reap_boost_process_v1, fixture)

BOOST_AUTO_TEST_CASE(after_a_signal_fd_it_reaps_every_child)
{
  check(true);
}

BOOST_AUTO_TEST_CASE(before_a_signal_fd_it_reaps_every_child)
{
  check(false);
}

BOOST_AUTO_TEST_SUITE_END()
