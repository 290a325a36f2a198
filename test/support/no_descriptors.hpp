// A process that has no descriptor left.

#ifndef SIGFD_TEST_SUPPORT_NO_DESCRIPTORS_HPP
#define SIGFD_TEST_SUPPORT_NO_DESCRIPTORS_HPP

#include <boost/system/error_code.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <stdexcept>
#include <vector>

namespace support {

// While it lives, all descriptors up to a low limit are taken, but for a few.
class no_descriptors
{
public:
  explicit no_descriptors(int but = 0)
  {
    // UndefinedBehaviorSanitizer looks at an object through a pipe when it
    // meets one of its class for the first time; later there is none to be had.
    (void)boost::system::error_code(1, boost::system::system_category());
    ::getrlimit(RLIMIT_NOFILE, &old_);
    ::rlimit low = old_;
    low.rlim_cur = 64;
    if (::setrlimit(RLIMIT_NOFILE, &low) == -1)
      throw std::runtime_error("setrlimit failed");
    for (int fd = ::dup(0); fd != -1; fd = ::dup(0))
      taken_.push_back(fd);
    for (; but > 0; --but)
    {
      ::close(taken_.back());
      taken_.pop_back();
    }
  }

  no_descriptors(const no_descriptors&) = delete;
  no_descriptors& operator=(const no_descriptors&) = delete;

  ~no_descriptors()
  {
    for (const int fd : taken_)
      ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &old_);
  }

private:
  ::rlimit old_;
  std::vector<int> taken_;
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_NO_DESCRIPTORS_HPP
