// A user of this process alone.

#ifndef SIGFD_TEST_SUPPORT_OWN_USER_HPP
#define SIGFD_TEST_SUPPORT_OWN_USER_HPP

#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>

namespace support {

// Every test program has a user of its own, so that many can run at once:
// RLIMIT_SIGPENDING counts the queued signals of all processes of a user, and
// of a user namespace. Root can become anybody, and others can often have a
// namespace; where neither is allowed, the tests run beside what their user has
// queued. With SIGFD_TEST_KEEP_USER in the environment nothing changes, for
// tests of what only root may do, and for those with io_uring(7):
// RLIMIT_MEMLOCK leaves room for five contexts of others than root, and those
// that have gone count for a while.
struct own_user
{
  own_user()
  {
    if (std::getenv("SIGFD_TEST_KEEP_USER") != nullptr)
      return;
    const auto id = static_cast<::uid_t>(200'000 + ::getpid());
    if (::geteuid() != 0 || ::setresgid(id, id, id) == -1
        || ::setresuid(id, id, id) == -1)
      static_cast<void>(::unshare(CLONE_NEWUSER));
    ::prctl(PR_SET_DUMPABLE, 1); // or /proc/self stays root's
  }
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_OWN_USER_HPP
