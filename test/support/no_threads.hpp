// Has the process without room for another thread.

#ifndef SIGFD_TEST_SUPPORT_NO_THREADS_HPP
#define SIGFD_TEST_SUPPORT_NO_THREADS_HPP

#include <sys/resource.h>
#include <unistd.h>

namespace support {

// From here on, no thread can be had: the limit of processes counts threads.
// It does not hold for root, so the process becomes another user. False if that
// cannot be done.
inline bool forbid_threads()
{
  const ::rlimit none{0, 0};
  return ::setrlimit(RLIMIT_NPROC, &none) == 0
      && (::getuid() != 0 || (::setgid(65534) == 0 && ::setuid(65534) == 0));
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_NO_THREADS_HPP
