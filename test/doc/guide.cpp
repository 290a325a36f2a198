// The code of doc/guide.md, compiled and run.

#include <sigfd.hpp>

#include "support/process.hpp"
#include "support/process_state.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <iostream>
#include <span>
#include <sstream>
#include <string>
#include <thread>

namespace net = boost::asio;

namespace {

std::ostringstream out;

void handle(const sigfd::signal_info& info)
{
  out << info.name() << ' ';
}

std::string take_output()
{
  std::string text = out.str();
  out.str("");
  return text;
}

void send(int signal_number)
{
  BOOST_REQUIRE(::kill(::getpid(), signal_number) == 0);
}

// Reaps every child that has ended.
void reap()
{
  for (;;)
  {
    ::siginfo_t raw{};
    if (::waitid(P_ALL, 0, &raw, WEXITED | WNOHANG) == -1 || raw.si_pid == 0)
      return; // there is no child, or none that has ended
    out << sigfd::signal_info(raw).child()->pid << ' ';
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(blocks_before_the_first_thread)
{
  const auto work = [] { BOOST_TEST(support::is_blocked(SIGHUP)); };
  // In main(), before anything starts a thread:
  sigfd::block_signals({SIGHUP, SIGTERM, SIGCHLD});
  std::thread worker(work); // does not get them
  worker.join();
}

BOOST_AUTO_TEST_CASE(callback)
{
  net::io_context context;
  sigfd::signal_fd signals(context, SIGINT, SIGTERM);
  signals.async_wait(
      [](boost::system::error_code ec, const sigfd::signal_info& info) {
        if (!ec)
          handle(info);
      });
  send(SIGTERM);
  context.run();
  BOOST_TEST(take_output() == "SIGTERM ");
}

BOOST_AUTO_TEST_CASE(many)
{
  net::io_context context;
  sigfd::signal_fd signals(context, SIGINT, SIGTERM);
  std::array<sigfd::signal_info, 64> infos; // must live until the completion
  signals.async_wait_some(
      infos, [&](boost::system::error_code ec, std::size_t count) {
        if (!ec)
          for (const auto& info : std::span(infos).first(count))
            handle(info);
      });
  send(SIGTERM);
  send(SIGINT);
  context.run();
  BOOST_TEST(take_output() == "SIGINT SIGTERM ");
}

BOOST_AUTO_TEST_CASE(without_a_loop)
{
  net::io_context context; // need not run
  sigfd::signal_fd signals(context, SIGINT, SIGTERM);
  send(SIGTERM);
  handle(signals.wait());
  if (auto info = signals.try_wait())
    handle(*info);
  BOOST_TEST(take_output() == "SIGTERM ");
}

BOOST_AUTO_TEST_CASE(a_library_that_starts_threads)
{
  struct
  {
    bool got_mask = false;

    void start()
    {
      std::thread([this] { got_mask = support::is_blocked(SIGUSR2); }).join();
    }
  } library;
  {
    sigfd::scoped_signal_block block(sigfd::signal_mask::all());
    library.start(); // its threads inherit the mask and get no signal
  }
  BOOST_TEST(library.got_mask);
  BOOST_TEST(!support::is_blocked(SIGUSR2));
}

BOOST_AUTO_TEST_CASE(children)
{
  net::io_context context;
  sigfd::signal_fd signals(context, SIGCHLD);
  std::string expected;
  for (int i = 0; i < 3; ++i)
  {
    const ::pid_t pid = ::fork();
    if (pid == 0)
      ::_exit(0);
    ::siginfo_t ended;
    BOOST_REQUIRE(
        ::waitid(P_PID, static_cast<::id_t>(pid), &ended, WEXITED | WNOWAIT)
        == 0);
    expected += std::to_string(pid) + ' ';
  }
  signals.async_wait(
      [](boost::system::error_code, const sigfd::signal_info&) { reap(); });
  context.run();
  BOOST_TEST(take_output() == expected);
}

BOOST_AUTO_TEST_CASE(values)
{
  net::io_context context;
  sigfd::signal_fd signals(context, SIGRTMIN, SIGUSR1);
  int volume = 0;
  bool muted = false;
  BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 70));
  send(SIGUSR1);
  for (int i = 0; i < 2; ++i)
  {
    const sigfd::signal_info info = signals.wait();
    if (auto value = info.value())        // data: check it like any input
      volume = value->sival_int;
    if (auto sender = info.sender();      // authority: only if it is attested
        info == SIGUSR1 && sender && sender->attested
        && sender->uid == ::getuid())
      muted = true;
  }
  BOOST_TEST(volume == 70);
  BOOST_TEST(muted);
}

BOOST_AUTO_TEST_CASE(timers)
{
  net::io_context context;
  sigfd::signal_fd signals(context, SIGRTMIN);
  long ticks = 0;
  ::sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGRTMIN;
  event.sigev_value.sival_int = 17; // comes back in expiry->value
  ::timer_t timer;
  BOOST_REQUIRE(::timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  const ::itimerspec often{{0, 1'000'000}, {0, 1'000'000}};
  BOOST_REQUIRE(::timer_settime(timer, 0, &often, nullptr) == 0);
  while (ticks < 5)
    if (auto expiry = signals.wait().timer())
      ticks += 1 + expiry->overrun; // those that came while it was pending
  ::timer_delete(timer);
  BOOST_TEST(ticks >= 5);
}

BOOST_AUTO_TEST_CASE(descriptors)
{
  net::io_context context;
  int ends[2];
  BOOST_REQUIRE(::pipe(ends) == 0);
  const int fd = ends[0];
  sigfd::signal_fd signals(context, SIGIO);
  ::fcntl(fd, F_SETOWN, ::getpid());
  ::fcntl(fd, F_SETSIG, SIGIO); // without it, the signal does not say which
  ::fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC);
  BOOST_REQUIRE(::write(ends[1], "x", 1) == 1);
  if (auto event = signals.wait().io())
    out << (event->fd == fd) << ((event->band & POLLIN) != 0);
  BOOST_TEST(take_output() == "11");
  ::close(ends[0]);
  ::close(ends[1]);
}

BOOST_AUTO_TEST_CASE(back_pressure)
{
  net::io_context context;
  sigfd::signal_fd other(context, {SIGRTMIN});
  sigfd::signal_fd statistics(context, {SIGRTMIN},
      {.backlog = 64, .overflow = sigfd::overflow_policy::drop_oldest});
  for (int i = 0; i < 100; ++i)
  {
    send(SIGRTMIN);
    BOOST_TEST(other.try_wait().has_value());
  }
  BOOST_TEST(statistics.dropped() == 36u);
  BOOST_TEST(statistics.try_wait().has_value());
}

BOOST_AUTO_TEST_CASE(competing_readers)
{
  net::io_context context;
  const sigfd::open_options competing{.delivery = sigfd::delivery_policy::one};
  sigfd::signal_fd first(context, {SIGRTMIN}, competing);
  sigfd::signal_fd second(context, {SIGRTMIN}, competing);
  send(SIGRTMIN);
  BOOST_TEST(first.try_wait().has_value());
  BOOST_TEST(!second.try_wait().has_value());
}

BOOST_AUTO_TEST_CASE(beside_handlers)
{
  net::io_context context;
  static volatile std::sig_atomic_t called = 0;
  ::signal(SIGCHLD, [](int) { called = called + 1; });
  {
    sigfd::signal_fd children(
        context, {SIGCHLD}, {.handlers = sigfd::handler_policy::call});
    send(SIGCHLD);
    BOOST_TEST(children.try_wait().has_value());
  }
  BOOST_TEST(called == 1);
  ::signal(SIGCHLD, SIG_DFL);
}

BOOST_AUTO_TEST_CASE(after_close)
{
  const auto status_of = [](bool unblocks) {
    return support::process([=] {
      net::io_context context;
      sigfd::signal_fd signals(context, SIGINT, SIGTERM);
      if (unblocks)
      {
        signals.close(); // SIGINT and SIGTERM stay blocked, and do nothing now
        const sigfd::signal_mask mask{SIGINT, SIGTERM};
        ::pthread_sigmask(SIG_UNBLOCK, &mask.native(), nullptr);
      }
      signals.close();
      return ::kill(::getpid(), SIGTERM); // 0, if it comes back
    }).wait_status();
  };
  BOOST_TEST(status_of(false) == 0);
  BOOST_TEST(WIFSIGNALED(status_of(true)));
  BOOST_TEST(WTERMSIG(status_of(true)) == SIGTERM);
}

BOOST_AUTO_TEST_CASE(changing_the_set)
{
  net::io_context context;
  sigfd::signal_fd signals(context);
  signals.add(SIGHUP); // opens it
  signals.update({SIGHUP, SIGRTMIN + 3});
  signals.remove(SIGHUP); // what is pending stays pending
  signals.clear(); // still open, waits stay outstanding
  BOOST_TEST(signals.is_open());
}

BOOST_AUTO_TEST_CASE(options)
{
  net::io_context context;
  boost::system::error_code ec;
  sigfd::signal_fd signals(context);
  signals.open({SIGWINCH}, {.mask = sigfd::mask_policy::require}, ec);
  if (ec)
    out << ec.message();
  BOOST_TEST(
      take_output() == "SIGWINCH (28) is not blocked in the calling thread");
}

BOOST_AUTO_TEST_CASE(threads_that_do_not_block)
{
  net::io_context context;
  boost::system::error_code ec;
  {
    sigfd::signal_fd signals(
        context, {SIGWINCH}, {.stray = sigfd::stray_policy::ignore});
    BOOST_TEST(signals.is_open());
  }
  {
    const sigfd::stray_counts counts = sigfd::count_strays();
    out << counts.caught << " caught, " << counts.lost << " lost";
  }
  BOOST_TEST(take_output() == "0 caught, 0 lost");
  sigfd::signal_fd first(context);
  first.add(SIGCHLD, sigfd::signal_fd::flags::no_child_wait);
  sigfd::signal_fd signals(context);
  using flags = sigfd::signal_fd::flags;
  signals.add(SIGCHLD, flags::no_child_stop | flags::restart, ec);
  if (ec == boost::asio::error::invalid_argument)
    out << "another object has given it other flags";
  BOOST_TEST(take_output() == "another object has given it other flags");
}

BOOST_AUTO_TEST_CASE(forking)
{
  net::io_context context;
  sigfd::signal_fd signals(context, SIGUSR1);
  send(SIGUSR1);
  signals.async_wait([](boost::system::error_code,
                         const sigfd::signal_info& info) { handle(info); });
  context.notify_fork(net::io_context::fork_prepare);
  const ::pid_t child = ::fork();
  if (child == 0)
  {
    context.notify_fork(net::io_context::fork_child);
    context.run(); // gets the signals of the child
    ::_exit(0);
  }
  context.notify_fork(net::io_context::fork_parent);
  context.run();
  BOOST_TEST(take_output() == "SIGUSR1 ");
  BOOST_REQUIRE(::kill(child, SIGUSR1) == 0);
  int status = 1;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_TEST(status == 0);
}
