// What is to be measured.

#ifndef SIGFD_BENCH_PLAN_HPP
#define SIGFD_BENCH_PLAN_HPP

#include <signal.h>

#include <string>

namespace bench {

enum class workload
{
  drain,        // real-time signals that are pending when the loop starts
  flood,        // from a second process, as fast as it can
  stall,        // from a second process, while the loop is away for a second
  pingpong,     // one at a time, each answered, on one CPU
  threads,      // flood, with several threads in the loop
  cancel,       // no signals: waits, started and cancelled
  fanout_drain, // drain, by several objects that all watch the signal
  fanout        // flood, to several objects, over loops of a thread each
};

struct plan
{
  std::string contestant;
  std::string workload_name;
  bench::workload workload{};
  long count = 0; // signals, rounds or cycles
  long swap = 0;  // of so many pairs of values one is sent in reverse
  long skip = 0;  // of so many values one is left out
  bool leak = false;
  bool queue_only = false;
  int quiet_ms = 1500;
  int threads = 2;
  int objects = 1; // of fanout_drain and fanout
  int loops = 1;   // over which the objects are spread

  // Whether the signals are pending before the loop starts.
  bool queues_first() const
  {
    return workload == workload::drain || workload == workload::fanout_drain;
  }

  bool fans_out() const
  {
    return workload == workload::fanout_drain || workload == workload::fanout;
  }

  int signal_number() const
  {
    return workload == workload::pingpong ? SIGUSR1 : SIGRTMIN + 1;
  }

  // How many signals are sent.
  long signals() const
  {
    return skip == 0 ? count : count - count / skip;
  }

  // Calls send(value) for each in order, while it returns true; whether it
  // always did.
  template <typename Send>
  bool send_values(Send send) const
  {
    for (long i = 0; i < count; ++i)
    {
      const bool swapped = swap != 0 && (i / 2 + 1) % swap == 0
          && (i | 1) < count;
      const long value = swapped ? i ^ 1 : i;
      const bool skipped = skip != 0 && (value + 1) % skip == 0;
      if (!skipped && !send(static_cast<int>(value)))
        return false;
    }
    return true;
  }
};

} // namespace bench

#endif // SIGFD_BENCH_PLAN_HPP
