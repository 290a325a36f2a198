// The second process.

#ifndef SIGFD_BENCH_SENDER_HPP
#define SIGFD_BENCH_SENDER_HPP

#include "board.hpp"
#include "plan.hpp"

#include "support/process.hpp"

namespace bench {

// Sends what the plan says to the process that made it, once it is told to,
// and ends what would not end by itself: if a contestant that loses signals has
// seen nothing for a while, it sends one last signal, which is not counted.
//
// To be made before anything else: the process must have one thread and nothing
// of the contestant's yet.
class sender
{
public:
  // Where the CPUs are pinned, the sender runs on sender_cpu; -1: anywhere.
  sender(const plan& what, board& shared, int sender_cpu);

  sender(const sender&) = delete;
  sender& operator=(const sender&) = delete;

  ~sender();

  ::pid_t pid() const noexcept
  {
    return process_.pid();
  }

  // Where the receiver answers.
  int answer_fd() const noexcept
  {
    return answers_[1];
  }

  // Tells it to start.
  void go();

  // After pingpong: waits until it has worked out its figures.
  void wait();

private:
  struct pipe
  {
    int ends[2];

    pipe();
    ~pipe();

    int operator[](int end) const noexcept
    {
      return ends[end];
    }
  };

  int send(const plan& what, ::pid_t receiver, board& shared);
  static bool send_all(const plan& what, ::pid_t receiver, board& shared);
  bool play(const plan& what, ::pid_t receiver, board& shared);
  [[noreturn]] static void end_when_quiet(
      const plan& what, ::pid_t receiver, board& shared);

  pipe start_;
  pipe answers_;
  support::process process_;
};

// Runs the calling thread, and those that it will make, on one CPU.
void pin(int cpu);

// A CPU that the process may run on: the first, the second, or the last if
// there are not so many.
int allowed_cpu(int index);

// Sleeps for a time, whatever signals come.
void sleep_for_ms(int milliseconds);

} // namespace bench

#endif // SIGFD_BENCH_SENDER_HPP
