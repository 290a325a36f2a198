// detail/pipe_source: a descriptor that poll(2) and read(2) work on, filled by
// a thread that can be woken, told of another mask, and ended.

#include <sigfd/detail/pipe_source.hpp>

#include "support/drain.hpp"
#include "support/no_descriptors.hpp"
#include "support/no_threads.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/raw_siginfo.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using boost::system::error_code;
using sigfd::signal_info;
using sigfd::signal_mask;
using sigfd::detail::pipe_source;
using sigfd::detail::unique_fd;

const signal_mask mask{SIGUSR1, SIGUSR2, SIGRTMIN, SIGRTMIN + 1};

struct fixture
{
  sigfd::scoped_signal_block block{mask};
  pipe_source source;
  unique_fd fd;
  error_code ec;

  void open(const signal_mask& watched = mask)
  {
    fd = source.open(watched, ec);
    BOOST_REQUIRE(!ec);
  }

  ~fixture()
  {
    source.close();
    for (const int number : mask)
      support::drain(number);
  }

  // Takes the next record, waiting for it.
  signal_info take()
  {
    signal_info info;
    support::wait_until(
        [&] { return source.take({&info, 1}, false) != 0; });
    return info;
  }

  void send(int number, int value)
  {
    BOOST_REQUIRE(support::queue(::getpid(), number, value));
  }

