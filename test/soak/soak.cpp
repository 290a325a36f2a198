// Everything at once, for as long as one likes, counting every signal.
//
//   sigfd_soak SECONDS [FILE]
//
// The source is what SIGFD_TEST_SOURCE says. Prints a balance, and writes the
// samples to FILE. Fails if a signal was lost, stuck, came twice or out of
// order, or if memory, descriptors or threads grow. SIGINT ends it early, with
// the balance.

#include "account.hpp"
#include "balance.hpp"
#include "board.hpp"
#include "children.hpp"
#include "guests.hpp"
#include "plan.hpp"
#include "residents.hpp"
#include "samples.hpp"
#include "senders.hpp"
#include "strays.hpp"
#include "support/own_user.hpp"
#include "support/process.hpp"
#include "support/wait_until.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace soak {
namespace {

using clock = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

// What may be pending of this user. Little, so that it is reached at once.
constexpr ::rlim_t most_pending = 2000;

// How long a stream may not move before it is called stuck; and how much of
// that passes at most from one look to the next, which the machine may delay.
constexpr seconds patience{90};
constexpr seconds longest_look{0.5};

void limit_pending()
{
  ::rlimit limit{};
  ::getrlimit(RLIMIT_SIGPENDING, &limit);
  limit.rlim_cur = std::min(limit.rlim_max, most_pending);
  ::setrlimit(RLIMIT_SIGPENDING, &limit);
}

// The course of a run, seen by the main thread.
class controller
{
public:
  controller(run_state& run, samples& all, double duration)
    : run_(run),
      samples_(all),
      duration_(duration),
      phase_(std::clamp(duration / phases / 4, 0.3, 2.0)),
      interval_(std::max(duration / 400, 0.05))
  {
  }

  double phase_seconds() const
  {
    return phase_;
  }

  bool was_interrupted() const
  {
    return is_interrupted_;
  }

  double elapsed() const
  {
    return seconds(clock::now() - start_).count();
  }

  // Phase after phase, until the time is over or the user says so.
  void run_phases()
  {
    sample_now();
    while (elapsed() < duration_ && !is_interrupted_ && !is_stuck_)
    {
      pass(phase_);
      const unsigned number = run_.shared.phase_number;
      // Who is not woken must not be saved by what is sent next. But some
      // phases follow the one before under load.
      if ((number + number / phases) % 2 == 0)
        wait_for_all();
      const auto next = static_cast<phase>((number + 1) % phases);
      // At the end, and where something is stuck, without it.
      const bool skips = next == phase::limit
          && !pause_what_cannot_be_counted();
      if (skips)
        run_.shared.paused = pause::nothing;
      run_.shared.phase_number += skips ? 2 : 1;
      if (static_cast<phase>(number % phases) == phase::limit
          && wait_while(
              [this] { return all_outstanding() > most_pending / 4; }))
        run_.shared.paused = pause::nothing;
    }
    sample_now();
  }

  // Until all that was sent has arrived, or is stuck.
  void drain()
  {
    begin_pause(pause::all);
    run_.shared.stops = true;
    wait_for_the_paused();
  }

private:
  std::uint64_t all_outstanding() const
  {
    std::uint64_t sum = 0;
    for (std::size_t s = 0; s < streams.size(); ++s)
      if (streams[s].to != channel::coalesced)
        sum += run_.shared.outstanding(s);
    return sum;
  }

  // Has nothing be sent until all that was sent has arrived.
  void wait_for_all()
  {
    const pause before = run_.shared.paused;
    begin_pause(pause::all);
    wait_for_the_paused();
    run_.shared.paused = before;
  }

  void wait_for_the_paused()
  {
    wait_while([this] { return !have_paused(pause::all) || is_any_awaited(); });
  }

  bool pause_what_cannot_be_counted()
  {
    begin_pause(pause::uncountable);
    return wait_while([this] {
      bool any = !have_paused(pause::uncountable);
      for (std::size_t s = 0; s < streams.size(); ++s)
      {
        const channel_plan& plan = plan_of(streams[s].to);
        any = any || ((plan.is_strayed || plan.is_standard) && is_awaited(s));
      }
      return any;
    });
  }

  void begin_pause(pause what)
  {
    for (auto& paused : run_.shared.has_paused)
      paused = pause::nothing;
    run_.shared.paused = what;
  }

