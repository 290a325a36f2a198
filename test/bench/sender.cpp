#include "sender.hpp"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace bench {

namespace {

[[noreturn]] void fail(const char* what)
{
  throw std::system_error(errno, std::generic_category(), what);
}

long now_ns()
{
  ::timespec time;
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000L + time.tv_nsec;
}

} // namespace

void pin(int cpu)
{
  ::cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<std::size_t>(cpu), &cpus);
  if (::sched_setaffinity(0, sizeof cpus, &cpus) == -1)
    fail("sched_setaffinity");
}

int allowed_cpu(int index)
{
  ::cpu_set_t cpus;
  if (::sched_getaffinity(0, sizeof cpus, &cpus) == -1)
    fail("sched_getaffinity");
  int found = -1;
  for (int cpu = 0; cpu < CPU_SETSIZE && index >= 0; ++cpu)
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &cpus))
    {
      found = cpu;
      --index;
    }
  return found;
}

void sleep_for_ms(int milliseconds)
{
  const long end = now_ns() + milliseconds * 1'000'000L;
  const ::timespec until{end / 1'000'000'000L, end % 1'000'000'000L};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr)
      == EINTR)
    continue;
}

sender::pipe::pipe()
{
  if (::pipe(ends) == -1)
    fail("pipe");
}

sender::pipe::~pipe()
{
  ::close(ends[0]);
  ::close(ends[1]);
}

sender::sender(const plan& what, board& shared, int sender_cpu)
  : process_([&, receiver = ::getpid()] {
      if (sender_cpu != -1)
        pin(sender_cpu);
      return send(what, receiver, shared);
    })
{
}

sender::~sender() = default;

void sender::go()
{
  if (::write(start_[1], "", 1) != 1)
    fail("cannot start the sender");
}

void sender::wait()
{
  if (process_.wait() != 0)
    throw std::runtime_error("the sender failed");
}

// In the second process from here on.

int sender::send(const plan& what, ::pid_t receiver, board& shared)
{
  char byte;
  if (::read(start_[0], &byte, 1) != 1)
    return 1;
  if (what.workload == workload::pingpong)
    return play(what, receiver, shared) ? 0 : 1;
  if (!what.queues_first() && !send_all(what, receiver, shared))
    shared.sender_failed = true;
  end_when_quiet(what, receiver, shared);
}

bool sender::send_all(const plan& what, ::pid_t receiver, board& shared)
{
  return what.send_values([&](int value) {
    ::sigval v{};
    v.sival_int = value;
    while (::sigqueue(receiver, what.signal_number(), v) == -1)
    {
      if (errno != EAGAIN)
        return false;
      ++shared.queue_was_full;
      ::usleep(50);
    }
    return true;
  });
}

bool sender::play(const plan& what, ::pid_t receiver, board& shared)
{
  std::vector<long> rounds(static_cast<std::size_t>(what.count));
  for (long& round : rounds)
  {
    char byte;
    const long start = now_ns();
    if (::kill(receiver, what.signal_number()) == -1
        || ::read(answers_[0], &byte, 1) != 1)
      return false;
    round = now_ns() - start;
  }
  std::sort(rounds.begin(), rounds.end());
  shared.median_ns = rounds[rounds.size() / 2];
  shared.p99_ns = rounds[rounds.size() * 99 / 100];
  return true;
}

void sender::end_when_quiet(const plan& what, ::pid_t receiver, board& shared)
{
  while (!shared.loop_runs)
    sleep_for_ms(10);
  for (long seen = -1; seen != shared.all_received();)
  {
    seen = shared.all_received();
    sleep_for_ms(what.quiet_ms);
  }
  shared.attention |= closing_time;
  for (;;)
  {
    ::sigqueue(receiver, what.signal_number(), ::sigval{});
    sleep_for_ms(100);
  }
}

} // namespace bench