  // How many records the pipe holds, when it holds no more or less any more.
  std::size_t fill()
  {
    int before = -1;
    int now = -2;
    while (before != now)
    {
      before = now;
      ::usleep(20'000);
      ::ioctl(fd.get(), FIONREAD, &now);
    }
    return static_cast<std::size_t>(now) / sizeof(signal_info);
  }
};

// The IDs of the threads of this process with a name.
std::vector<int> threads_named(const std::string& name)
{
  std::vector<int> ids;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task"))
  {
    std::string comm;
    std::getline(std::ifstream(task.path() / "comm"), comm);
    if (comm == name)
      ids.push_back(std::stoi(task.path().filename()));
  }
  return ids;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(pipes, fixture)

BOOST_AUTO_TEST_CASE(takes_what_comes_and_says_when_there_is_nothing)
{
  open();
  BOOST_TEST((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  BOOST_TEST((::fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0);
  std::array<signal_info, 4> infos;
  BOOST_TEST(source.take(infos, false) == 0);
  BOOST_TEST(!ec);
  for (int i = 0; i < 3; ++i)
    send(SIGRTMIN, i);
  for (int i = 0; i < 3; ++i)
  {
    const signal_info info = take();
    BOOST_TEST(info.number() == SIGRTMIN);
    BOOST_TEST(info.value()->sival_int == i);
    BOOST_TEST(info.sender()->pid == ::getpid());
  }
  BOOST_TEST(source.take(infos, false) == 0);
}

BOOST_AUTO_TEST_CASE(the_thread_has_a_name_and_blocks_every_signal)
{
  open();
  BOOST_TEST(support::wait_until(
      [] { return threads_named("sigfd-pipe").size() == 1; }));
  const int id = threads_named("sigfd-pipe").front();
  std::ifstream status("/proc/self/task/" + std::to_string(id) + "/status");
  std::string blocked;
  for (std::string line; std::getline(status, line);)
    if (line.rfind("SigBlk:", 0) == 0)
      blocked = line.substr(line.find_first_not_of("\t ", 7));
  // While the thread waits, the kernel shows those that it waits for as not
  // blocked: they cannot act all the same. SIGKILL and SIGSTOP never are, and
  // the C library keeps 32 and 33.
  unsigned long long not_blocked = ~std::stoull(blocked, nullptr, 16);
  const auto bit = [](int n) { return 1ULL << (n - 1); };
  for (const int n : mask)
    not_blocked &= ~bit(n);
  for (const int n : {SIGFPE, SIGKILL, SIGSTOP, 32, 33})
    not_blocked &= ~bit(n);
  BOOST_TEST(not_blocked == 0u);
}

BOOST_AUTO_TEST_CASE(a_full_pipe_holds_the_rest_back_in_the_kernel)
{
  open();
  constexpr int count = 2'000; // the pipe holds 512 (pipe(7))
  for (int i = 0; i < count; ++i)
    send(SIGRTMIN, i);
  BOOST_TEST(fill() < std::size_t{count});
  BOOST_TEST(support::is_pending(SIGRTMIN));
  for (int i = 0; i < count; ++i)
    BOOST_REQUIRE(take().value()->sival_int == i);
  signal_info info;
  BOOST_TEST(source.take({&info, 1}, false) == 0);
}

BOOST_AUTO_TEST_CASE(an_update_keeps_the_order_of_what_stays)
{
  for (const int count : {3, 600, 2'000})
  {
    open({SIGRTMIN, SIGUSR1});
    for (int i = 0; i < count; ++i)
      send(SIGRTMIN, i);
    fill();
    source.update({SIGRTMIN, SIGUSR2}, ec);
    BOOST_TEST(!ec);
    source.update({SIGRTMIN, SIGUSR1}, ec);
    for (int i = 0; i < count; ++i)
      BOOST_REQUIRE(take().value()->sival_int == i);
    source.close();
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_longer_watched_goes_back)
{
  open({SIGRTMIN, SIGRTMIN + 1});
  for (int i = 0; i < 100; ++i)
    send(SIGRTMIN + i % 2, i);
  fill();
  source.update({SIGRTMIN + 1}, ec);
  BOOST_TEST(support::is_pending(SIGRTMIN));
  for (int i = 1; i < 100; i += 2)
  {
    const signal_info info = take();
    BOOST_TEST(info.number() == SIGRTMIN + 1);
    BOOST_TEST(info.value()->sival_int == i);
  }
  send(SIGRTMIN, 100);
  signal_info info;
  BOOST_TEST(source.take({&info, 1}, false) == 0);
  BOOST_TEST(support::drain(SIGRTMIN) == 51);
}

BOOST_AUTO_TEST_CASE(an_empty_mask_takes_nothing_and_can_grow)
{
  open(signal_mask());
  send(SIGRTMIN, 1);
  signal_info info;
  BOOST_TEST(source.take({&info, 1}, false) == 0);
  BOOST_TEST(support::is_pending(SIGRTMIN));
  source.update({SIGRTMIN}, ec);
  BOOST_TEST(take().value()->sival_int == 1);
}

BOOST_AUTO_TEST_CASE(closing_gives_everything_back_as_it_came)
{
  open();
  for (int i = 0; i < 10; ++i)
    send(SIGRTMIN, i);
  fill();
  source.close();
  BOOST_TEST(support::is_pending(SIGRTMIN));
  BOOST_TEST(support::wait_until(
      [] { return threads_named("sigfd-pipe").empty(); }));

  fd.reset();
  open();
  for (int i = 0; i < 10; ++i)
  {
    const signal_info info = take();
    BOOST_TEST(info.value()->sival_int == i);
    BOOST_TEST(info.sender()->pid == ::getpid());
    BOOST_TEST(info.code() == SI_QUEUE);
  }
}

BOOST_AUTO_TEST_CASE(many_updates_beside_a_sender_lose_and_invent_nothing)
{
  open({SIGRTMIN});
  constexpr int count = 20'000;
  support::process sender = support::queue_many(SIGRTMIN, count);
  int next = 0;
  for (int round = 0; next < count; ++round)
  {
    if (round % 8 == 0)
      source.update(round % 16 == 0 ? signal_mask{SIGRTMIN, SIGUSR1}
                                    : signal_mask{SIGRTMIN},
          ec);
    std::array<signal_info, 7> infos;
    const std::ptrdiff_t taken = source.take(infos, round % 2 == 0);
    for (std::size_t i = 0; std::cmp_less(i, taken); ++i)
      BOOST_REQUIRE(infos[i].value()->sival_int == next++);
  }
  BOOST_TEST(sender.wait() == 0);
}

// Whatever its number and code, a record is the one that signalfd(2) gives.
BOOST_AUTO_TEST_CASE(its_records_are_those_of_the_kernel)
{
  const auto all = signal_mask::all();
  const sigfd::scoped_signal_block block_all(all);
  int compared = 0;
  for (const int number : all)
    for (int code = -70; code < 200; code += code > 20 ? 20 : 1)
    {
      const ::siginfo_t raw = support::full_siginfo(number, code);
      signal_info from_kernel;
      {
        const unique_fd kernel(::signalfd(-1, &all.native(), SFD_CLOEXEC));
        BOOST_REQUIRE(support::queue_raw(raw));
        BOOST_REQUIRE(::read(kernel.get(), &from_kernel, sizeof from_kernel)
            == ::ssize_t{sizeof from_kernel});
      }
      if (!fd)
        open(all);
      else
        source.update(all, ec);
      BOOST_REQUIRE(support::queue_raw(raw));
      const signal_info from_pipe = take();
      if (from_pipe != from_kernel)
        BOOST_ERROR("number " << number << " code " << code << ": "
                              << from_pipe << " is not " << from_kernel);
      source.update(signal_mask(), ec); // the kernel's turn
      ++compared;
    }
  BOOST_TEST(compared == 57 * 100);
}

BOOST_AUTO_TEST_CASE(no_descriptor_or_thread_leaves_nothing_behind)
{
  const support::process_state before;
  {
    const support::no_descriptors none(1); // a pipe needs two
    fd = source.open(mask, ec);
  }
  BOOST_TEST((ec == boost::system::errc::too_many_files_open));
  BOOST_TEST(!fd);
  BOOST_TEST(support::process_state() == before);

  support::process child([&] {
    if (!support::forbid_threads())
      return 2;
    const auto descriptors = support::count_descriptors();
    error_code error;
    const unique_fd none_opened = source.open(mask, error);
    if (error != boost::system::errc::resource_unavailable_try_again)
      return 4;
    return support::count_descriptors() == descriptors && !none_opened ? 0 : 5;
  });
  BOOST_TEST(child.wait() == 0);

  open();
  send(SIGRTMIN, 1);
  BOOST_TEST(take().value()->sival_int == 1);
}

// A signal of the number that wakes the thread, sent by somebody else, does
// what it would do without the thread.
BOOST_AUTO_TEST_CASE(a_foreign_wake_up_goes_on)
{
  support::process child([&] {
    ::signal(SIGFPE, SIG_DFL); // not a sanitizer's
    open();
    for (;;)
      source.update(mask, ec);
    return 0;
  });
  ::usleep(10'000);
  BOOST_REQUIRE(::kill(child.pid(), SIGFPE) == 0);
  const int status = child.wait_status();
  BOOST_TEST((WIFSIGNALED(status) && WTERMSIG(status) == SIGFPE));
}

BOOST_AUTO_TEST_CASE(a_child_that_does_not_know_of_the_fork_ends_it_cleanly)
{
  open();
  send(SIGRTMIN, 1);
  fill();
  support::process child([&] {
    source.close();
    return 0;
  });
  BOOST_TEST(child.wait() == 0);
  BOOST_TEST(take().value()->sival_int == 1);
}

BOOST_AUTO_TEST_SUITE_END()