  bool have_paused(pause what) const
  {
    const auto& all = run_.shared.has_paused;
    return std::all_of(
        all.begin(), all.end(), [what](const auto& p) { return p >= what; });
  }

  bool is_any_awaited() const
  {
    bool any = false;
    for (std::size_t s = 0; s < streams.size(); ++s)
      any = any || is_awaited(s);
    return any;
  }

  // Whether it came to an end.
  template <typename Condition>
  bool wait_while(Condition condition)
  {
    while (condition() && !is_over() && !is_stuck_)
      pass(0.001);
    return !condition();
  }

  // Whether some of a stream must still arrive. Those that coalesce may all be
  // there although the last one is not.
  bool is_awaited(std::size_t s) const
  {
    if (streams[s].to != channel::coalesced)
      return run_.shared.outstanding(s) != 0;
    ::sigset_t pending;
    ::sigpending(&pending);
    return ::sigismember(&pending, number_of(channel::coalesced)) == 1;
  }

  // A stream of which nothing arrives any more, with those who wait for it.
  void look_whether_stuck()
  {
    if (is_stuck_)
      return;
    const auto now = clock::now();
    const seconds passed = std::min(seconds(now - last_look_), longest_look);
    last_look_ = now;
    for (std::size_t s = 0; s < streams.size(); ++s)
    {
      progress& p = progress_[s];
      const std::uint32_t arrived = run_.shared.arrived(s);
      const bool moves = !is_awaited(s) || arrived != p.arrived;
      p.idle = moves ? seconds(0) : p.idle + passed;
      p.arrived = arrived;
      if (p.idle > patience)
        is_stuck_ = true;
    }
    if (is_stuck_)
      report_what_is_stuck();
  }

  void report_what_is_stuck()
  {
    for (std::size_t s = 0; s < streams.size(); ++s)
      if (progress_[s].idle > patience / 2)
        for (std::size_t i = 0; i < board::max_accounts; ++i)
        {
          const board& b = run_.shared;
          const bool every = plan_of(streams[s].to).to_every;
          const std::uint32_t received = b.received[i][s];
          const std::uint32_t missing = b.sent[s] - received;
          if ((every ? b.counts_every[i] : b.counts_one[i]) && missing != 0)
            run_.found.add("stuck",
                run_.names[i] + ", which still waits for "
                    + std::to_string(missing),
                s, received);
        }
  }

  bool is_over() const
  {
    return !run_.shared.stops && (is_interrupted_ || elapsed() > duration_);
  }

  void pass(double time)
  {
    ::sigset_t ends;
    ::sigemptyset(&ends);
    ::sigaddset(&ends, SIGINT);
    ::sigaddset(&ends, SIGTERM);
    const auto end = clock::now() + seconds(time);
    do
    {
      const double left = seconds(end - clock::now()).count();
      const auto ns = static_cast<long>(
          std::clamp(std::min(left, interval_), 0.0, 0.5) * 1e9);
      const ::timespec timeout{0, ns};
      if (::sigtimedwait(&ends, nullptr, &timeout) > 0)
        is_interrupted_ = true;
      look_whether_stuck();
      if (elapsed() >= next_sample_)
        sample_now();
    } while (clock::now() < end && !is_interrupted_);
  }

  void sample_now()
  {
    next_sample_ = elapsed() + interval_;
    samples_.add({elapsed(), run_.shared.now(), rss_kib(), heap_kib(),
        descriptors(), threads(), cpu_seconds(),
        std::accumulate(
            run_.shared.sent.begin(), run_.shared.sent.end(), std::uint64_t{0}),
        run_.deliveries});
  }

  struct progress
  {
    std::uint32_t arrived = 0;
    seconds idle{0};
  };

