// What a run says at its end.

#ifndef SIGFD_TEST_SOAK_BALANCE_HPP
#define SIGFD_TEST_SOAK_BALANCE_HPP

#include <sigfd/stray_counts.hpp>

#include "account.hpp"
#include "board.hpp"
#include "plan.hpp"
#include "samples.hpp"
#include "support/source.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <ostream>
#include <string>

namespace soak {

// What is known only at the end.
struct totals
{
  double seconds = 0;
  double phase_seconds = 0;
  bool was_interrupted = false;
  std::uint64_t children = 0;
  long descriptors_before = 0;
  long descriptors_after = 0;
  long threads_before = 0;
  long threads_after = 0;
};

// The phase in which its sender was when it sent this.
inline std::string phase_of(
    const board& b, std::size_t stream, std::uint32_t position)
{
  const unsigned last = b.phase_number;
  for (unsigned i = 0; i <= last && i < board::phases_known; ++i)
  {
    const unsigned number = last - i;
    if (b.first[number % board::phases_known][stream] <= position)
      return std::to_string(number) + ", "
          + name_of(static_cast<phase>(number % phases));
  }
  return "long ago";
}

// Where a signal may be caught in another thread, or go back to the process
// from an object that is closed, the order is not promised; and one that is
// sent when the last one has arrived has none.
inline bool is_order_promised(channel c)
{
  return c == channel::ordered || c == channel::coalesced
      || (c == channel::shared
          && support::test_source() == sigfd::source::kernel);
}

// Whether it comes out even: what was sent, at each object, has arrived, was
// coalesced, is pending, or is lost.
inline bool print_channels(std::ostream& out, const run_state& run)
{
  constexpr int width = 11;
  out << std::left << std::setw(18) << "" << std::right;
  for (const char* title : {"sent", "x objects", "delivered", "coalesced",
           "pending", "lost", "twice", "disordered", "refused", "to guests"})
    out << std::setw(width) << title;
  out << '\n';
  bool even = true;
  for (std::size_t c = 0; c < channels; ++c)
  {
    const auto name = static_cast<channel>(c);
    std::uint64_t sent = 0;
    std::uint64_t refused = 0;
    for (std::size_t s = 0; s < streams.size(); ++s)
      if (streams[s].to == name)
      {
        sent += run.shared.sent[s];
        refused += run.shared.refused[s];
      }
    const std::uint64_t delivered = run.delivered[c];
    const std::uint64_t coalesced = name == channel::coalesced
        ? run.coalesced.load()
        : 0;
    const std::uint64_t lost = run.found.count("lost", c);
    even = even
        && sent * run.objects[c]
            == delivered + coalesced + run.pending[c] + lost;
    const auto column = [&](const auto& value) {
      out << std::setw(width) << value;
    };
    out << std::left << std::setw(18) << plan_of(name).name << std::right;
    for (const std::uint64_t value : {sent, run.objects[c], delivered,
             coalesced, run.pending[c], lost, run.found.count("twice", c)})
      column(value);
    column(is_order_promised(name)
            ? std::to_string(run.found.count("out of order", c))
            : "-");
    column(refused);
    column(run.delivered_to_guests[c].load());
    out << '\n';
  }
  out << (even ? "Even: " : "NOT EVEN: ")
      << "sent x objects = delivered + coalesced + pending + lost\n";
  return even;
}

inline void print_samples(std::ostream& out, const samples& all)
{
  constexpr std::size_t rows = 10;
  const auto& list = all.all();
  out << "   seconds   RSS KiB  heap KiB   descriptors   threads   "
         "CPU s        sent    delivered   phase\n";
  const std::size_t last = list.size() - 1;
  std::size_t printed = list.size();
  for (std::size_t i = 0; i <= rows; ++i)
    if (const std::size_t at = last * i / rows; at != printed)
    {
      printed = at;
      const sample& s = list[at];
      out << std::fixed << std::setprecision(1) << std::setw(10) << s.seconds
          << std::setw(10) << s.rss_kib << std::setw(10) << s.heap_kib
          << std::setw(14) << s.descriptors << std::setw(10) << s.threads
          << std::setw(8) << s.cpu_seconds << std::setw(12) << s.sent
          << std::setw(13) << s.delivered << "   " << name_of(s.during) << '\n';
    }
}

inline void print_findings(std::ostream& out, const run_state& run)
{
  constexpr std::size_t most = 20;
  const auto list = run.found.all();
  for (std::size_t i = 0; i < std::min(list.size(), most); ++i)
  {
    const finding& f = list[i];
    out << "  " << f.what << ": ";
    if (f.stream != no_stream)
    {
      const stream& s = streams[f.stream];
      out << "signal " << number_of(s.to) << " (" << plan_of(s.to).name
          << ") number " << f.position << " from " << name_of(s.from)
          << ", value " << make_value(f.stream, f.position) << ", phase "
          << phase_of(run.shared, f.stream, f.position) << "; by ";
    }
    out << f.by << '\n';
  }
  if (run.found.count() > most)
    out << "  and so on: " << run.found.count() << " in all\n";
}

// Whether memory, descriptors and threads are what they were.
inline bool print_growth(
    std::ostream& out, const samples& all, const totals& sum)
{
  bool right = true;
  if (!all.are_comparable(sum.phase_seconds))
    out << "Too short to compare the first quarter with the last.\n";
  else
    for (const growth& g : all.grown())
    {
      const bool grew = g.last - g.first > g.limit;
      right = right && !grew;
      out << "Median of " << g.what << ", first and last quarter: " << g.first
          << ", " << g.last << "; may grow by " << g.limit
          << (grew ? ": GREW" : "") << '\n';
    }
  const bool left = sum.descriptors_after != sum.descriptors_before
      || sum.threads_after != sum.threads_before;
  out << "Before and after everything: " << sum.descriptors_before << " and "
      << sum.descriptors_after << " descriptors, " << sum.threads_before
      << " and " << sum.threads_after << " threads"
      << (left ? ": NOT THE SAME" : "") << '\n';
  return right && !left;
}

// Whether all is well.
inline bool print_balance(std::ostream& out, const run_state& run,
    const samples& all, const totals& sum)
{
  const sigfd::stray_counts strays = sigfd::count_strays();
  out << std::fixed << std::setprecision(0) << "Source "
      << support::source_name() << ": " << sum.seconds << " s"
      << (sum.was_interrupted ? ", interrupted" : "") << ", "
      << run.shared.phase_number + 1 << " phases\n\n";
  const bool even = print_channels(out, run);
  out << "\nDropped as asked for: " << run.dropped
      << ". Children's own: " << run.shared.own_sent << " sent, "
      << run.shared.own_received << " received.\n"
      << "Objects opened: " << run.opened << ", changes: " << run.changed
      << ", waits cancelled: " << run.cancelled
      << ", lost to a timer: " << run.timeouts << ", children: " << sum.children
      << ".\nThreads that block nothing: " << run.stray_threads
      << ", signals they caught: " << strays.caught
      << ", of these lost: " << strays.lost << ".\n\n";
  print_samples(out, all);
  out << '\n';
  const bool same = print_growth(out, all, sum);
  const bool right = even && same && run.found.count() == 0 && strays.lost == 0;
  print_findings(out, run);
  out << support::source_name() << ": "
      << (right ? "nothing lost, nothing twice, nothing grew" : "FAILED")
      << '\n';
  return right;
}

} // namespace soak

#endif // SIGFD_TEST_SOAK_BALANCE_HPP
