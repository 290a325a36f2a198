// What a thread has that blocks no signal.

#ifndef SIGFD_TEST_SUPPORT_UNBLOCK_HPP
#define SIGFD_TEST_SUPPORT_UNBLOCK_HPP

#include <signal.h>

namespace support {

// Unblocks everything in the calling thread.
inline void unblock_all()
{
  ::sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_UNBLOCK_HPP
