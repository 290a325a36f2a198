// Threads that do not block what is watched, where RLIMIT_SIGPENDING is reached
// and where it is not. At the limit a signal may come that nobody sent, which
// says nothing; but none that somebody sent stays away, or comes twice.
//
// Each case is a child process, which has a limit of its own and exits with 0
// if all was well.

#include <sigfd/signal_fd.hpp>
#include <sigfd/stray_counts.hpp>

#include "support/no_room.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"
#include "support/unblocked_threads.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>
#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

namespace net = boost::asio;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;

// All that the kernel keeps of a signal without room; what a spurious one says.
bool is_bare(const signal_info& info)
{
  return info.code() == SI_USER && info.native().ssi_pid == 0
      && info.native().ssi_uid == 0;
}

// Unblocks everything in the calling thread.
void unblock()
{
  ::sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

// Has so many threads catch one signal each, with the values 0, 1, 2 and so on,
// while there is no room. False if they could not be sent.
bool catch_without_room(int number, std::size_t count)
{
  std::atomic<std::size_t> ready{0};
  std::atomic<bool> go{false};
  std::atomic<bool> sent{true};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      ::sigset_t only;
      ::sigemptyset(&only);
      ::sigaddset(&only, number);
      ::pthread_sigmask(SIG_BLOCK, &only, nullptr);
      ::sigval value{};
      value.sival_int = static_cast<int>(i);
      if (::pthread_sigqueue(::pthread_self(), number, value) != 0)
        sent = false;
      ++ready;
      while (!go)
        ::usleep(50);
      ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
    });
  while (ready != count)
    ::usleep(50);
  {
    const support::no_room limit;
    go = true;
    for (std::thread& thread : threads)
      thread.join();
  }
  return sent;
}

// Takes the values 0, 1, 2 and so on in any order; whether each came once.
bool take_values(signal_fd& signals, std::size_t count)
{
  std::vector<int> times(count);
  std::size_t taken = 0;
  bool right = true;
  support::wait_until([&] {
    while (const auto info = signals.try_wait())
    {
      if (is_bare(*info))
        continue;
      const auto value = static_cast<std::size_t>(
          info->value() ? info->value()->sival_int : -1);
      right = right && value < count && ++times[value] == 1;
      ++taken;
    }
    return taken >= count;
  });
  return right && taken == count;
}

// A process that sends something count times, and each time waits until it has
// been told that it arrived.
class patient_sender
{
public:
  template <typename Send>
  patient_sender(int count, Send send)
  {
    if (::pipe2(acknowledged_, O_CLOEXEC) == -1)
      throw std::runtime_error("pipe2 failed");
    process_.emplace([this, count, send, receiver = ::getpid()] {
      char byte;
      for (int i = 0; i < count; ++i)
        if (!send(receiver, i) || ::read(acknowledged_[0], &byte, 1) != 1)
          return 1;
      return 0;
    });
  }

  patient_sender(const patient_sender&) = delete;
  patient_sender& operator=(const patient_sender&) = delete;

  ~patient_sender()
  {
    ::close(acknowledged_[0]);
    ::close(acknowledged_[1]);
  }

  ::pid_t pid() const
  {
    return process_->pid();
  }

  // Takes signals until all have arrived; whether they have, and a function
  // was content with each.
  template <typename IsRight>
  bool receive_all(signal_fd& signals, IsRight is_right)
  {
    bool right = true;
    const bool ended = support::wait_until([&] {
      while (const auto info = signals.try_wait())
      {
        right = right && is_right(*info);
        right = ::write(acknowledged_[1], "", 1) == 1 && right;
      }
      ::siginfo_t end{};
      return ::waitid(P_PID, static_cast<::id_t>(pid()), &end,
                 WEXITED | WNOHANG | WNOWAIT) == 0
          && end.si_pid == pid();
    });
    return ended && right && process_->wait() == 0;
  }

private:
  int acknowledged_[2] = {-1, -1};
  std::optional<support::process> process_;
};

