// What the receiving and the sending process tell each other, in memory that
// both have.

#ifndef SIGFD_BENCH_BOARD_HPP
#define SIGFD_BENCH_BOARD_HPP

#include <errno.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <new>
#include <system_error>

namespace bench {

// What the receiver has to do about a signal besides counting it.
enum attention : unsigned
{
  answer_it = 1,    // write a byte to the sender: pingpong
  allocate_for = 2, // allocate once: the positive control of that figure
  closing_time = 4  // not count it, but end: nothing else will come
};

struct board
{
  // Of those that receive; each writes to memory that is its own.
  static constexpr int max_receivers = 64;

  struct alignas(64) counter
  {
    std::atomic<long> value{0};
  };

  // Read for every signal, and written twice at most.
  alignas(64) std::atomic<unsigned> attention{0};

  // Written by the receiver.
  std::array<counter, max_receivers> received;
  std::atomic<bool> loop_runs{false};

  // Written by the sender.
  alignas(64) std::atomic<long> queue_was_full{0}; // EAGAIN, then once more
  std::atomic<bool> sender_failed{false};
  long median_ns = 0; // of a round trip
  long p99_ns = 0;

  // By all of them together.
  long all_received() const
  {
    long sum = 0;
    for (const counter& c : received)
      sum += c.value;
    return sum;
  }
};

// Makes one that stays shared after fork(2); it lives as long as the process.
inline board& make_board()
{
  void* memory = ::mmap(nullptr, sizeof(board), PROT_READ | PROT_WRITE,
      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw std::system_error(errno, std::generic_category(), "mmap");
  return *new (memory) board;
}

} // namespace bench

#endif // SIGFD_BENCH_BOARD_HPP
