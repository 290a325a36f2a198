// Restarts children that crash, and ends all of them together.
//
// A child that crashed is started again after a delay, which doubles with each
// crash, and begins anew once the child has run for a while. Each child starts
// with default actions and an empty mask, although signals are blocked here.
//
//   SIGTERM, SIGINT   are passed on to the children; those that have not ended
//                     by the deadline are killed, or all by a second signal
//   SIGHUP            is passed on: daemons read their configuration again
//   SIGCHLD           something happened to a child: waitid(2) tells what, and
//                     to whom, since one SIGCHLD may stand for many
//
// What children leave behind becomes a child of the supervisor, and is reaped.
// It is not told of signals, and may outlive the supervisor.
//
//   ./example/run supervisor [OPTION...] COMMAND [ARGUMENT...]
//   ./example/run supervisor -n 2 sh -c 'sleep 5; exit 3'
//
// Its exit status is 0 if the children ended as they should: with status 0, or
// when they were told to. It is 1 if the last run of one was a crash, or if one
// had to be killed.

#include "arguments.hpp"
#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <iostream>
#include <map>
#include <string>
#include <utility>

namespace net = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct options
{
  enum class restart
  {
    never,
    crashed,
    always
  };

  int instances = 1;
  restart restarts = restart::crashed;
  milliseconds delay{100};
  milliseconds longest_delay{10'000};
  milliseconds reset_after{10'000};
  milliseconds deadline{5'000};
  char** command = nullptr;
};

// What happened to a child, in words.
std::string describe(const sigfd::child_status& child)
{
  using sigfd::child_reason;
  const std::string signal(sigfd::signal_name(child.status));
  switch (child.reason)
  {
  case child_reason::exited:
    return "exited with status " + std::to_string(child.status);
  case child_reason::killed:
    return "was killed by " + signal;
  case child_reason::dumped:
    return "was killed by " + signal + ", core dumped";
  case child_reason::stopped:
    return "was stopped by " + signal;
  case child_reason::continued:
    return "was continued";
  case child_reason::trapped:
    break;
  }
  return "was trapped by " + signal;
}

bool has_ended(const sigfd::child_status& child)
{
  using sigfd::child_reason;
  return child.reason == child_reason::exited
      || child.reason == child_reason::killed
      || child.reason == child_reason::dumped;
}

class supervisor
{
public:
  // Watches the signals before there is a child.
  supervisor(net::io_context& context, const options& o)
    : options_(o),
      signals_(context, SIGHUP, SIGINT, SIGTERM, SIGCHLD),
      deadline_(context)
  {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (int i = 1; i <= options_.instances; ++i)
      slots_.emplace_back(i, net::steady_timer(context), options_.delay);
  }

  // Starts the children. The context runs until all of them have ended.
  void start()
  {
    // If the first one fails, it is the argument that is wrong.
    slot& first = slots_.front();
    if (const int error = spawn(first))
      arguments::refuse(cannot_run(error));
    std::cout << "waiting for " << signals_.signals()
              << "\ntry: kill -KILL, -STOP or -CONT a child; kill "
              << ::getpid() << std::endl;
    print(first, std::to_string(first.pid) + " started");
    starts_due_ = slots_.size() - 1;
    start_from(1);
    wait();
  }

  // Whether the children ended as they should.
  bool succeeded() const
  {
    return is_stopping_ ? !has_killed_
                        : std::none_of(slots_.begin(), slots_.end(),
                              [](const slot& s) { return s.has_crashed; });
  }

private:
  // One of the instances of the command, which is run again and again.
  struct slot
  {
    slot(int n, net::steady_timer t, milliseconds d)
      : number(n),
        timer(std::move(t)),
        delay(d)
    {
    }

    int number;
    ::pid_t pid = 0;
    net::steady_timer timer; // for the next start
    milliseconds delay; // before it, if there is one
    steady_clock::time_point started{};
    bool has_crashed = false; // the last time
  };

  // Starts the command, or returns what error there was.
  int spawn(slot& s)
  {
    s.started = steady_clock::now();
    const int error = ::posix_spawnp(&s.pid, options_.command[0], nullptr,
        attributes_.native(), options_.command, ::environ);
    if (error != 0)
      return error;
    ++starts_;
    running_[s.pid] = &s;
    return 0;
  }

  // Starts one after the other; in between, it does what signals say.
  void start_from(std::size_t index)
  {
    if (is_stopping_ || index == slots_.size())
      return;
    --starts_due_;
    start(slots_[index]);
    net::post(
        signals_.get_executor(), [this, index] { start_from(index + 1); });
  }

  // Starts the command; if that fails, it tries again like after a crash.
  void start(slot& s)
  {
    if (const int error = spawn(s))
      restart_later(s, cannot_run(error));
    else
      print(s, std::to_string(s.pid) + " started");
  }

  std::string cannot_run(int error) const
  {
    return std::string("cannot run ") + options_.command[0] + ": "
        + std::strerror(error);
  }

  // After a delay that doubles from crash to crash.
  void restart_later(slot& s, const std::string& why)
  {
    if (steady_clock::now() - s.started >= options_.reset_after)
      s.delay = options_.delay;
    print(s, why + "; restart in " + std::to_string(s.delay.count()) + " ms");
    ++starts_due_;
    s.timer.expires_after(s.delay);
    s.timer.async_wait([this, &s](error_code) {
      if (is_stopping_)
        return;
      --starts_due_;
      start(s);
    });
    s.delay = std::min(2 * s.delay, options_.longest_delay);
  }

  void wait()
  {
    signals_.async_wait([this](error_code ec, const sigfd::signal_info& info) {
      if (ec)
        throw boost::system::system_error(ec, "waiting for signals");
      obey(info);
      if (!running_.empty() || starts_due_ > 0)
        return wait();
      deadline_.cancel(); // nothing is left to wait for
      std::cout << starts_ << " started, " << ends_ << " ended, " << orphans_
                << " orphans ended" << std::endl;
    });
  }

  void obey(const sigfd::signal_info& info)
  {
    if (info == SIGCHLD)
      return reap();
    std::cout << info << ": ";
    if (info != SIGHUP && is_stopping_)
      return kill();
    // What a key of the terminal sends has reached the children already.
    const bool is_from_terminal = info.cause() == sigfd::signal_cause::kernel;
    std::cout << (is_from_terminal ? "known to " : "passed on to ")
              << count(running_.size()) << std::endl;
    if (!is_from_terminal)
      send(info);
    if (info != SIGHUP)
      stop();
  }

  // Asks for news of children until there are none.
  void reap()
  {
    for (;;)
    {
      ::siginfo_t raw{};
      ::waitid(P_ALL, 0, &raw, WEXITED | WSTOPPED | WCONTINUED | WNOHANG);
      const auto child = sigfd::signal_info(raw).child();
      if (!child)
        return;
      if (const auto found = running_.find(child->pid); found != running_.end())
        tell(*found->second, *child);
      else
        tell_of_orphan(*child);
    }
  }

  void tell(slot& s, const sigfd::child_status& child)
  {
    const std::string what = std::to_string(child.pid) + ' ' + describe(child);
    if (!has_ended(child))
      return print(s, what);
    ++ends_;
    running_.erase(child.pid);
    s.has_crashed = child.reason != sigfd::child_reason::exited
        || child.status != 0;
    using enum options::restart;
    const bool is_restarted = options_.restarts == always
        || (options_.restarts == crashed && s.has_crashed);
    if (is_restarted && !is_stopping_)
      restart_later(s, what);
    else
      print(s, what);
  }

  // One that a child started, and did not wait for before it ended itself.
  void tell_of_orphan(const sigfd::child_status& child)
  {
    if (has_ended(child))
      ++orphans_;
    std::cout << "orphan " << child.pid << ' ' << describe(child) << std::endl;
  }

  // No more starts, and the deadline for what runs.
  void stop()
  {
    is_stopping_ = true;
    for (slot& s : slots_)
      s.timer.cancel();
    starts_due_ = 0;
    send(SIGCONT); // one that is stopped would not end
    deadline_.expires_after(options_.deadline);
    deadline_.async_wait([this](error_code ec) {
      if (ec || running_.empty())
        return;
      std::cout << "the deadline has passed: ";
      kill();
    });
  }

  void kill()
  {
    std::cout << "killing " << count(running_.size()) << std::endl;
    has_killed_ = true;
    send(SIGKILL);
  }

  // To all children that run: none of these is reaped, so each number is right.
  void send(int signal_number) const
  {
    for (const auto& [pid, s] : running_)
      ::kill(pid, signal_number);
  }

  static std::string count(std::size_t children)
  {
    return std::to_string(children) + (children == 1 ? " child" : " children");
  }

  static void print(const slot& s, const std::string& what)
  {
    std::cout << '[' << s.number << "] " << what << std::endl;
  }

  options options_;
  sigfd::signal_fd signals_;
  net::steady_timer deadline_;
  sigfd::spawn_attributes attributes_;
  std::deque<slot> slots_; // where they are, they stay
  std::map<::pid_t, slot*> running_;
  std::size_t starts_due_ = 0;
  bool is_stopping_ = false;
  bool has_killed_ = false;
  std::size_t starts_ = 0;
  std::size_t ends_ = 0;
  std::size_t orphans_ = 0;
};

constexpr const char* usage
    = "usage: supervisor [OPTION...] COMMAND [ARGUMENT...]\n"
      "  -n, --instances N      run N children at once (1)\n"
      "  --once                 restart none\n"
      "  --always               restart also those that exited with status 0\n"
      "  --delay MS             wait so long before a restart (100); it "
      "doubles\n"
      "                         with each crash of the child\n"
      "  --longest-delay MS     up to this (10000)\n"
      "  --reset-after MS       until the child has run for so long (10000)\n"
      "  --deadline MS          kill what has not ended so long after SIGTERM\n"
      "                         (5000)\n";

options read_options(int argc, char* argv[])
{
  enum
  {
    once = 256, // above every letter
    always,
    delay,
    longest_delay,
    reset_after,
    deadline
  };
  const ::option names[] = {
      {"instances", required_argument, nullptr, 'n'},
      {"once", no_argument, nullptr, once},
      {"always", no_argument, nullptr, always},
      {"delay", required_argument, nullptr, delay},
      {"longest-delay", required_argument, nullptr, longest_delay},
      {"reset-after", required_argument, nullptr, reset_after},
      {"deadline", required_argument, nullptr, deadline},
      {"help", no_argument, nullptr, 'h'},
      {},
  };
  const auto time = [] {
    return milliseconds(
        arguments::number<int>(::optarg, "a number of milliseconds", 0));
  };
  options result;
  for (int option;
      (option = arguments::next_option(argc, argv, "n:h", names)) != -1;)
    switch (option)
    {
    case 'n':
      result.instances = arguments::number<int>(
          ::optarg, "a number of children", 1, 100'000);
      break;
    case once:
      result.restarts = options::restart::never;
      break;
    case always:
      result.restarts = options::restart::always;
      break;
    case delay:
      result.delay = time();
      break;
    case longest_delay:
      result.longest_delay = time();
      break;
    case reset_after:
      result.reset_after = time();
      break;
    case deadline:
      result.deadline = time();
      break;
    default:
      std::cout << usage;
      std::exit(0);
    }
  if (::optind == argc)
    arguments::refuse("expected COMMAND [ARGUMENT...]");
  result.command = argv + ::optind;
  return result;
}

int main(int argc, char* argv[])
try
{
  ::signal(SIGPIPE, SIG_IGN); // who reads the output may end before this
  net::io_context context;
  supervisor s(context, read_options(argc, argv));
  s.start();
  context.run();
  return s.succeeded() ? 0 : 1;
}
catch (const std::exception& e)
{
  return arguments::failure(e);
}
