// Boost.Process v2 reaps its children by pidfd_open(2), or, where it is told
// not to, by signal sets: both beside a signal_fd.

#include "support/reaping.hpp"

#include <boost/optional.hpp> // Boost 1.81's process.hpp forgets it
#include <boost/process/v2/process.hpp>
#include <boost/system/error_code.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>
#include <list>
#include <string>
#include <vector>

namespace {

namespace process = boost::process::v2;

struct fixture : support::reaping
{
  std::list<process::process> children;

  void check(bool opens_first)
  {
    reaping::check(
        [this](const std::string& command, std::function<void(int)> reaped) {
          const std::vector<std::string> arguments{"-c", command};
          auto& child = children.emplace_back(context, "/bin/sh", arguments);
          child.async_wait([reaped](boost::system::error_code ec, int status) {
            BOOST_TEST(!ec);
            reaped(status);
          });
          return child.id();
        },
        opens_first);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(reap_boost_process_v2, fixture)

BOOST_AUTO_TEST_CASE(after_a_signal_fd_it_reaps_every_child)
{
  check(true);
}

BOOST_AUTO_TEST_CASE(before_a_signal_fd_it_reaps_every_child)
{
  check(false);
}

BOOST_AUTO_TEST_SUITE_END()
