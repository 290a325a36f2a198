// A user of this process alone.

#ifndef SIGFD_TEST_SUPPORT_OWN_USER_HPP
#define SIGFD_TEST_SUPPORT_OWN_USER_HPP

#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace support {

// A global fixture for tests that count queued signals: RLIMIT_SIGPENDING
// counts those of all processes of a user, and of a user namespace. Root can
// become anybody, and others can often have a namespace; where neither is
// allowed, the tests run beside what their user has queued.
struct own_user
{
  own_user()
  {
    const auto id = static_cast<::uid_t>(200'000 + ::getpid());
    if (::geteuid() != 0 || ::setresgid(id, id, id) == -1
        || ::setresuid(id, id, id) == -1)
      static_cast<void>(::unshare(CLONE_NEWUSER));
    ::prctl(PR_SET_DUMPABLE, 1); // or /proc/self stays root's
  }
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_OWN_USER_HPP
