// Opening, changing the set, closing and moving.

#include <sigfd/signal_fd.hpp>

#include "support/open_close.hpp"
#include "support/outcome.hpp"
#include "support/process_state.hpp"
#include "support/source.hpp"
#include "support/unblock.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstddef>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::mask_policy;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;
using support::gets;

} // namespace

BOOST_FIXTURE_TEST_SUITE(open_close, support::open_close_fixture)

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

BOOST_AUTO_TEST_CASE(removing_asks_nothing_of_the_mask)
{
  auto options = support::options();
  signal_fd blocking(context, {SIGUSR1, SIGUSR2}, options);
  options.mask = mask_policy::require;
  signal_fd requiring(context, {SIGUSR1, SIGUSR2}, options);
  std::thread([&] {
    support::unblock_all();
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
    BOOST_TEST(gets(many[static_cast<std::size_t>(i)], SIGRTMIN + i));
}

BOOST_AUTO_TEST_CASE(converts_from_another_executor_type)
{
  using concrete = sigfd::basic_signalfd<net::io_context::executor_type>;
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
