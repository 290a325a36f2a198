// deep_queue [COUNT [NUMBERS]]
//
// Queues COUNT real-time signals to itself, of NUMBERS signals in turn, and
// then reads them all: once from a signalfd(2), once by try_wait_some. The
// kernel keeps all that is pending in one list and looks through it for each
// one that it takes, so a deep queue of several numbers takes time that grows
// with the square of its depth; one of a single number does not.

#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <iostream>

namespace {

using seconds = std::chrono::duration<double>;

int count = 20'000;
int numbers = 4;

// As many as the user may have queued: the hard limit.
void raise_limit()
{
  struct ::rlimit limit{};
  ::getrlimit(RLIMIT_SIGPENDING, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_SIGPENDING, &limit);
}

sigfd::signal_mask mask_of_numbers()
{
  sigfd::signal_mask mask;
  for (int i = 0; i < numbers; ++i)
    mask.add(SIGRTMIN + i);
  return mask;
}

bool fill()
{
  for (int i = 0; i < count; ++i)
    if (::sigqueue(::getpid(), SIGRTMIN + i % numbers, {}) == -1)
    {
      std::cerr << "deep_queue: " << i
                << " are queued, then: " << std::strerror(errno)
                << " (ulimit -i)\n";
      return false;
    }
  return true;
}

// Fills the queue, empties it by a function that reads up to 64 and returns how
// many, and prints how long that took.
template <typename Read>
bool measure(const char* name, Read read)
{
  if (!fill())
    return false;
  const auto start = std::chrono::steady_clock::now();
  for (int taken = 0; taken < count;)
    taken += read();
  const seconds time = std::chrono::steady_clock::now() - start;
  std::cout << name << ": " << count << " signals of " << numbers
            << (numbers == 1 ? " number in " : " numbers in ") << time.count()
            << " s, " << static_cast<long>(count / time.count())
            << " a second\n";
  return true;
}

bool parse(const char* text, int most, int& result)
{
  const char* const end = text + std::strlen(text);
  return std::from_chars(text, end, result).ptr == end && result > 0
      && result <= most;
}

} // namespace

int main(int argc, char* argv[])
{
  if (argc > 3 || (argc > 1 && !parse(argv[1], 100'000'000, count))
      || (argc > 2 && !parse(argv[2], SIGRTMAX - SIGRTMIN + 1, numbers)))
  {
    std::cerr << "usage: deep_queue [COUNT [NUMBERS]]\n";
    return 2;
  }
  raise_limit();
  const sigfd::signal_mask mask = mask_of_numbers();
  sigfd::block_signals(mask);

  const int fd = ::signalfd(-1, &mask.native(), SFD_CLOEXEC);
  std::array<::signalfd_siginfo, 64> records;
  const bool raw = measure("signalfd", [&] {
    const ::ssize_t size = ::read(fd, records.data(), sizeof(records));
    return size < 0 ? 0 : static_cast<int>(size / ::ssize_t{128});
  });
  ::close(fd);

  boost::asio::io_context context;
  sigfd::signal_fd signals(context, mask);
  std::array<sigfd::signal_info, 64> infos;
  return raw
          && measure("sigfd",
              [&] { return static_cast<int>(signals.try_wait_some(infos)); })
      ? 0
      : 1;
}
