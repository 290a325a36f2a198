// What fails in opening and in changing the set, or because nothing is open. It
// says why, and leaves nothing behind.

#include <sigfd/signal_fd.hpp>

#include "support/no_descriptors.hpp"
#include "support/open_close.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/sandbox.hpp"
#include "support/source.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using boost::system::system_error;
using sigfd::mask_policy;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;
using support::gets;

} // namespace

BOOST_FIXTURE_TEST_SUITE(open_failures, support::open_close_fixture)

BOOST_AUTO_TEST_CASE(opening_an_open_object_is_an_error)
{
  signal_fd signals(context, {SIGUSR1}, support::options());
  const int fd = signals.native_handle();
  error_code ec;
  signals.open({SIGUSR2}, support::options(), ec);
  BOOST_TEST((ec == net::error::already_open));
  BOOST_CHECK_THROW(signals.open({SIGUSR2}), system_error);
  BOOST_TEST(signals.native_handle() == fd);
  BOOST_TEST((signals.signals() == signal_mask{SIGUSR1}));
  BOOST_TEST(!support::is_blocked(SIGUSR2));
}

BOOST_AUTO_TEST_CASE(what_is_not_open_answers_as_it_should)
{
  signal_fd signals(context);
  error_code ec;
  std::array<signal_info, 2> infos;

  signals.update({SIGUSR1}, ec);
  BOOST_TEST((ec == net::error::bad_descriptor));
  signals.wait(ec);
  BOOST_TEST((ec == net::error::bad_descriptor));
  signals.try_wait(ec);
  BOOST_TEST((ec == net::error::bad_descriptor));
  signals.wait_some(infos, ec);
  BOOST_TEST((ec == net::error::bad_descriptor));
  signals.try_wait_some(infos, ec);
  BOOST_TEST((ec == net::error::bad_descriptor));
  BOOST_CHECK_THROW(signals.update({SIGUSR1}), system_error);
  BOOST_CHECK_THROW(signals.wait(), system_error);
  BOOST_CHECK_THROW(signals.try_wait(), system_error);
  BOOST_CHECK_THROW(signals.wait_some(infos), system_error);
  BOOST_CHECK_THROW(signals.try_wait_some(infos), system_error);

  support::outcome<signal_info> one;
  support::outcome<std::size_t> some;
  support::outcome<std::size_t> none;
  signals.async_wait(one.handler());
  signals.async_wait_some(infos, some.handler());
  signals.async_wait_some({}, none.handler());
  BOOST_TEST(one.completions == 0);
  context.run();
  BOOST_TEST(one.failed_with(net::error::bad_descriptor));
  BOOST_TEST(some.failed_with(net::error::bad_descriptor));
  BOOST_TEST(none.failed_with(net::error::bad_descriptor));

  signals.remove(SIGUSR1, ec);
  BOOST_TEST(!ec);
  signals.clear(ec);
  BOOST_TEST(!ec);
  signals.cancel(ec);
  BOOST_TEST(!ec);
  signals.close(ec);
  BOOST_TEST(!ec);
  signals.remove(SIGUSR1);
  signals.clear();
  signals.cancel();
  signals.close();
  BOOST_TEST(!signals.is_open());
}

BOOST_AUTO_TEST_CASE(a_signal_that_cannot_be_watched_is_named)
{
  struct
  {
    int number;
    std::string name;
  } const refused[] = {{-1, "-1"}, {0, "0"}, {65, "65"}, {32, "32"}, {33, "33"},
      {SIGKILL, "SIGKILL"}, {SIGSTOP, "SIGSTOP"}, {SIGILL, "SIGILL"},
      {SIGFPE, "SIGFPE"}, {SIGSEGV, "SIGSEGV"}};
  signal_fd signals(context, {SIGUSR1}, support::options());
  const support::process_state before;
  for (const auto& [number, name] : refused)
  {
    const auto names_it = [expected = name](const system_error& e) {
      return e.code() == net::error::invalid_argument
          && std::string(e.what()).find(expected) != std::string::npos;
    };
    BOOST_CHECK_EXCEPTION(signals.add(number), system_error, names_it);
    BOOST_CHECK_EXCEPTION(
        signal_fd(context, SIGUSR2, number), system_error, names_it);
    error_code ec;
    signals.add(number, ec);
    BOOST_TEST((ec == net::error::invalid_argument));
    BOOST_TEST((signals.signals() == signal_mask{SIGUSR1}));

    signal_fd closed(context);
    closed.add(number, ec);
    BOOST_TEST((ec == net::error::invalid_argument));
    BOOST_TEST(!closed.is_open());
  }
  error_code ec;
  signals.remove(65, ec);
  BOOST_TEST((ec == net::error::invalid_argument));
  BOOST_CHECK_THROW(signals.remove(0), system_error);
  BOOST_TEST(support::process_state() == before);
  BOOST_TEST(gets(signals, SIGUSR1));
}

