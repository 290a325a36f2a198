// signal_mask and scoped_signal_block.

#include <sigfd/signal_mask.hpp>

#include "support/process_state.hpp"

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <iomanip>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace {

using boost::system::error_code;
using boost::system::system_error;
using sigfd::scoped_signal_block;
using sigfd::signal_mask;

std::vector<int> numbers(const signal_mask& mask)
{
  return std::vector<int>(mask.begin(), mask.end());
}

std::string print(const signal_mask& mask)
{
  std::ostringstream os;
  os << mask;
  return os.str();
}

} // namespace

static_assert(std::forward_iterator<signal_mask::iterator>);

BOOST_AUTO_TEST_CASE(holds_what_was_added)
{
  signal_mask mask;
  BOOST_TEST(mask.empty());
  BOOST_TEST(mask.size() == 0u);
  BOOST_TEST((mask.begin() == mask.end()));

  mask.add(SIGTERM);
  mask.add(SIGINT);
  mask.add(SIGRTMAX);
  mask.add(SIGTERM);
  BOOST_TEST(!mask.empty());
  BOOST_TEST(mask.size() == 3u);
  BOOST_TEST(mask.contains(SIGINT));
  BOOST_TEST(!mask.contains(SIGHUP));
  BOOST_TEST((numbers(mask) == std::vector<int>{SIGINT, SIGTERM, SIGRTMAX}));
  BOOST_TEST((mask == signal_mask{SIGINT, SIGTERM, SIGRTMAX}));
  BOOST_TEST(::sigismember(&mask.native(), SIGTERM) == 1);
  BOOST_TEST(::sigismember(&mask.native(), SIGHUP) == 0);

  mask.remove(SIGTERM);
  mask.remove(SIGTERM);
  BOOST_TEST((mask == signal_mask{SIGINT, SIGRTMAX}));
  BOOST_TEST((mask != signal_mask{SIGINT}));

  mask.clear();
  BOOST_TEST(mask.empty());
}

BOOST_AUTO_TEST_CASE(refuses_what_cannot_be_watched_and_names_it)
{
  struct
  {
    int number;
    std::string name;
  } const refused[] = {{-1, "-1"}, {0, "0"}, {65, "65"}, {1000, "1000"},
      {32, "32"}, {33, "33"}, {SIGKILL, "SIGKILL"}, {SIGSTOP, "SIGSTOP"},
      {SIGILL, "SIGILL"}, {SIGFPE, "SIGFPE"}, {SIGSEGV, "SIGSEGV"}};
  for (const auto& [number, name] : refused)
  {
    signal_mask mask{SIGTERM};
    error_code ec;
    mask.add(number, ec);
    BOOST_TEST((ec == boost::asio::error::invalid_argument));
    BOOST_TEST((ec == boost::system::errc::invalid_argument));
    BOOST_CHECK_EXCEPTION(mask.add(number), system_error,
        [&expected = name](const system_error& e) {
          return e.code() == boost::asio::error::invalid_argument
              && std::string(e.what()).find(expected) != std::string::npos;
        });
    BOOST_CHECK_THROW((signal_mask{SIGHUP, number}), system_error);
    BOOST_TEST(!signal_mask::can_hold(number));
    BOOST_TEST(!mask.contains(number));
    BOOST_TEST((mask == signal_mask{SIGTERM}));
  }
}

BOOST_AUTO_TEST_CASE(removing_is_an_error_only_out_of_range)
{
  signal_mask mask{SIGTERM};
  error_code ec;
  for (const int number : {SIGINT, SIGKILL, SIGSEGV, 32})
  {
    mask.remove(number, ec);
    BOOST_TEST(!ec);
  }
  for (const int number : {-1, 0, 65})
  {
    mask.remove(number, ec);
    BOOST_TEST((ec == boost::asio::error::invalid_argument));
    BOOST_CHECK_THROW(mask.remove(number), system_error);
  }
  mask.remove(SIGINT, ec);
  BOOST_TEST(!ec);
  BOOST_TEST((mask == signal_mask{SIGTERM}));
}

