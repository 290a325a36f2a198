// What a process uses, over time, and whether that grows.

#ifndef SIGFD_TEST_SOAK_SAMPLES_HPP
#define SIGFD_TEST_SOAK_SAMPLES_HPP

#include "plan.hpp"

#include "support/process_state.hpp"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <ostream>
#include <stdexcept>
#include <vector>

namespace soak {

inline long descriptors()
{
  // The one that reads them is not counted.
  return static_cast<long>(support::count_descriptors()) - 1;
}

inline long threads()
{
  return static_cast<long>(support::count_threads());
}

struct sample
{
  double seconds;
  phase during;
  long rss_kib;
  long heap_kib; // allocated, and not freed
  long descriptors;
  long threads;
  double cpu_seconds;
  std::uint64_t sent;
  std::uint64_t delivered;
};

inline long rss_kib()
{
  std::ifstream file("/proc/self/statm");
  long total = 0;
  long resident = 0;
  file >> total >> resident;
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

inline long heap_kib()
{
  const struct ::mallinfo2 info = ::mallinfo2();
  return static_cast<long>((info.uordblks + info.hblkhd) / 1024);
}

inline double cpu_seconds()
{
  ::rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const ::timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct growth
{
  const char* what;
  long first; // the median of the first quarter
  long last;  // of the last
  long limit;
};

class samples
{
public:
  samples()
  {
    all_.reserve(1'000); // or they would grow themselves
  }

  void add(const sample& s)
  {
    all_.push_back(s);
  }

  const std::vector<sample>& all() const
  {
    return all_;
  }

  // A quarter has to have all phases in it, and the first a while to begin.
  bool are_comparable(double phase_seconds) const
  {
    return all_.size() >= 80
        && all_.back().seconds >= 4 * phases * phase_seconds;
  }

  // The limits: an object or a thread that comes and goes may be there when a
  // median is taken, with two descriptors each. Memory: what is allocated goes
  // up and down with the backlog by some 100 KiB; pages stay resident when
  // they are free, up to the highest that was ever used, so there is more room.
  // Whatever is left behind by each wait, object or child is beyond that in
  // a minute.
  std::vector<growth> grown() const
  {
    return {{"resident memory, KiB", median(true, &sample::rss_kib),
                median(false, &sample::rss_kib), 2048},
        {"allocated memory, KiB", median(true, &sample::heap_kib),
            median(false, &sample::heap_kib), 256},
        {"descriptors", median(true, &sample::descriptors),
            median(false, &sample::descriptors), 6},
        {"threads", median(true, &sample::threads),
            median(false, &sample::threads), 3}};
  }

  // For the chart.
  void write(std::ostream& out) const
  {
    out << "seconds\tphase\trss_kib\theap_kib\tdescriptors\tthreads\tcpu\t"
           "sent\tdelivered\n";
    for (const sample& s : all_)
      out << s.seconds << '\t' << name_of(s.during) << '\t' << s.rss_kib << '\t'
          << s.heap_kib << '\t' << s.descriptors << '\t' << s.threads << '\t'
          << s.cpu_seconds << '\t' << s.sent << '\t' << s.delivered << '\n';
    if (!out.flush())
      throw std::runtime_error("cannot write the samples");
  }

private:
  long median(bool first, long sample::* member) const
  {
    const auto quarter = static_cast<std::ptrdiff_t>(all_.size() / 4);
    std::vector<long> values;
    const auto begin = first ? all_.begin() : all_.end() - quarter;
    for (auto s = begin; s != begin + quarter; ++s)
      values.push_back((*s).*member);
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
  }

  std::vector<sample> all_;
};

} // namespace soak

#endif // SIGFD_TEST_SOAK_SAMPLES_HPP
