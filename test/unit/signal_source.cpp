// detail/signal_source: what is chosen, and when the pipe stands in for the
// kernel.

#include <sigfd/detail/signal_source.hpp>
#include <sigfd/detail/stray_queue.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/sandbox.hpp"

#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <array>

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

// By a sandbox that came later. What the kernel still tells of is taken; what
// it does not is an error for whoever takes.
BOOST_AUTO_TEST_CASE(a_mask_that_the_kernel_refuses_is_set_when_it_is_needed)
{
  support::process child([] {
    const sigfd::signal_mask one{SIGUSR1};
    const sigfd::signal_mask two{SIGUSR1, SIGUSR2};
    sigfd::scoped_signal_block(two).release();
    std::array<sigfd::signal_info, 2> infos;
    signal_source s;
    error_code ec;
    const auto fd = s.open(source::kernel, ec, one);
    if (ec || !support::forbid_signalfd(EPERM))
      return 1;
    s.set_mask(two);
    s.set_mask(two); // it is tried again
    ::kill(::getpid(), SIGUSR1);
    if (!s.is_outdated() || s.take(infos) != -EPERM)
      return 2;
    s.set_mask({});
    if (!s.is_outdated() || s.take(infos) != 1 || infos[0] != SIGUSR1)
      return 3;
    s.close();
    return s.is_outdated() ? 4 : 0;
  });
  BOOST_TEST(child.wait() == 0);
}

// It came for a stray that somebody else has taken meanwhile.
BOOST_AUTO_TEST_CASE(a_wakeup_without_a_stray_is_nothing)
{
  const sigfd::signal_mask mask{SIGRTMIN};
  const sigfd::scoped_signal_block block(mask);
  std::array<sigfd::signal_info, 2> infos;
  signal_source s;
  error_code ec;
  const auto fd = s.open(source::kernel, ec, mask);
  BOOST_REQUIRE(!ec);
  sigfd::detail::strays.send_wakeup(SIGRTMIN);
  BOOST_TEST(support::is_pending(SIGRTMIN));
  BOOST_TEST(s.take(infos) == 0);
  BOOST_TEST(!support::is_pending(SIGRTMIN));
  s.close();
}
