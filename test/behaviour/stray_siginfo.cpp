// What is said of a signal that reached a thread which did not block it: to
// whoever takes it, just what its sender said. Each case is a child process,
// which exits with 0 if all was well.

#include <sigfd/signal_fd.hpp>
#include <sigfd/stray_counts.hpp>

#include "support/patient_sender.hpp"
#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/source.hpp"
#include "support/unblock.hpp"
#include "support/unblocked_threads.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <climits>
#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <random>
#include <thread>
#include <vector>

namespace {

namespace net = boost::asio;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;
using support::passing_threads;
using support::patient_sender;

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

BOOST_AUTO_TEST_SUITE(stray_siginfo)

// By signalfd and by sigtimedwait. The object of the library is idle, and takes
// nothing from the kernel.
BOOST_AUTO_TEST_CASE(a_reader_of_another_kind_sees_the_signal_itself)
{
  for (const int number : {SIGUSR1, SIGRTMIN + 1})
    for (const bool by_descriptor : {true, false})
      BOOST_TEST_CONTEXT(
          "signal " << number << ", descriptor " << by_descriptor)
      {
        support::process child([&] {
          net::io_context context;
          const signal_mask mask{number};
          signal_fd idle(context, mask, {.source = sigfd::source::kernel});
          const int fd = ::signalfd(
              -1, &mask.native(), SFD_NONBLOCK | SFD_CLOEXEC);
          for (int i = 1; i <= 50; ++i)
          {
            std::thread([&] {
              support::unblock_all();
              if (!support::queue(::getpid(), number, i))
                ::_exit(1);
            }).join();
            signal_info info;
            if (by_descriptor)
            {
              if (::read(fd, &info, sizeof info) != ::ssize_t{sizeof info})
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
          support::unblock_all();
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
