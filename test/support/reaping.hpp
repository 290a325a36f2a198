// Children that another library starts and reaps, beside a signal_fd that
// watches SIGCHLD.

#ifndef SIGFD_TEST_SUPPORT_REAPING_HPP
#define SIGFD_TEST_SUPPORT_REAPING_HPP

#include <sigfd/signal_fd.hpp>

#include "drain.hpp"
#include "source.hpp"
#include "unblock.hpp"
#include "wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace support {

class reaping
{
public:
  // Starts a child that executes a command of the shell, and calls the function
  // with its exit status when it has been reaped.
  using starter
      = std::function<::pid_t(const std::string&, std::function<void(int)>)>;

  static constexpr int count = 20;

  boost::asio::io_context context;

  // Opens the signal_fd before or after the other library sees to SIGCHLD, and
  // checks that neither misses any child.
  void check(const starter& start, bool opens_first)
  {
    if (opens_first)
      open();
    int reaped = 0;
    const auto sleeper = start("exec sleep 60", [&](int) { ++reaped; });
    context.poll(); // its wait has begun
    if (!opens_first)
      open();
    check_one_by_one(start);
    check_all_at_once(start);
    ::kill(sleeper, SIGKILL);
    run_until([&] { return reaped == 1; });
    signals_.close();
    drain(SIGCHLD); // of the sleeper; the next case begins as this one did
    unblock_all();
  }

private:
  void open()
  {
    sigfd::open_options o = options();
    o.handlers = sigfd::handler_policy::call;
    signals_.open({SIGCHLD}, o);
    wait();
  }

  void wait()
  {
    signals_.async_wait(
        [this](boost::system::error_code ec, const sigfd::signal_info& info) {
          if (ec)
            return;
          heard_.push_back(info);
          wait();
        });
  }

  template <typename Condition>
  void run_until(Condition condition)
  {
    BOOST_TEST_REQUIRE(wait_until([&] {
      context.restart();
      context.poll();
      return condition();
    }));
  }

  void check_one_by_one(const starter& start)
  {
    heard_.clear();
    std::vector<int> statuses;
    for (int i = 0; i < count; ++i)
    {
      const ::pid_t pid = start("exit " + std::to_string(i),
          [&](int status) { statuses.push_back(status); });
      const auto now = static_cast<std::size_t>(i) + 1;
      run_until([&] { return statuses.size() == now && heard_.size() == now; });
      BOOST_TEST(statuses.back() == i);
      const auto child = heard_.back().child();
      BOOST_TEST_REQUIRE(child.has_value());
      BOOST_TEST(child->pid == pid);
      BOOST_TEST(child->status == i);
    }
  }

  // One signal tells of them all.
  void check_all_at_once(const starter& start)
  {
    heard_.clear();
    int reaped = 0;
    std::vector<::pid_t> pids;
    for (int i = 0; i < count; ++i)
      pids.push_back(start("exec sleep 60", [&](int) { ++reaped; }));
    context.restart();
    context.poll();
    for (const ::pid_t pid : pids)
      ::kill(pid, SIGKILL);
    for (const ::pid_t pid : pids)
    {
      ::siginfo_t info;
      BOOST_TEST_REQUIRE(
          ::waitid(P_PID, static_cast<::id_t>(pid), &info, WEXITED | WNOWAIT)
          == 0);
    }
    run_until([&] { return reaped == count && !heard_.empty(); });
    BOOST_TEST(reaped == count);
  }

  sigfd::signal_fd signals_{context};
  std::vector<sigfd::signal_info> heard_;
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_REAPING_HPP
