// What is sent, by whom and to whom.

#ifndef SIGFD_TEST_SOAK_PLAN_HPP
#define SIGFD_TEST_SOAK_PLAN_HPP

#include <signal.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace soak {

// Each has a signal number of its own.
enum class channel
{
  ordered,        // every; real-time, blocked by all threads
  strayed,        // every; real-time, some threads do not block it
  shared,         // one; real-time, blocked by all threads
  shared_strayed, // one; real-time, some threads do not block it
  relayed,        // one object at a time, and none for a moment now and then
  coalesced,      // every; standard, sent without waiting for an answer
  single, // every; standard, sent when the last one has arrived; strays
  shared_single, // one; standard, sent when the last one has arrived
  own // what a child of fork sends to itself
};

constexpr std::size_t channels = 8; // without the last, which is not balanced

struct channel_plan
{
  const char* name;
  bool to_every;
  bool is_strayed;
  bool is_standard;
};

constexpr std::array<channel_plan, channels> channel_plans{{
    {"every", true, false, false},
    {"every, strays", true, true, false},
    {"one", false, false, false},
    {"one, strays", false, true, false},
    {"one, in turn", false, false, false},
    {"every, coalesced", true, false, true},
    {"every, singly", true, true, true},
    {"one, singly", false, false, true},
}};

constexpr const channel_plan& plan_of(channel c)
{
  return channel_plans[static_cast<std::size_t>(c)];
}

inline int number_of(channel c)
{
  switch (c)
  {
  case channel::coalesced:
    return SIGUSR1;
  case channel::single:
    return SIGWINCH;
  case channel::shared_single:
    return SIGUSR2;
  default:
    return SIGRTMIN + static_cast<int>(c);
  }
}

// What each object gets last, of a higher number than all others, so that it
// does not overtake them: those of delivery_policy::every, and those that
// compete.
inline int stop_number(bool to_every)
{
  return SIGRTMIN + static_cast<int>(channels) + (to_every ? 1 : 2);
}

enum class sender
{
  process, // a second process
  thread, // threads of this one
  directed, // threads of this one, to a thread that does not block the signal
};

constexpr const char* name_of(sender s)
{
  return s == sender::process ? "the second process"
      : s == sender::thread   ? "a thread"
                              : "a thread, to another one";
}

// What one sender sends to one channel is numbered: 0, 1, 2.
struct stream
{
  sender from;
  channel to;
  int group; // which thread of the sender's process
};

constexpr std::array streams{
    stream{sender::process, channel::ordered, 0},
    stream{sender::process, channel::strayed, 0},
    stream{sender::process, channel::shared, 0},
    stream{sender::process, channel::shared_strayed, 0},
    stream{sender::process, channel::relayed, 0},
    stream{sender::process, channel::coalesced, 0},
    stream{sender::process, channel::single, 0},
    stream{sender::thread, channel::ordered, 1},
    stream{sender::thread, channel::shared, 1},
    stream{sender::thread, channel::relayed, 1},
    stream{sender::thread, channel::strayed, 2},
    stream{sender::thread, channel::shared_strayed, 2},
    stream{sender::thread, channel::shared_single, 2},
    stream{sender::directed, channel::strayed, 2},
};
constexpr int groups = 3;

constexpr std::size_t no_stream = streams.size();

// The value of a signal is the stream and the position in it.
constexpr int position_bits = 27;
constexpr int stop_value = -1; // the last that an object gets

constexpr int make_value(std::size_t stream, std::uint32_t position)
{
  return static_cast<int>(
      static_cast<std::uint32_t>(stream) << position_bits | position);
}

constexpr std::size_t stream_of(int value)
{
  return static_cast<std::size_t>(value) >> position_bits;
}

constexpr std::uint32_t position_of(int value)
{
  return static_cast<std::uint32_t>(value) & ((1U << position_bits) - 1);
}

// The run is a cycle of these.
enum class phase : unsigned
{
  calm,
  bursts, // many signals at once
  stall, // the slow objects take nothing for a while
  strays, // many threads that block nothing
  changes, // objects are opened, changed and closed without a pause
  forks, // children without a pause
  limit, // RLIMIT_SIGPENDING is reached
  all // all of that but the limit
};

constexpr unsigned phases = 8;

constexpr const char* name_of(phase p)
{
  constexpr std::array names{"calm", "bursts", "stall", "strays", "changes",
      "forks", "limit", "all at once"};
  return names[static_cast<std::size_t>(p)];
}

constexpr bool is(phase now, phase p)
{
  return now == p || now == phase::all;
}

} // namespace soak

#endif // SIGFD_TEST_SOAK_PLAN_HPP
