// Those who send, in a second process and in threads of this one.

#ifndef SIGFD_TEST_SOAK_SENDERS_HPP
#define SIGFD_TEST_SOAK_SENDERS_HPP

#include "board.hpp"
#include "plan.hpp"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace soak {

// Sends the streams of one group until the board says stop. So that nothing
// else of the machine suffers, it keeps a pace, and does not send more of a
// stream than its receivers follow; but for the limit, which it has to reach.
class sending
{
public:
  sending(board& b, int group, ::pid_t receiver, std::uint32_t limit)
    : board_(b),
      group_(group),
      receiver_(receiver),
      limit_(limit)
  {
  }

  // Where the streams go that are directed at one thread.
  void direct_at(::pthread_t thread)
  {
    target_ = thread;
  }

  void run()
  {
    while (!board_.starts)
      ::usleep(1'000);
    while (!board_.stops)
    {
      const pause paused = board_.paused;
      begin_phase();
      for (std::size_t s = 0; s < streams.size() && paused != pause::all; ++s)
        if (streams[s].group == group_)
          send_some(s, paused != pause::nothing);
      board_.has_paused[static_cast<std::size_t>(group_)] = paused;
      ::usleep(is(board_.now(), phase::bursts) ? 40'000 : 5'000);
    }
    board_.has_paused[static_cast<std::size_t>(group_)] = pause::all;
  }

private:
  void begin_phase()
  {
    const unsigned number = board_.phase_number;
    if (number == number_)
      return;
    number_ = number;
    const bool at_limit = board_.now() == phase::limit;
    for (std::size_t s = 0; s < streams.size(); ++s)
      if (streams[s].group == group_)
        board_.first[number % board::phases_known][s] = board_.sent[s];
    flood_ = at_limit ? limit_ : 0;
  }

  void send_some(std::size_t s, bool only_blocked)
  {
    const channel_plan& plan = plan_of(streams[s].to);
    // At the limit standard signals lose their siginfo, and strays could be
    // lost: neither can be counted.
    if (only_blocked && (plan.is_strayed || plan.is_standard))
      return;
    std::uint32_t count = is(board_.now(), phase::bursts) ? 50 : 1;
    std::uint32_t most = 150;
    if (streams[s].to == channel::coalesced)
    {
      count = 1 + board_.sent[s] % 16;
      most = UINT32_MAX;
    }
    else if (plan.is_standard)
      most = 1;
    else if (flood_ != 0)
    {
      count = flood_;
      most = UINT32_MAX;
    }
    for (std::uint32_t i = 0; i < count && board_.outstanding(s) < most; ++i)
      if (!send(s))
        break;
    // All of them in one go, and then nothing until the next phase.
    if (flood_ != 0 && streams[s].to == channel::relayed)
      flood_ = 0;
  }

  // Whether it was accepted; what is refused is not sent.
  bool send(std::size_t s)
  {
    const std::uint32_t position = board_.sent[s];
    const int number = number_of(streams[s].to);
    ::sigval value{};
    value.sival_int = make_value(s, position);
    if (streams[s].to == channel::coalesced)
      board_.start_ns[position % board::starts_known] = now_ns();
    int error = 0;
    if (streams[s].from == sender::directed)
      error = ::pthread_sigqueue(target_, number, value);
    else if (::sigqueue(receiver_, number, value) == -1)
      error = errno;
    if (error == 0)
      board_.sent[s] = position + 1;
    else if (error == EAGAIN)
      ++board_.refused[s];
    else
      board_.sender_failed = true;
    return error == 0;
  }

  board& board_;
  int group_;
  ::pid_t receiver_;
  std::uint32_t limit_;
  ::pthread_t target_{};
  unsigned number_ = ~0U;
  std::uint32_t flood_ = 0;
};

} // namespace soak

#endif // SIGFD_TEST_SOAK_SENDERS_HPP