// Threads that block nothing, and live for a moment each.
class passing_threads
{
public:
  passing_threads()
  {
    for (int i = 0; i < 2; ++i)
      makers_.emplace_back([this] {
        while (!stop_)
          support::unblocked_threads(2);
      });
  }

  passing_threads(const passing_threads&) = delete;
  passing_threads& operator=(const passing_threads&) = delete;

  ~passing_threads()
  {
    stop_ = true;
    for (std::thread& maker : makers_)
      maker.join();
  }

private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> makers_;
};

// Several senders, and threads that catch what they send.
int flood(::rlim_t room, int each)
{
  constexpr int senders = 4;
  support::set_queue_room(room);
  net::io_context context;
  signal_fd signals(context, signal_mask{SIGRTMIN}, support::options());
  std::vector<support::process> processes;
  for (int s = 0; s < senders; ++s)
    processes.emplace_back([=, receiver = ::getpid()] {
      for (int i = 0; i < each; ++i)
        if (!support::queue(receiver, SIGRTMIN, s * each + i))
          return 1;
      return 0;
    });
  const bool all_once = [&] {
    const passing_threads threads;
    return take_values(signals, static_cast<std::size_t>(senders * each));
  }();
  if (!all_once)
    return 2;
  for (support::process& process : processes)
    if (process.wait() != 0)
      return 3;
  while (const auto info = signals.try_wait())
    if (!is_bare(*info))
      return 4;
  const auto counts = sigfd::count_strays();
  // A sanitizer slows the threads down so much that they may catch none.
  const bool has_caught = counts.caught > 0 || support::has_sanitizer;
  return counts.lost == 0 && has_caught ? 0 : 5;
}

// Queues a record to another process as it is written.
bool forge(::pid_t receiver, int code, ::pid_t pid)
{
  ::siginfo_t raw{};
  raw.si_signo = SIGRTMIN;
  raw.si_code = code;
  raw.si_pid = pid;
  raw.si_uid = 0;
  raw.si_value.sival_int = 17;
  return ::syscall(SYS_rt_sigqueueinfo, receiver, SIGRTMIN, &raw) == 0;
}

// Codes that a sender may write; the kernel refuses SI_TKILL to others.
std::vector<int> forged_codes()
{
  std::vector<int> codes;
  for (int code = -1; code >= -300; --code)
    codes.push_back(code);
  for (int bit = 9; bit < 31; ++bit)
    for (const int more : {-1, 0, 1})
      codes.push_back(-(1 << bit) + more);
  codes.push_back(INT_MIN);
  codes.push_back(INT_MIN + 1);
  std::minstd_rand random;
  for (int i = 0; i < 500; ++i)
    codes.push_back(-static_cast<int>(random()));
  std::erase(codes, SI_TKILL);
  return codes;
}

constexpr int process_of_nobody[] = {
    1, 0, -1, INT_MIN, INT_MAX, 4242, static_cast<int>(0xAE998999)};

} // namespace

BOOST_AUTO_TEST_SUITE(stray_limit)

BOOST_AUTO_TEST_CASE(none_of_a_quiet_sender_is_dropped_after_strays)
{
  for (const std::size_t threads : {8u, 64u})
    BOOST_TEST_CONTEXT(threads << " threads")
    {
      support::process child([&] {
        net::io_context context;
        signal_fd signals(context, signal_mask{SIGRTMIN}, support::options());
        if (!catch_without_room(SIGRTMIN, threads))
          return 1;
        support::set_queue_limit(0);
        if (!take_values(signals, threads))
          return 2;
        while (signals.try_wait())
          continue;
        patient_sender sender(50, [](::pid_t receiver, int) {
          return ::kill(receiver, SIGRTMIN) == 0;
        });
        return sender.receive_all(signals, is_bare) ? 0 : 3;
      });
      BOOST_TEST(child.wait() == 0);
    }
}

