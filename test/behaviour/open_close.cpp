// Opening, changing the set, closing and moving; and that what fails leaves
// nothing behind.

#include <sigfd/signal_fd.hpp>

#include "support/no_descriptors.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/sandbox.hpp"
#include "support/source.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using boost::system::system_error;
using sigfd::mask_policy;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;

// Sends a signal to this process, and takes it from the object.
bool gets(signal_fd& signals, int number)
{
  if (::kill(::getpid(), number) == -1)
    return false;
  error_code ec;
  return support::wait_until([&] {
    const auto info = signals.try_wait(ec);
    return ec || (info && info->number() == number);
  }) && !ec;
}

// Unblocks what a test made the library block.
void unblock_all()
{
  const signal_mask all = signal_mask::all();
  ::pthread_sigmask(SIG_UNBLOCK, &all.native(), nullptr);
}

struct fixture
{
  net::io_context context;
  // Makes the reactor and its descriptors, which stay.
  net::posix::stream_descriptor unused{context};

  ~fixture()
  {
    unblock_all();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(open_close, fixture)

BOOST_AUTO_TEST_CASE(is_not_open_without_signals)
{
  signal_fd signals(context);
  BOOST_TEST(!signals.is_open());
  BOOST_TEST(signals.native_handle() == -1);
  BOOST_TEST(signals.signals().empty());
  BOOST_TEST((signals.source() == sigfd::source::automatic));
  BOOST_TEST((signals.get_executor() == context.get_executor()));
}

BOOST_AUTO_TEST_CASE(opens_closes_and_opens_again)
{
  const auto descriptors = support::count_descriptors();
  signal_fd signals(context);
  for (int i = 0; i < 3; ++i)
  {
    signals.open({SIGUSR1}, support::options());
    BOOST_TEST(signals.is_open());
    BOOST_TEST(signals.native_handle() >= 0);
    BOOST_TEST((signals.source() == support::test_source()));
    BOOST_TEST((signals.signals() == signal_mask{SIGUSR1}));
    BOOST_TEST(gets(signals, SIGUSR1));

    signals.close();
    BOOST_TEST(!signals.is_open());
    BOOST_TEST(signals.native_handle() == -1);
    BOOST_TEST(signals.signals().empty());
    signals.close();
    error_code ec;
    signals.close(ec);
    BOOST_TEST(!ec);
    BOOST_TEST(support::count_descriptors() == descriptors);
  }
}

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

BOOST_AUTO_TEST_CASE(automatic_uses_the_kernel_where_it_can)
{
  signal_fd signals(context, SIGUSR1);
  if (support::source_name() == "sandbox")
    BOOST_TEST((signals.source() == sigfd::source::pipe));
  else
    BOOST_TEST((signals.source() == sigfd::source::kernel));
}

BOOST_AUTO_TEST_CASE(the_set_may_be_empty)
{
  signal_fd signals(context, signal_mask(), support::options());
  BOOST_TEST(signals.is_open());
  error_code ec;
  BOOST_TEST(!signals.try_wait(ec));
  BOOST_TEST(!ec);
  signals.add(SIGUSR1);
  BOOST_TEST(gets(signals, SIGUSR1));
}

BOOST_AUTO_TEST_CASE(add_opens)
{
  signal_fd signals(context);
  signals.add(SIGUSR1);
  BOOST_TEST(signals.is_open());
  BOOST_TEST(gets(signals, SIGUSR1));
}

BOOST_AUTO_TEST_CASE(add_and_remove_change_what_is_watched)
{
  signal_fd signals(context, {SIGUSR1}, support::options());
  signals.add(SIGUSR2);
  signals.add(SIGUSR2);
  BOOST_TEST((signals.signals() == signal_mask{SIGUSR1, SIGUSR2}));
  BOOST_TEST(support::is_blocked(SIGUSR2));
  BOOST_TEST(gets(signals, SIGUSR2));

  signals.remove(SIGUSR1);
  signals.remove(SIGUSR1);
  BOOST_TEST((signals.signals() == signal_mask{SIGUSR2}));
  BOOST_TEST(support::is_blocked(SIGUSR1));
  BOOST_REQUIRE(::kill(::getpid(), SIGUSR1) == 0);
  BOOST_REQUIRE(::kill(::getpid(), SIGUSR2) == 0);
  BOOST_TEST(signals.wait().number() == SIGUSR2);
  error_code ec;
  BOOST_TEST(!signals.try_wait(ec));

  // It stayed pending.
  signals.add(SIGUSR1);
  BOOST_TEST(signals.wait().number() == SIGUSR1);
}

BOOST_AUTO_TEST_CASE(clear_and_update_keep_it_open)
{
  signal_fd signals(context, {SIGUSR1}, support::options());
  signals.clear();
  BOOST_TEST(signals.is_open());
  BOOST_TEST(signals.signals().empty());
  BOOST_REQUIRE(::kill(::getpid(), SIGUSR1) == 0);
  BOOST_TEST(!signals.try_wait());

  signals.update({SIGUSR1, SIGUSR2});
  BOOST_TEST((signals.signals() == signal_mask{SIGUSR1, SIGUSR2}));
  BOOST_TEST(signals.wait().number() == SIGUSR1);
  BOOST_TEST(gets(signals, SIGUSR2));

  error_code ec;
  signals.clear(ec);
  BOOST_TEST(!ec);
  signals.update({SIGUSR2}, ec);
  BOOST_TEST(!ec);
  BOOST_TEST(gets(signals, SIGUSR2));
}

BOOST_AUTO_TEST_CASE(every_signal_at_once)
{
  const signal_mask all = signal_mask::all();
  signal_fd signals(context, all, support::options());
  BOOST_TEST((signals.signals() == all));
  for (const int number : all)
    BOOST_TEST(gets(signals, number), "signal " << number);
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
    const auto names_it = [name = name](const system_error& e) {
      return e.code() == net::error::invalid_argument
          && std::string(e.what()).find(name) != std::string::npos;
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

BOOST_AUTO_TEST_CASE(removing_asks_nothing_of_the_mask)
{
  auto options = support::options();
  signal_fd blocking(context, {SIGUSR1, SIGUSR2}, options);
  options.mask = mask_policy::require;
  signal_fd requiring(context, {SIGUSR1, SIGUSR2}, options);
  std::thread([&] {
    unblock_all();
    requiring.remove(SIGUSR2);
    blocking.remove(SIGUSR2);
    blocking.add(SIGUSR1);
    BOOST_TEST(!support::is_blocked(SIGUSR1));
  }).join();
  BOOST_TEST((requiring.signals() == signal_mask{SIGUSR1}));
  BOOST_TEST((blocking.signals() == signal_mask{SIGUSR1}));
}

BOOST_AUTO_TEST_CASE(blocks_by_default_and_never_unblocks)
{
  {
    signal_fd signals(context, {SIGUSR1}, support::options());
    BOOST_TEST(support::is_blocked(SIGUSR1));
    signals.add(SIGUSR2);
    BOOST_TEST(support::is_blocked(SIGUSR2));
    signals.remove(SIGUSR2);
  }
  BOOST_TEST(support::is_blocked(SIGUSR1));
  BOOST_TEST(support::is_blocked(SIGUSR2));
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

BOOST_AUTO_TEST_CASE(moves)
{
  signal_fd first(context, {SIGUSR1}, support::options());
  const int fd = first.native_handle();
  signal_fd second(std::move(first));
  BOOST_TEST(!first.is_open());
  BOOST_TEST(second.native_handle() == fd);
  BOOST_TEST(gets(second, SIGUSR1));

  // What was moved from can be opened anew.
  first.open({SIGUSR2}, support::options());
  BOOST_TEST(gets(first, SIGUSR2));

  second = std::move(first);
  BOOST_TEST(!first.is_open());
  BOOST_TEST((second.signals() == signal_mask{SIGUSR2}));
  BOOST_TEST(gets(second, SIGUSR2));

  signal_fd& itself = second;
  second = std::move(itself);
  BOOST_TEST(second.is_open());

  std::vector<signal_fd> many;
  for (int i = 0; i < 10; ++i)
    many.emplace_back(context, signal_mask{SIGRTMIN + i}, support::options());
  for (int i = 0; i < 10; ++i)
    BOOST_TEST(
        gets(many[static_cast<std::size_t>(i)], SIGRTMIN + i));
}

BOOST_AUTO_TEST_CASE(converts_from_another_executor_type)
{
  using concrete =
      sigfd::basic_signalfd<net::io_context::executor_type>;
  concrete first(context.get_executor(), {SIGUSR1}, support::options());
  BOOST_REQUIRE(::kill(::getpid(), SIGUSR1) == 0);
  support::outcome<signal_info> outstanding;
  first.async_wait(outstanding.handler());
  signal_fd second(std::move(first));
  BOOST_TEST(!first.is_open());
  BOOST_TEST((second.signals() == signal_mask{SIGUSR1}));
  BOOST_TEST((second.source() == support::test_source()));
  context.run();
  BOOST_TEST(outstanding.aborted());
  BOOST_TEST(second.wait().number() == SIGUSR1);

  concrete closed(context.get_executor());
  signal_fd also_closed(std::move(closed));
  BOOST_TEST(!also_closed.is_open());
}

BOOST_AUTO_TEST_CASE(outlives_its_context)
{
  // Asio's own objects may not; ours must not need care in declaring members.
  std::optional<net::io_context> short_lived(std::in_place);
  signal_fd signals(*short_lived, {SIGUSR1}, support::options());
  const int fd = signals.native_handle();
  support::outcome<signal_info> outcome;
  signals.async_wait(outcome.handler());
  short_lived->poll();
  short_lived.reset();
  BOOST_TEST(!signals.is_open());
  BOOST_TEST(::fcntl(fd, F_GETFD) == -1);
  error_code ec;
  signals.try_wait(ec);
  BOOST_TEST((ec == net::error::bad_descriptor));
  signals.cancel();
  signals.close();
  BOOST_TEST(outcome.completions == 0);
}

BOOST_AUTO_TEST_SUITE_END()
