// detail/signal_source: what is chosen, and when the pipe stands in for the
// kernel.

#include <sigfd/detail/signal_source.hpp>
#include <sigfd/detail/stray_queue.hpp>

#include "support/process.hpp"
#include "support/sandbox.hpp"

#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using boost::system::error_code;
using sigfd::source;
using sigfd::detail::signal_source;

// Opens and closes; the error, or 0 with what was chosen in kind.
int open(source wanted, source& kind)
{
  const sigfd::scoped_signal_block block({SIGUSR1});
  signal_source s;
  error_code ec;
  const auto fd = s.open({SIGUSR1}, wanted, ec);
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

// What the pipe's thread has written is delivered: it may be what somebody sent
// at the limit, and a stray that came since has a wake-up signal of its own.
BOOST_AUTO_TEST_CASE(a_bare_record_in_the_pipe_is_no_wakeup)
{
  support::process child([] {
    sigfd::scoped_signal_block({SIGRTMIN}).release();
    signal_source s;
    error_code ec;
    const auto fd = s.open({SIGRTMIN}, source::pipe, ec);
    const ::rlimit none{0, 0};
    if (ec || ::setrlimit(RLIMIT_SIGPENDING, &none) == -1
        || ::kill(::getpid(), SIGRTMIN) == -1)
      return 1;
    ::pollfd readable{fd.get(), POLLIN, 0};
    ::poll(&readable, 1, 30'000);
    ::siginfo_t raw{};
    raw.si_signo = SIGRTMIN;
    raw.si_code = SI_QUEUE;
    if (!sigfd::detail::strays.put(sigfd::signal_info(raw)))
      return 2;
    sigfd::signal_info info;
    if (s.take({&info, 1}, false) != 1 || info.code() != SI_USER)
      return 3;
    ::poll(&readable, 1, 30'000);
    return s.take({&info, 1}, false) == 1 && info.code() == SI_QUEUE ? 0 : 4;
  });
  BOOST_TEST(child.wait() == 0);
}