BOOST_AUTO_TEST_CASE(all_is_every_signal_that_can_be_watched)
{
  const signal_mask all = signal_mask::all();
  // 64 numbers, less 2 of the C library, SIGKILL, SIGSTOP and 3 faults.
  BOOST_TEST(all.size() == 57u);
  for (int n = -1; n < 70; ++n)
    BOOST_TEST(all.contains(n) == signal_mask::can_hold(n));
  BOOST_TEST(all.contains(SIGBUS));
}

BOOST_AUTO_TEST_CASE(is_made_from_a_native_set)
{
  ::sigset_t native;
  ::sigemptyset(&native);
  BOOST_TEST(signal_mask(native).empty());
  ::sigaddset(&native, SIGUSR1);
  ::sigaddset(&native, SIGRTMIN + 3);
  BOOST_TEST((signal_mask(native) == signal_mask{SIGUSR1, SIGRTMIN + 3}));
  ::sigaddset(&native, SIGSEGV);
  BOOST_CHECK_THROW((signal_mask(native)), system_error);
}

BOOST_AUTO_TEST_CASE(prints_the_names_in_the_order_of_their_numbers)
{
  BOOST_TEST(print({}) == "{}");
  BOOST_TEST(print({SIGTERM}) == "{SIGTERM}");
  BOOST_TEST(print({SIGRTMIN + 3, SIGTERM, SIGINT})
      == "{SIGINT, SIGTERM, SIGRTMIN+3}");
  BOOST_TEST(print({SIGRTMIN, SIGRTMAX}) == "{SIGRTMIN, SIGRTMIN+30}");
}

BOOST_AUTO_TEST_CASE(prints_as_one_field_and_ignores_the_streams_base)
{
  std::ostringstream os;
  os << std::hex << std::setw(12) << std::setfill('.') << signal_mask{SIGTERM}
     << 16;
  BOOST_TEST(os.str() == "...{SIGTERM}10");
}

BOOST_AUTO_TEST_CASE(a_block_restores_exactly_what_it_changed)
{
  const support::process_state before;
  {
    const scoped_signal_block outer({SIGUSR1});
    BOOST_TEST(support::is_blocked(SIGUSR1));
    {
      const scoped_signal_block inner({SIGUSR1, SIGUSR2});
      BOOST_TEST((inner.changed() == signal_mask{SIGUSR2}));
      BOOST_TEST(support::is_blocked(SIGUSR2));
    }
    BOOST_TEST(support::is_blocked(SIGUSR1));
    BOOST_TEST(!support::is_blocked(SIGUSR2));
  }
  BOOST_TEST(support::process_state() == before);
}

BOOST_AUTO_TEST_CASE(a_released_block_stays)
{
  {
    scoped_signal_block block({SIGUSR1});
    block.release();
    BOOST_TEST(block.changed().empty());
  }
  BOOST_TEST(support::is_blocked(SIGUSR1));
  const signal_mask mask{SIGUSR1};
  ::pthread_sigmask(SIG_UNBLOCK, &mask.native(), nullptr);
}

BOOST_AUTO_TEST_CASE(sets_are_joined_and_subtracted)
{
  const signal_mask a{SIGINT, SIGTERM};
  const signal_mask b{SIGTERM, SIGRTMIN};
  BOOST_TEST((a | b) == (signal_mask{SIGINT, SIGTERM, SIGRTMIN}));
  BOOST_TEST((a - b) == (signal_mask{SIGINT}));
  BOOST_TEST((a - a).empty());
  BOOST_TEST((a & b) == (a - (a - b)));
  BOOST_TEST((a & b) == (signal_mask{SIGTERM}));
  BOOST_TEST((a & signal_mask()).empty());
  BOOST_TEST((a | signal_mask()) == a);
}
