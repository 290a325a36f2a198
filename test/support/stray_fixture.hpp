// A process that has not opened anything, and has nothing left of it at the
// end.

#ifndef SIGFD_TEST_SUPPORT_STRAY_FIXTURE_HPP
#define SIGFD_TEST_SUPPORT_STRAY_FIXTURE_HPP

#include <sigfd/signal_mask.hpp>

#include "process_state.hpp"
#include "sanitizer.hpp"
#include "unblock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>

namespace support {

// Signals of these tests are unblocked in the main thread, as in a program that
// has not opened anything yet.
struct stray_fixture
{
  stray_fixture()
  {
    unblock_all();
  }

  ~stray_fixture()
  {
    for (int n : sigfd::signal_mask::all())
    {
      if (!has_sanitizer) // theirs look alike
        BOOST_TEST(!has_siginfo_handler(n));
      ::signal(n, SIG_IGN); // discards what is pending
      ::signal(n, SIG_DFL);
    }
  }

  boost::asio::io_context context;
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_STRAY_FIXTURE_HPP
