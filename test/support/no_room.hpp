// Little or no room for queued signals: RLIMIT_SIGPENDING, which counts what is
// queued to all processes of the user.

#ifndef SIGFD_TEST_SUPPORT_NO_ROOM_HPP
#define SIGFD_TEST_SUPPORT_NO_ROOM_HPP

#include <sys/resource.h>

#include <fstream>
#include <stdexcept>
#include <string>

namespace support {

// How many signals are queued to processes of this user.
inline ::rlim_t queued_signals()
{
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("SigQ:"))
      return std::stoul(line.substr(line.find(':') + 1));
  throw std::runtime_error("no line SigQ");
}

inline void set_queue_limit(::rlim_t limit)
{
  ::rlimit all{};
  ::getrlimit(RLIMIT_SIGPENDING, &all);
  all.rlim_cur = limit;
  if (::setrlimit(RLIMIT_SIGPENDING, &all) == -1)
    throw std::runtime_error("setrlimit failed");
}

// Leaves room for so many signals beside those that are queued now.
inline void set_queue_room(::rlim_t room)
{
  set_queue_limit(queued_signals() + room);
}

// Whether no more can be queued to this process.
inline bool is_queue_full()
{
  ::rlimit limit{};
  ::getrlimit(RLIMIT_SIGPENDING, &limit);
  return queued_signals() >= limit.rlim_cur;
}

// None can be queued to this process while it lives.
class no_room
{
public:
  no_room()
  {
    ::getrlimit(RLIMIT_SIGPENDING, &old_);
    set_queue_limit(0);
  }

  no_room(const no_room&) = delete;
  no_room& operator=(const no_room&) = delete;

  ~no_room()
  {
    ::setrlimit(RLIMIT_SIGPENDING, &old_);
  }

private:
  ::rlimit old_{};
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_NO_ROOM_HPP
