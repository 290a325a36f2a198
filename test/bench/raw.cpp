// The system calls themselves, and what QEMU does without signalfd(2).

#include "harness.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace {

::sigset_t set_of(int signal_number)
{
  ::sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, signal_number);
  return set;
}

// An epoll instance that waits for one descriptor.
class epoll_of_one
{
public:
  void watch(int fd)
  {
    epoll_ = bench::checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    ::epoll_event event{};
    event.events = EPOLLIN;
    bench::checked(::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  }

  void wait()
  {
    ::epoll_event event;
    while (::epoll_wait(epoll_, &event, 1, -1) == -1 && errno == EINTR)
      continue;
  }

private:
  int epoll_ = -1;
};

// epoll(7) and a signalfd that is read for so many records at a time, once a
// wake-up or until nothing is left.
template <std::size_t Records, bool UntilEmpty>
class epoll_read : public bench::contestant
{
public:
  explicit epoll_read(bench::receiver& receive)
    : receive_(receive)
  {
  }

  void subscribe(int signal_number) override
  {
    const ::sigset_t set = set_of(signal_number);
    bench::block(signal_number);
    fd_ = bench::checked(
        ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC), "signalfd");
    epoll_.watch(fd_);
  }

  void run() override
  {
    do
      epoll_.wait();
    while (read());
  }

private:
  bool read()
  {
    std::array<::signalfd_siginfo, Records> infos;
    do
    {
      const ::ssize_t n = ::read(fd_, infos.data(), sizeof infos);
      if (n <= 0)
        break;
      const auto count = static_cast<std::size_t>(n)
          / sizeof(::signalfd_siginfo);
      for (std::size_t i = 0; i < count; ++i)
        if (!receive_.record(infos[i].ssi_int))
          return false;
    } while (UntilEmpty);
    return true;
  }

  bench::receiver& receive_;
  int fd_ = -1;
  epoll_of_one epoll_;
};

// A loop that can wait for nothing else.
class sigwaitinfo_loop : public bench::contestant
{
public:
  explicit sigwaitinfo_loop(bench::receiver& receive)
    : receive_(receive)
  {
  }

  void subscribe(int signal_number) override
  {
    bench::block(signal_number);
    set_ = set_of(signal_number);
  }

  void run() override
  {
    ::siginfo_t info;
    for (;;)
      if (::sigwaitinfo(&set_, &info) > 0
          && !receive_.record(info.si_value.sival_int))
        return;
  }

private:
  bench::receiver& receive_;
  ::sigset_t set_{};
};

// As QEMU's util/compatfd.c: a thread waits for signals and writes them into a
// pipe as signalfd(2) would, and the main loop reads one at a time until
// nothing is left. QEMU's hands over the number alone; this one also tells
// sender and value. The thread is never stopped there, and not here.
class sigwait_pipe : public bench::contestant
{
public:
  explicit sigwait_pipe(bench::receiver& receive)
    : receive_(receive)
  {
  }

  void subscribe(int signal_number) override
  {
    bench::block(signal_number);
    int ends[2];
    bench::checked(::pipe2(ends, O_CLOEXEC), "pipe2");
    fd_ = ends[0];
    bench::checked(::fcntl(fd_, F_SETFL, O_NONBLOCK), "fcntl");
    epoll_.watch(fd_);
    std::thread([set = set_of(signal_number), fd = ends[1]] {
      relay(set, fd);
    }).detach();
  }

  void run() override
  {
    do
      epoll_.wait();
    while (read());
  }

private:
  [[noreturn]] static void relay(const ::sigset_t& set, int fd)
  {
    ::sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    for (;;)
    {
      ::siginfo_t from;
      if (::sigwaitinfo(&set, &from) <= 0)
        continue;
      ::signalfd_siginfo to{};
      to.ssi_signo = static_cast<std::uint32_t>(from.si_signo);
      to.ssi_code = from.si_code;
      to.ssi_pid = static_cast<std::uint32_t>(from.si_pid);
      to.ssi_uid = from.si_uid;
      to.ssi_int = from.si_value.sival_int;
      while (::write(fd, &to, sizeof to) == -1 && errno == EINTR)
        continue;
    }
  }

  bool read()
  {
    ::signalfd_siginfo info;
    while (::read(fd_, &info, sizeof info) == sizeof info)
      if (!receive_.record(info.ssi_int))
        return false;
    return true;
  }

  bench::receiver& receive_;
  int fd_ = -1;
  epoll_of_one epoll_;
};

} // namespace

int main(int argc, char** argv)
{
  using bench::make;
  return bench::run(argc, argv,
      {{"epoll_read1", make<epoll_read<1, false>>},
          {"epoll_read1_drain", make<epoll_read<1, true>>},
          {"epoll_read64", make<epoll_read<64, false>>},
          {"sigwaitinfo", make<sigwaitinfo_loop>},
          {"sigwait_pipe", make<sigwait_pipe>, bench::sees::value,
              bench::taken_by::thread}});
}
