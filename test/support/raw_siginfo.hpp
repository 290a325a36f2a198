// A siginfo with something in every bit, to see which of them a record has.

#ifndef SIGFD_TEST_SUPPORT_RAW_SIGINFO_HPP
#define SIGFD_TEST_SUPPORT_RAW_SIGINFO_HPP

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

namespace support {

// One that says no more.
inline ::siginfo_t make_siginfo(int number, int code)
{
  ::siginfo_t info{};
  info.si_signo = number;
  info.si_code = code;
  return info;
}

// With a sender: pid 4242 and uid 1000.
inline ::siginfo_t make_sent_siginfo(int number, int code)
{
  ::siginfo_t info = make_siginfo(number, code);
  info.si_pid = 4242;
  info.si_uid = 1000;
  return info;
}

// Fills every member that the kernel knows. They end at 48 bytes; the kernel
// refuses what it does not know behind them.
inline ::siginfo_t full_siginfo(int number, int code)
{
  unsigned char bytes[sizeof(::siginfo_t)] = {};
  for (std::size_t i = 0; i < 48; ++i)
    bytes[i] = static_cast<unsigned char>(i * 7 + 1);
  ::siginfo_t raw;
  std::memcpy(&raw, bytes, sizeof raw);
  raw.si_signo = number;
  raw.si_code = code;
  return raw;
}

// Queues it to this process. A thread may queue any code to itself
// (rt_sigqueueinfo(2)).
inline bool queue_raw(const ::siginfo_t& raw)
{
  ::siginfo_t copy = raw;
  return ::syscall(SYS_rt_sigqueueinfo, ::gettid(), raw.si_signo, &copy) == 0;
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_RAW_SIGINFO_HPP
