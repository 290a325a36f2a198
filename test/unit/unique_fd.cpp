// detail/unique_fd: closes once.

#include <sigfd/detail/unique_fd.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>

#include <utility>

using sigfd::detail::unique_fd;

namespace {

int open_one()
{
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool is_open(int fd)
{
  return ::fcntl(fd, F_GETFD) != -1;
}

} // namespace

BOOST_AUTO_TEST_CASE(owns_until_it_is_released_or_reset)
{
  const int a = open_one();
  {
    unique_fd owner(a);
    BOOST_TEST(bool(owner));
    BOOST_TEST(owner.get() == a);
  }
  BOOST_TEST(!is_open(a));

  const int b = open_one();
  {
    unique_fd owner(b);
    BOOST_TEST(owner.release() == b);
    BOOST_TEST(!owner);
  }
  BOOST_TEST(is_open(b));

  unique_fd owner(b);
  owner.reset();
  BOOST_TEST(!is_open(b));
  owner.reset();
  BOOST_TEST(owner.get() == -1);
}

BOOST_AUTO_TEST_CASE(moves)
{
  const int a = open_one();
  const int b = open_one();
  unique_fd first(a);
  unique_fd second(std::move(first));
  BOOST_TEST(!first);
  BOOST_TEST(second.get() == a);
  second = unique_fd(b);
  BOOST_TEST(!is_open(a));
  BOOST_TEST(is_open(b));
}
