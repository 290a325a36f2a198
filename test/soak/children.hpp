// Children: that are told of the fork and use the object, that execute a
// program, and that only exit.

#ifndef SIGFD_TEST_SOAK_CHILDREN_HPP
#define SIGFD_TEST_SOAK_CHILDREN_HPP

#include <sigfd/signal_fd.hpp>
#include <sigfd/spawn.hpp>

#include "account.hpp"
#include "plan.hpp"
#include "support/process.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"
#include "waiters.hpp"

#include <boost/asio/io_context.hpp>

#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace soak {

// A thread's work. One child at a time, so that of each there is one SIGCHLD.
class parent
{
public:
  explicit parent(run_state& run)
    : run_(run),
      signals_(context_, {SIGCHLD, number_of(channel::own)}, support::options())
  {
    wait();
  }

  std::uint64_t children() const
  {
    return children_;
  }

  void run_until_end()
  {
    for (unsigned i = 0; !run_.stops; ++i)
    {
      const ::pid_t pid = make(i % 4);
      ++children_;
      if (pid == -1)
        run_.found.add("failed", "a child cannot be made", no_stream, 0);
      else
        await(pid);
      if (!is(run_.shared.now(), phase::forks))
        context_.run_for(std::chrono::milliseconds(100));
    }
    signals_.close();
    context_.run();
  }

private:
  static constexpr std::uint32_t own_count = 20;

  void wait()
  {
    signals_.async_wait([this](error_code ec, const signal_info& info) {
      if (ec)
        return;
      enter(info);
      wait();
    });
  }

  void enter(const signal_info& info)
  {
    if (in_child_)
    {
      const auto value = info.value();
      if (info.number() == number_of(channel::own) && value
          && value->sival_int == static_cast<int>(own_received_)
          && info.sender()->pid == ::getpid())
        ++own_received_;
      else
        ++own_wrong_;
    }
    else if (info.number() == SIGCHLD && info.sender())
    {
      if (info.sender()->pid == awaited_)
        ++heard_;
      else if (info.sender()->pid != run_.pids[0])
        run_.found.add("twice", "a SIGCHLD", no_stream, 0);
    }
    else
      run_.found.add("not sent", "in a parent", no_stream, 0);
  }

  ::pid_t make(unsigned kind)
  {
    // A sanitizer's allocator may be locked by a thread that is not there.
    if (support::has_sanitizer || kind >= 2)
      return kind % 2 == 0 ? spawn() : fork_and_execute();
    return kind == 0 ? fork_told() : fork_and_exit();
  }

  // Its end and its SIGCHLD, once.
  void await(::pid_t pid)
  {
    awaited_ = pid;
    int status = -1;
    const auto end = std::chrono::steady_clock::now()
        + std::chrono::seconds(60);
    bool has_ended = false;
    while (
        !(has_ended && heard_ != 0) && std::chrono::steady_clock::now() < end)
    {
      context_.run_for(std::chrono::milliseconds(1));
      has_ended = has_ended || ::waitpid(pid, &status, WNOHANG) == pid;
    }
    if (!has_ended)
    {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &status, 0);
    }
    if (heard_ != 1)
      run_.found.add(heard_ == 0 ? "lost" : "twice",
          "SIGCHLD of child " + std::to_string(children_), no_stream, 0);
    // Ctrl-C is for all of the foreground, and a program may end of it.
    if (status != 0 && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT))
      run_.found.add("failed",
          "child " + std::to_string(children_) + " ended with status "
              + std::to_string(status),
          no_stream, 0);
    heard_ = 0;
    awaited_ = 0;
  }

  ::pid_t fork_told()
  {
    const sigfd::scoped_signal_block block(signal_mask::all());
    context_.notify_fork(net::io_context::fork_prepare);
    const ::pid_t pid = ::fork();
    if (pid == 0)
    {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      in_child_ = true;
      context_.notify_fork(net::io_context::fork_child);
      ::_exit(use_own());
    }
    context_.notify_fork(net::io_context::fork_parent);
    return pid;
  }

  // In the child.
  int use_own()
  {
    for (std::uint32_t i = 0; i < own_count; ++i)
    {
      if (!support::queue(
              ::getpid(), number_of(channel::own), static_cast<int>(i)))
        return 1;
      ++run_.shared.own_sent;
    }
    const auto end = std::chrono::steady_clock::now()
        + std::chrono::seconds(30);
    context_.restart();
    while (own_received_ + own_wrong_ < own_count
        && std::chrono::steady_clock::now() < end)
      context_.run_for(std::chrono::milliseconds(1));
    run_.shared.own_received += own_received_;
    return own_wrong_ != 0 ? 2 : own_received_ != own_count ? 3 : 0;
  }

  static ::pid_t spawn()
  {
    ::pid_t pid;
    char name[] = "true";
    char* const arguments[] = {name, nullptr};
    return ::posix_spawnp(&pid, name, nullptr,
               sigfd::spawn_attributes().native(), arguments, ::environ)
            == 0
        ? pid
        : -1;
  }

  static ::pid_t fork_and_execute()
  {
    const sigfd::scoped_signal_block block(signal_mask::all());
    const ::pid_t pid = ::fork();
    if (pid == 0)
    {
      sigfd::reset_signals();
      ::execlp("true", "true", static_cast<char*>(nullptr));
      ::_exit(127);
    }
    return pid;
  }

  ::pid_t fork_and_exit()
  {
    const sigfd::scoped_signal_block block(signal_mask::all());
    const ::pid_t pid = ::fork();
    if (pid == 0)
    {
      signals_.close();
      ::_exit(0);
    }
    return pid;
  }

  run_state& run_;
  net::io_context context_;
  signal_fd signals_;
  ::pid_t awaited_ = 0;
  unsigned heard_ = 0;
  std::atomic<std::uint64_t> children_{0};
  bool in_child_ = false;
  std::uint32_t own_received_ = 0;
  std::uint32_t own_wrong_ = 0;
};

} // namespace soak

#endif // SIGFD_TEST_SOAK_CHILDREN_HPP
