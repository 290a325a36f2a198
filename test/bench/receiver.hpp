// What every contestant's handler does with a signal, and what comes of it.

#ifndef SIGFD_BENCH_RECEIVER_HPP
#define SIGFD_BENCH_RECEIVER_HPP

#include "board.hpp"

#include <atomic>
#include <cstddef>
#include <optional>
#include <vector>

namespace bench {

// What the process has used so far.
struct usage
{
  long wall_ns;
  long user_ns;
  long system_ns;
  long allocations;

  static usage now();
};

// Counts signals, and checks the values that came with them.
//
// The handlers of all contestants call record() for each signal, and do nothing
// else. It costs a few instructions while all is well. Not to be called
// concurrently: contestants with several threads have one wait outstanding, and
// where several objects watch the signal, each has a receiver of its own.
class receiver
{
public:
  // Expects the values 0, 1, 2 and so on below values, of which signals are
  // sent; or the value 0 with every signal. It counts in the board's place of
  // this index.
  receiver(board& shared, int index, long signals, std::optional<long> values,
      int answer_fd);

  // For each signal: whether more are to come. The contestant ends its loop in
  // its own way when there are none.
  bool record(int value)
  {
    if (board_.attention.load(std::memory_order_relaxed) != 0 && !attend())
      return false;
    if (value != expected_) [[unlikely]]
      unexpected(value);
    expected_ += step_;
    return count();
  }

  // The same for a contestant that is told nothing but the number.
  bool record()
  {
    if (board_.attention.load(std::memory_order_relaxed) != 0 && !attend())
      return false;
    return count();
  }

  // Before the first signal can be handled.
  void begin();

  // The outcome. What is used ends with the last signal.
  long received() const;
  bool complete() const; // whether the last signal is known to be the last
  long out_of_order() const;
  long value_gaps() const;
  long duplicates() const;
  usage used() const;

  // Per signal, after the first 1000; none if there were no more.
  std::optional<double> allocations() const;

private:
  static constexpr long warm_up = 1000;

  bool count()
  {
    const long received = received_.load(std::memory_order_relaxed) + 1;
    received_.store(received, std::memory_order_relaxed);
    return received != milestone_ || reach_milestone();
  }

  bool attend();
  void unexpected(int value);
  bool reach_milestone();

  board& board_;
  std::atomic<long>& received_;
  const long signals_;
  const std::optional<long> values_;
  const int answer_fd_;

  int expected_ = 0;
  int step_;
  long milestone_;

  std::vector<bool> is_missing_; // values that were passed over so far
  long missing_ = 0;
  long out_of_order_ = 0;
  long duplicates_ = 0;

  usage begin_{};
  usage end_{};
  long warm_allocations_ = 0;
};

} // namespace bench

#endif // SIGFD_BENCH_RECEIVER_HPP
