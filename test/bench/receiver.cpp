#include "receiver.hpp"

#include "support/allocations.hpp"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace bench {

namespace {

void* volatile leaked; // volatile, or the compiler leaves the allocation out

long nanoseconds(const ::timeval& time)
{
  return time.tv_sec * 1'000'000'000L + time.tv_usec * 1000L;
}

} // namespace

usage usage::now()
{
  ::timespec wall;
  ::rusage used;
  ::clock_gettime(CLOCK_MONOTONIC, &wall);
  ::getrusage(RUSAGE_SELF, &used);
  return {wall.tv_sec * 1'000'000'000L + wall.tv_nsec,
      nanoseconds(used.ru_utime), nanoseconds(used.ru_stime),
      support::allocations()};
}

receiver::receiver(board& shared, int index, long signals,
    std::optional<long> values, int answer_fd)
  : board_(shared),
    received_(shared.received.at(static_cast<std::size_t>(index)).value),
    signals_(signals),
    values_(values),
    answer_fd_(answer_fd),
    step_(values ? 1 : 0),
    milestone_(signals > warm_up ? warm_up : signals),
    is_missing_(static_cast<std::size_t>(values.value_or(0)))
{
}

void receiver::begin()
{
  begin_ = usage::now();
}

bool receiver::attend()
{
  const unsigned attention = board_.attention;
  if (attention & closing_time)
  {
    end_ = usage::now();
    return false;
  }
  if (attention & allocate_for)
    leaked = std::malloc(1);
  if (attention & answer_it && ::write(answer_fd_, "", 1) != 1)
    throw std::runtime_error("cannot answer the sender");
  return true;
}

// Leaves what is expected one step before the next value. Allocates nothing.
void receiver::unexpected(int value)
{
  if (value > expected_ && value < values_.value_or(0))
  {
    for (; expected_ < value; ++expected_)
    {
      is_missing_[static_cast<std::size_t>(expected_)] = true;
      ++missing_;
    }
    return;
  }
  ++out_of_order_;
  if (value >= 0 && value < expected_
      && is_missing_[static_cast<std::size_t>(value)])
  {
    is_missing_[static_cast<std::size_t>(value)] = false;
    --missing_;
  }
  else
    ++duplicates_; // or of nobody's sending
  expected_ -= step_;
}

bool receiver::reach_milestone()
{
  if (milestone_ == signals_)
  {
    end_ = usage::now();
    return false;
  }
  warm_allocations_ = support::allocations();
  milestone_ = signals_;
  return true;
}

long receiver::received() const
{
  return received_;
}

bool receiver::complete() const
{
  return received() == signals_;
}

long receiver::out_of_order() const
{
  return out_of_order_;
}

long receiver::value_gaps() const
{
  const long after_the_last = std::max(
      0L, values_.value_or(0) - static_cast<long>(expected_));
  return missing_ + after_the_last;
}

long receiver::duplicates() const
{
  return duplicates_;
}

usage receiver::used() const
{
  return {end_.wall_ns - begin_.wall_ns, end_.user_ns - begin_.user_ns,
      end_.system_ns - begin_.system_ns, end_.allocations - begin_.allocations};
}

std::optional<double> receiver::allocations() const
{
  if (received() <= warm_up)
    return std::nullopt;
  return static_cast<double>(end_.allocations - warm_allocations_)
      / static_cast<double>(received() - warm_up);
}

} // namespace bench