BOOST_AUTO_TEST_CASE(nor_in_a_child)
{
  support::process child([] {
    net::io_context context;
    signal_fd signals(context, signal_mask{SIGRTMIN}, support::options());
    if (!catch_without_room(SIGRTMIN, 16) || !take_values(signals, 16))
      return 1;
    support::set_queue_limit(0);
    support::process grandchild([] {
      net::io_context own_context;
      signal_fd own(own_context, signal_mask{SIGRTMIN}, support::options());
      patient_sender sender(20, [](::pid_t receiver, int) {
        return ::kill(receiver, SIGRTMIN) == 0;
      });
      return sender.receive_all(own, is_bare) ? 0 : 1;
    });
    return grandchild.wait() == 0 ? 0 : 2;
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_CASE(none_is_dropped_that_a_thread_catches_without_room)
{
  support::process child([] {
    net::io_context context;
    signal_fd signals(context, signal_mask{SIGRTMIN}, support::options());
    support::set_queue_limit(0);
    // They go to threads that do not block, or to the object.
    const passing_threads threads;
    patient_sender sender(500, [](::pid_t receiver, int) {
      return ::kill(receiver, SIGRTMIN) == 0;
    });
    return sender.receive_all(signals, is_bare) ? 0 : 1;
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_flood_loses_nothing_and_repeats_nothing)
{
  constexpr int each = support::has_sanitizer ? 1'000 : 10'000;
  for (const ::rlim_t room : {3'000u, 60u})
    BOOST_TEST_CONTEXT("room for " << room)
    {
      support::process child([&] { return flood(room, each); });
      BOOST_TEST(child.wait() == 0);
    }
}

BOOST_AUTO_TEST_CASE(nor_does_one_with_hardly_any_room)
{
  constexpr int each = support::has_sanitizer ? 50 : 500;
  for (::rlim_t room = 1; room <= 10; ++room)
    BOOST_TEST_CONTEXT("room for " << room)
    {
      support::process child([&] { return flood(room, each); });
      BOOST_TEST(child.wait() == 0);
    }
}

// By signalfd and by sigtimedwait. The object of the library is idle, and takes
// nothing from the kernel.
BOOST_AUTO_TEST_CASE(a_reader_of_another_kind_sees_the_signal_itself)
{
  for (const int number : {SIGUSR1, SIGRTMIN + 1})
    for (const bool by_descriptor : {true, false})
      BOOST_TEST_CONTEXT("signal " << number << ", descriptor "
                                   << by_descriptor)
      {
        support::process child([&] {
          net::io_context context;
          const signal_mask mask{number};
          signal_fd idle(context, mask, {.source = sigfd::source::kernel});
          const int fd
              = ::signalfd(-1, &mask.native(), SFD_NONBLOCK | SFD_CLOEXEC);
          for (int i = 1; i <= 50; ++i)
          {
            std::thread([&] {
              unblock();
              if (!support::queue(::getpid(), number, i))
                ::_exit(1);
            }).join();
            signal_info info;
            if (by_descriptor)
            {
              if (::read(fd, &info, sizeof info)
                  != ::ssize_t{sizeof info})
                return 2;
            }
            else
            {
              const ::timespec at_once{};
              ::siginfo_t raw{};
              if (::sigtimedwait(&mask.native(), &raw, &at_once) != number)
                return 3;
              info = signal_info(raw);
            }
            if (info.number() != number || info.code() != SI_QUEUE
                || info.sender()->pid != ::getpid()
                || info.value()->sival_int != i)
              return 4;
          }
          if (idle.try_wait() || support::is_pending(number))
            return 5;
          return sigfd::count_strays().caught == 50 ? 0 : 6;
        });
        BOOST_TEST(child.wait() == 0);
      }
}

BOOST_AUTO_TEST_CASE(an_idle_object_takes_nothing_from_one_that_waits)
{
  for (const int number : {SIGUSR1, SIGRTMIN})
  {
    support::process child([&] {
      net::io_context idle_context;
      net::io_context context;
      signal_fd idle(idle_context, signal_mask{number, SIGRTMIN + 1},
          {.source = sigfd::source::kernel});
      signal_fd signals(context, signal_mask{number}, support::options());
      int arrived = 0;
      const std::function<void()> wait = [&] {
        signals.async_wait([&](auto ec, const signal_info& info) {
          if (ec || info.code() != SI_QUEUE
              || info.value()->sival_int != arrived)
            ::_exit(2);
          ++arrived;
          wait();
        });
      };
      wait();
      context.poll();
      for (int i = 0; i < 100; ++i)
      {
        std::thread([&] {
          unblock();
          if (!support::queue(::getpid(), number, i))
            ::_exit(1);
        }).join();
        // Nor does it take anything with it when it goes.
        idle.close();
        idle.open({number}, {.source = sigfd::source::kernel});
        if (!support::wait_until([&] {
              context.poll();
              return arrived == i + 1;
            }))
          return 3;
      }
      return 0;
    });
    BOOST_TEST(child.wait() == 0);
  }
}

BOOST_AUTO_TEST_CASE(what_kill_sends_is_attested_though_a_thread_caught_it)
{
  support::process child([] {
    net::io_context context;
    signal_fd signals(context, signal_mask{SIGRTMIN}, support::options());
    {
      const passing_threads threads;
      patient_sender sender(500, [](::pid_t receiver, int) {
        return ::kill(receiver, SIGRTMIN) == 0;
      });
      if (!sender.receive_all(signals, [&](const signal_info& info) {
            const auto from = info.sender();
            return info.code() == SI_USER && from && from->attested
                && from->pid == sender.pid() && from->uid == ::getuid();
          }))
        return 1;
    }
    return sigfd::count_strays().caught > 0 ? 0 : 2;
  });
  BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_CASE(what_a_sender_wrote_itself_never_is)
{
  for (const bool caught : {false, true})
    BOOST_TEST_CONTEXT("caught " << caught)
    {
      support::process child([&] {
        net::io_context context;
        signal_fd signals(context, signal_mask{SIGRTMIN}, support::options());
        std::optional<passing_threads> threads;
        if (caught)
          threads.emplace();
        const std::vector<int> codes = forged_codes();
        int arrived = 0;
        patient_sender sender(
            static_cast<int>(codes.size()), [&](::pid_t receiver, int i) {
              return forge(receiver, codes[static_cast<std::size_t>(i)], 1);
            });
        return sender.receive_all(signals,
                   [&](const signal_info& info) {
                     const int code
                         = codes[static_cast<std::size_t>(arrived++)];
                     if (info.code() != code)
                       return false;
                     const auto from = info.sender();
                     return from ? !from->attested && from->pid == 1
                                 : code == SI_TIMER || code == SI_SIGIO;
                   })
            ? 0
            : 1;
      });
      BOOST_TEST(child.wait() == 0);
    }
}

BOOST_AUTO_TEST_CASE(nothing_that_a_sender_writes_makes_it_vanish)
{
  for (const bool caught : {false, true})
    BOOST_TEST_CONTEXT("caught " << caught)
    {
      support::process child([&] {
        net::io_context context;
        signal_fd signals(context, signal_mask{SIGRTMIN}, support::options());
        std::optional<passing_threads> threads;
        if (caught)
          threads.emplace();
        std::size_t arrived = 0;
        patient_sender sender(static_cast<int>(std::size(process_of_nobody)),
            [](::pid_t receiver, int i) {
              return forge(receiver, SI_QUEUE, process_of_nobody[i]);
            });
        return sender.receive_all(signals,
                   [&](const signal_info& info) {
                     return info.code() == SI_QUEUE
                         && static_cast<int>(info.native().ssi_pid)
                         == process_of_nobody[arrived++];
                   })
            ? 0
            : 1;
      });
      BOOST_TEST(child.wait() == 0);
    }
}

BOOST_AUTO_TEST_SUITE_END()
