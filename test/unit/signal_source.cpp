// detail/signal_source: what is chosen, and when the pipe stands in for the
// kernel.

#include <sigfd/detail/signal_source.hpp>

#include "support/process.hpp"
#include "support/sandbox.hpp"

#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

namespace {

using boost::system::error_code;
using sigfd::source;
using sigfd::detail::signal_source;

// Opens and closes; the error, or 0 with what was chosen in kind.
int open(source wanted, source& kind)
{
  signal_source s;
  error_code ec;
  const auto fd = s.open(wanted, ec);
  if (!ec)
    kind = s.source();
  s.close();
  return ec.value();
}

} // namespace

BOOST_AUTO_TEST_CASE(is_what_was_asked_for)
{
  source kind = source::automatic;
  BOOST_TEST(open(source::automatic, kind) == 0);
  BOOST_TEST((kind == source::kernel));
  BOOST_TEST(open(source::kernel, kind) == 0);
  BOOST_TEST((kind == source::kernel));
  BOOST_TEST(open(source::pipe, kind) == 0);
  BOOST_TEST((kind == source::pipe));
}

BOOST_AUTO_TEST_CASE(automatic_falls_back_where_there_is_no_signalfd)
{
  for (const int error : {ENOSYS, EPERM, EINVAL})
  {
    support::process child([=] {
      if (!support::forbid_signalfd(error))
        return 1;
      source kind = source::automatic;
      if (open(source::automatic, kind) != 0 || kind != source::pipe)
        return 2;
      return open(source::kernel, kind) == error ? 0 : 3;
    });
    BOOST_TEST(child.wait() == 0);
  }
}

BOOST_AUTO_TEST_CASE(automatic_does_not_hide_any_other_error)
{
  for (const int error : {EMFILE, ENFILE, ENOMEM, EACCES})
  {
    support::process child([=] {
      if (!support::forbid_signalfd(error))
        return 1;
      source kind = source::automatic;
      return open(source::automatic, kind) == error ? 0 : 2;
    });
    BOOST_TEST(child.wait() == 0);
  }
}
