// detail/pipe_source: a descriptor that says whether there are signals, and a
// share in the thread that takes them.

#include <sigfd/detail/pipe_source.hpp>

#include "support/find_thread.hpp"
#include "support/no_descriptors.hpp"
#include "support/no_threads.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/wait_until.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <poll.h>

namespace {

using boost::system::error_code;
using sigfd::detail::pipe_source;
using sigfd::detail::unique_fd;

bool is_readable(const unique_fd& fd)
{
  ::pollfd p{fd.get(), POLLIN, 0};
  return ::poll(&p, 1, 0) == 1;
}

} // namespace

BOOST_AUTO_TEST_CASE(is_readable_when_it_is_told_so)
{
  pipe_source source;
  error_code ec;
  const unique_fd fd = source.open(ec);
  BOOST_REQUIRE(!ec);
  BOOST_TEST((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  BOOST_TEST((::fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0);
  for (int i = 0; i < 100'000; ++i) // more than a pipe holds (pipe(7))
  {
    source.set_readable(true);
    source.set_readable(true);
    source.set_readable(false);
    source.set_readable(false);
  }
  BOOST_TEST(!is_readable(fd));
  source.set_readable(true);
  BOOST_TEST(is_readable(fd));
  source.set_readable(false);
  BOOST_TEST(!is_readable(fd));
}

BOOST_AUTO_TEST_CASE(it_needs_the_thread_until_it_is_closed)
{
  const auto before = support::count_threads();
  pipe_source source;
  error_code ec;
  const unique_fd fd = source.open(ec);
  BOOST_REQUIRE(!ec);
  BOOST_TEST(support::count_threads() == before + 1);
  source.close();
  BOOST_TEST(
      support::wait_until([&] { return support::count_threads() == before; }));
}

BOOST_AUTO_TEST_CASE(no_descriptor_or_thread_leaves_nothing_behind)
{
  pipe_source source;
  error_code ec;
  const support::process_state before;
  {
    const support::no_descriptors none(1); // a pipe needs two
    const unique_fd fd = source.open(ec);
    BOOST_TEST(!fd);
  }
  BOOST_TEST((ec == boost::system::errc::too_many_files_open));
  BOOST_TEST(!source.is_open());
  BOOST_TEST(support::process_state() == before);

  support::process child([&] {
    if (!support::forbid_threads())
      return 2;
    const auto descriptors = support::count_descriptors();
    error_code error;
    const unique_fd none_opened = source.open(error);
    if (error != boost::system::errc::resource_unavailable_try_again)
      return 4;
    return support::count_descriptors() == descriptors && !none_opened ? 0 : 5;
  });
  BOOST_TEST(child.wait() == 0);

  const unique_fd fd = source.open(ec);
  BOOST_TEST(!ec);
  BOOST_TEST(source.is_open());
}

BOOST_AUTO_TEST_CASE(a_child_has_a_pipe_of_its_own)
{
  pipe_source source;
  error_code ec;
  unique_fd fd = source.open(ec);
  BOOST_REQUIRE(!ec);
  source.set_readable(true);
  support::process child([&] {
    fd.reset();
    fd = source.reopen_after_fork(ec);
    if (ec || is_readable(fd))
      return 1;
    source.set_readable(true);
    if (!is_readable(fd))
      return 2;
    source.set_readable(false);
    source.close();
    return 0;
  });
  BOOST_TEST(child.wait() == 0);
  BOOST_TEST(is_readable(fd));
  source.set_readable(false);
  BOOST_TEST(!is_readable(fd));
}

BOOST_AUTO_TEST_CASE(a_child_that_does_not_know_of_the_fork_ends_it_cleanly)
{
  pipe_source source;
  error_code ec;
  const unique_fd fd = source.open(ec);
  BOOST_REQUIRE(!ec);
  support::process child([&] {
    source.close();
    return 0;
  });
  BOOST_TEST(child.wait() == 0);
  source.set_readable(true);
  BOOST_TEST(is_readable(fd));
}