  run_state& run_;
  samples& samples_;
  double duration_;
  double phase_;
  double interval_;
  double next_sample_ = 0;
  bool is_interrupted_ = false;
  bool is_stuck_ = false;
  std::array<progress, streams.size()> progress_{};
  clock::time_point last_look_ = clock::now();
  clock::time_point start_ = clock::now();
};

// What is in the kernel when everything is closed. It was not lost.
void drain_kernel(run_state& run, residents& all)
{
  ::sigset_t set;
  ::sigemptyset(&set);
  for (std::size_t c = 0; c < channels; ++c)
    ::sigaddset(&set, number_of(static_cast<channel>(c)));
  const ::timespec none{};
  for (::siginfo_t info; ::sigtimedwait(&set, &info, &none) > 0;)
    if (const int value = info.si_value.sival_int; value >= 0)
      if (const std::size_t s = stream_of(value);
          s < streams.size() && info.si_signo == number_of(streams[s].to))
        run.pending[static_cast<std::size_t>(streams[s].to)]
            += all.count_pending(s, position_of(value));
}

// Those who only come and go, and their threads, until all that was sent has
// arrived.
void run_guests(
    run_state& run, residents& all, controller& control, totals& sum)
{
  parent family(run);
  stray_threads strays(run);
  sending blocked(run.shared, 1, ::getpid(), 2 * most_pending);
  sending strayed(run.shared, 2, ::getpid(), 2 * most_pending);
  strayed.direct_at(strays.handle());
  std::vector<std::thread> senders;
  senders.emplace_back([&] { blocked.run(); });
  senders.emplace_back([&] { strayed.run(); });
  std::vector<std::thread> guests;
  guests.emplace_back([&] { come_and_go(run, guest_of_every(run)); });
  guests.emplace_back([&] { come_and_go(run, guest_of_one<true>(all.one())); });
  guests.emplace_back(
      [&] { come_and_go(run, guest_of_one<false>(all.one())); });
  guests.emplace_back([&] { family.run_until_end(); });

  run.shared.starts = true;
  control.run_phases();
  control.drain();
  for (std::thread& t : senders)
    t.join();
  run.stops = true;
  for (std::thread& t : guests)
    t.join();
  run.shared.ends = true;
  sum.children = family.children();
}

bool soak(double duration, std::ostream* file)
{
  limit_pending();
  // What ends the run is for the main thread alone.
  ::signal(SIGINT, SIG_DFL);
  sigfd::block_signals(signal_mask::all());
  board& shared = make_board();
  support::process second([&, receiver = ::getpid()] {
    ::signal(SIGINT, SIG_IGN);
    ::signal(SIGTERM, SIG_IGN);
    sending(shared, 0, receiver, 2 * most_pending).run();
    // Its SIGCHLD would coalesce with that of another child.
    while (!shared.ends)
      ::usleep(1'000);
    return shared.sender_failed ? 1 : 0;
  });
  findings found;
  run_state run(shared, found, second.pid());
  samples all_samples;
  totals sum;
  sum.descriptors_before = descriptors();
  sum.threads_before = threads();
  controller control(run, all_samples, duration);
  const auto report = [&] {
    sum.seconds = control.elapsed();
    sum.phase_seconds = control.phase_seconds();
    sum.was_interrupted = control.was_interrupted();
    // A thread that was joined may still be listed for a moment.
    support::wait_until([&] { return threads() == sum.threads_before; });
    sum.descriptors_after = descriptors();
    sum.threads_after = threads();
    if (file != nullptr)
      all_samples.write(*file);
    return print_balance(std::cout, run, all_samples, sum);
  };
  {
    residents all(run);
    all.start();
    run_guests(run, all, control, sum);
    if (second.wait() != 0 || shared.sender_failed)
      found.add("failed", "a sender", no_stream, 0);
    if (!all.stop())
    {
      found.add("failed", "a wait does not end", no_stream, 0);
      all.close_accounts();
      report();
      std::cout.flush();
      ::_exit(1);
    }
    drain_kernel(run, all);
    all.close_accounts();
  }
  return report();
}

} // namespace
} // namespace soak

int main(int argc, char* argv[])
{
  const double duration = argc > 1 ? std::atof(argv[1]) : 0;
  if (argc < 2 || argc > 3 || !(duration > 0))
  {
    std::cerr << "usage: sigfd_soak SECONDS [FILE]\n";
    return 2;
  }
  try
  {
    // Before it becomes another user, who might not.
    std::ofstream file;
    if (argc > 2)
      file.open(argv[2]);
    if (!file)
      throw std::runtime_error("cannot write the samples");
    support::own_user user;
    return soak::soak(duration, argc > 2 ? &file : nullptr) ? 0 : 1;
  }
  catch (const std::exception& e)
  {
    std::cerr << "sigfd_soak: " << e.what() << '\n';
    return 3;
  }
}
