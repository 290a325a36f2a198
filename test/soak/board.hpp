// What the processes of a run tell each other, in memory that all of them have.

#ifndef SIGFD_TEST_SOAK_BOARD_HPP
#define SIGFD_TEST_SOAK_BOARD_HPP

#include "plan.hpp"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <system_error>

namespace soak {

inline std::int64_t now_ns()
{
  ::timespec time;
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
}

// What is not sent for a while.
enum class pause
{
  nothing,
  uncountable, // what may be a stray, and standard signals
  all
};

struct board
{
  // For each signal that is received by a wait that counts.
  static constexpr std::size_t max_accounts = 16;
  static constexpr std::size_t phases_known = 1024;
  static constexpr std::size_t starts_known = 1U << 16;

  using counters = std::array<std::atomic<std::uint32_t>, streams.size()>;

  // Written by the controller. The number of the phase counts them all.
  std::atomic<unsigned> phase_number{0};
  std::atomic<bool> starts{false}; // senders begin
  std::atomic<bool> stops{false}; // senders end
  std::atomic<bool> ends{false}; // the second process ends
  std::atomic<pause> paused{pause::nothing};

  // Written by the senders.
  counters sent{};
  counters refused{};
  std::array<std::atomic<pause>, groups> has_paused{}; // that much
  std::atomic<bool> sender_failed{false};
  std::array<std::array<std::uint32_t, streams.size()>, phases_known> first{};
  std::array<std::atomic<std::int64_t>, starts_known> start_ns{}; // coalesced

  // Written by those who receive: of a stream, how many arrived at an account.
  std::array<counters, max_accounts> received{};
  std::array<std::atomic<bool>, max_accounts> counts_every{};
  std::array<std::atomic<bool>, max_accounts> counts_one{};

  // Written by the children of fork.
  std::atomic<std::uint32_t> own_sent{0};
  std::atomic<std::uint32_t> own_received{0};

  phase now() const
  {
    return static_cast<phase>(phase_number % phases);
  }

  // How many of a stream have arrived wherever they are to arrive.
  std::uint32_t arrived(std::size_t s) const
  {
    const bool to_every = plan_of(streams[s].to).to_every;
    std::uint32_t least = sent[s];
    for (std::size_t i = 0; i < max_accounts; ++i)
      if (to_every ? counts_every[i] : counts_one[i])
        least = std::min<std::uint32_t>(least, received[i][s]);
    return least;
  }

  // How many were sent and have not arrived everywhere.
  std::uint32_t outstanding(std::size_t s) const
  {
    const std::uint32_t there = arrived(s);
    return sent[s] - there;
  }
};

// Makes one that stays shared after fork(2), for as long as the process lives.
inline board& make_board()
{
  void* memory = ::mmap(nullptr, sizeof(board), PROT_READ | PROT_WRITE,
      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw std::system_error(errno, std::generic_category(), "mmap");
  // Touched once, or it would look like memory that grows.
  std::memset(memory, 1, sizeof(board));
  board& made = *new (memory) board;
  for (auto& positions : made.first)
    positions.fill(UINT32_MAX); // no sender has seen the phase
  return made;
}

} // namespace soak

#endif // SIGFD_TEST_SOAK_BOARD_HPP