BOOST_AUTO_TEST_CASE(no_descriptor_left_changes_nothing)
{
  signal_fd opened(context, {SIGHUP}, support::options());
  signal_fd signals(context);
  const support::process_state before;

  std::optional<support::no_descriptors> none(std::in_place);
  error_code ec;
  signals.open({SIGUSR1, SIGUSR2}, support::options(), ec);
  error_code add_error;
  signals.add(SIGUSR1, add_error);
  bool thrown = false;
  try
  {
    signal_fd third(context, {SIGUSR1}, support::options());
  }
  catch (const system_error& e)
  {
    thrown = e.code() == boost::system::errc::too_many_files_open;
  }

  none.reset();

  BOOST_TEST((ec == boost::system::errc::too_many_files_open));
  BOOST_TEST((add_error == boost::system::errc::too_many_files_open));
  BOOST_TEST(thrown);
  BOOST_TEST(!signals.is_open());
  BOOST_TEST(support::returns_to(before));
  BOOST_TEST(gets(opened, SIGHUP));

  signals.open({SIGUSR1}, support::options());
  BOOST_TEST(gets(signals, SIGUSR1));
}

#if defined(BOOST_ASIO_HAS_EPOLL) // the others refuse nothing

BOOST_AUTO_TEST_CASE(a_reactor_that_refuses_changes_nothing)
{
  support::process child([&] {
    const auto before = support::process_state();
    if (!support::forbid(SYS_epoll_ctl, ENOSPC))
      return 1;
    signal_fd signals(context);
    error_code ec;
    signals.open({SIGUSR1}, support::options(), ec);
    if (ec != boost::system::errc::no_space_on_device || signals.is_open())
      return 2;
    return support::returns_to(before) ? 0 : 3;
  });
  BOOST_TEST(child.wait() == 0);
}

#endif

BOOST_AUTO_TEST_CASE(no_descriptor_for_the_reactor_is_an_error_code_too)
{
  net::io_context fresh;
  signal_fd signals(fresh);
  error_code ec;
  {
    const support::no_descriptors none;
    signals.open({SIGUSR1}, support::options(), ec);
  }
  BOOST_TEST((ec == boost::system::errc::too_many_files_open));
  BOOST_TEST(!signals.is_open());
}

BOOST_AUTO_TEST_CASE(require_names_a_signal_that_is_not_blocked)
{
  auto options = support::options();
  options.mask = mask_policy::require;
  const support::process_state before;
  signal_fd signals(context);
  error_code ec;

  signals.open({SIGUSR1, SIGUSR2}, options, ec);
  BOOST_TEST(ec.category().name() == std::string("sigfd"));
  BOOST_TEST(ec.message().find("SIGUSR1") != std::string::npos);
  BOOST_TEST((ec == sigfd::make_not_blocked_error(SIGUSR1)));
  BOOST_TEST(!signals.is_open());
  BOOST_TEST(support::process_state() == before);
  BOOST_CHECK_EXCEPTION(signal_fd(context, {SIGUSR2}, options), system_error,
      [](const system_error& e) {
        return std::string(e.what()).find("SIGUSR2") != std::string::npos;
      });

  const sigfd::scoped_signal_block block({SIGUSR1});
  signals.open({SIGUSR1}, options, ec);
  BOOST_TEST(!ec);
  signals.add(SIGUSR2, ec);
  BOOST_TEST((ec == sigfd::make_not_blocked_error(SIGUSR2)));
  signals.update({SIGUSR1, SIGHUP}, ec);
  BOOST_TEST((ec == sigfd::make_not_blocked_error(SIGHUP)));
  BOOST_TEST((signals.signals() == signal_mask{SIGUSR1}));
  BOOST_TEST(!support::is_blocked(SIGUSR2));
  BOOST_TEST(!support::is_blocked(SIGHUP));
  BOOST_TEST(gets(signals, SIGUSR1));
}

BOOST_AUTO_TEST_SUITE_END()
