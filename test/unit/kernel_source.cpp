// detail/kernel_source: a descriptor that poll(2) and read(2) work on.

#include <sigfd/detail/kernel_source.hpp>
#include <sigfd/detail/read_siginfo.hpp>

#include "support/process.hpp"
#include "support/process_state.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <poll.h>

#include <array>

namespace {

using boost::system::error_code;
using sigfd::signal_info;
using sigfd::signal_mask;
using sigfd::detail::kernel_source;
using sigfd::detail::read_siginfo;

// Whether a descriptor is readable now.
bool readable(int fd)
{
  ::pollfd p{fd, POLLIN, 0};
  return ::poll(&p, 1, 0) == 1;
}

} // namespace

BOOST_AUTO_TEST_CASE(takes_what_is_pending_and_says_when_there_is_nothing)
{
  const signal_mask mask{SIGUSR1, SIGRTMIN};
  const sigfd::scoped_signal_block block(mask);
  kernel_source source;
  error_code ec;
  const auto fd = source.open(mask, ec);
  BOOST_REQUIRE(!ec);
  BOOST_TEST((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  BOOST_TEST((::fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0);

  std::array<signal_info, 4> infos;
  BOOST_TEST(!readable(fd.get()));
  BOOST_TEST(read_siginfo(fd.get(), infos) == 0);

  BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 7));
  BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 8));
  BOOST_REQUIRE(::kill(::getpid(), SIGUSR1) == 0);
  BOOST_TEST(readable(fd.get()));
  BOOST_TEST(read_siginfo(fd.get(), infos) == 3);
  BOOST_TEST(infos[0].number() == SIGUSR1);
  BOOST_TEST(infos[0].sender()->pid == ::getpid());
  BOOST_TEST(infos[1].value()->sival_int == 7);
  BOOST_TEST(infos[2].value()->sival_int == 8);
  BOOST_TEST(!readable(fd.get()));
}

BOOST_AUTO_TEST_CASE(leaves_what_does_not_fit)
{
  const signal_mask mask{SIGRTMIN};
  const sigfd::scoped_signal_block block(mask);
  kernel_source source;
  error_code ec;
  const auto fd = source.open(mask, ec);
  for (int i = 0; i < 3; ++i)
    BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, i));
  for (int i = 0; i < 3; ++i)
  {
    signal_info info;
    BOOST_TEST(read_siginfo(fd.get(), {&info, 1}) == 1);
    BOOST_TEST(info.value()->sival_int == i);
  }
}

BOOST_AUTO_TEST_CASE(changes_the_mask_and_leaves_the_rest_pending)
{
  const sigfd::scoped_signal_block block({SIGUSR1, SIGUSR2});
  kernel_source source;
  error_code ec;
  const auto fd = source.open({SIGUSR1}, ec);
  BOOST_REQUIRE(::kill(::getpid(), SIGUSR1) == 0);
  BOOST_REQUIRE(::kill(::getpid(), SIGUSR2) == 0);

  source.update({SIGUSR2}, ec);
  BOOST_TEST(!ec);
  signal_info info;
  BOOST_TEST(read_siginfo(fd.get(), {&info, 1}) == 1);
  BOOST_TEST(info.number() == SIGUSR2);
  BOOST_TEST(read_siginfo(fd.get(), {&info, 1}) == 0);
  BOOST_TEST(support::is_pending(SIGUSR1));

  source.update({SIGUSR1}, ec);
  BOOST_TEST(read_siginfo(fd.get(), {&info, 1}) == 1);
  BOOST_TEST(info.number() == SIGUSR1);
}

BOOST_AUTO_TEST_CASE(passes_the_systems_errors_on)
{
  kernel_source source;
  error_code ec;
  auto fd = source.open({SIGUSR1}, ec);
  BOOST_REQUIRE(!ec);
  const int number = fd.get();
  fd.reset();
  signal_info info;
  BOOST_TEST(read_siginfo(number, {&info, 1}) == -EBADF);
  source.update({SIGUSR2}, ec);
  BOOST_TEST((ec == boost::system::errc::bad_file_descriptor));
}
