// The names can be brought into the global namespace, beside signalfd(2) and
// everything of Boost.Asio. Included first are the system's headers, so that
// whatever they define is there.

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <sigfd.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

using sigfd::basic_signalfd;
using sigfd::mask_policy;
using sigfd::open_options;
using sigfd::scoped_signal_block;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;
using sigfd::source;
using namespace boost::asio;

BOOST_AUTO_TEST_CASE(short_names_beside_those_of_the_system_and_of_asio)
{
  io_context context;
  const scoped_signal_block block({SIGUSR1, SIGUSR2});
  signal_fd signals(context, {SIGUSR1}, {.source = source::automatic});
  const signal_mask other{SIGUSR2};

  // The function of signalfd(2).
  const int fd = signalfd(-1, &other.native(), SFD_NONBLOCK | SFD_CLOEXEC);
  BOOST_REQUIRE(fd != -1);
  kill(getpid(), SIGUSR1);
  kill(getpid(), SIGUSR2);
  signal_info from_function;
  BOOST_TEST(read(fd, &from_function, sizeof(from_function)) == 128);
  BOOST_TEST(from_function.number() == SIGUSR2);
  BOOST_TEST(signals.wait().number() == SIGUSR1);
  close(fd);

  // Asio's own beside ours.
  signal_set set(context);
  set.add(SIGUSR2);
}

// All of both namespaces in a scope.
namespace scope {

using namespace sigfd;

inline int number_of(basic_signalfd<>& signals)
{
  return signals.try_wait().value_or(signal_info()).number();
}

} // namespace scope

BOOST_AUTO_TEST_CASE(whole_namespaces)
{
  io_context context;
  signal_fd signals(
      context, {SIGUSR1}, open_options{.mask = mask_policy::block});
  kill(getpid(), SIGUSR1);
  BOOST_TEST(scope::number_of(signals) == SIGUSR1);
}
