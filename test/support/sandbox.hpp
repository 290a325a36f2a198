// A process without a system call, such as signalfd(2): a seccomp filter
// answers it with an error, as kernels and sandboxes that do not have it do.

#ifndef SIGFD_TEST_SUPPORT_SANDBOX_HPP
#define SIGFD_TEST_SUPPORT_SANDBOX_HPP

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cstddef>

namespace support {

// Makes a system call fail with an errno value in this process and its
// children, for good; whether that was possible.
inline bool forbid(unsigned system_call, int error) noexcept
{
  ::sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(::seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, system_call, 0, 1),
      BPF_STMT(
          BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const ::sock_fprog filter{4, program};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
      && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

inline bool forbid_signalfd(int error) noexcept
{
  return forbid(SYS_signalfd4, error);
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_SANDBOX_HPP
