// The library: in a thread of its own it hears of its jobs' ends, and of
// SIGTERM, which it passes on to them.

#include "jobs.hpp"
#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iostream>
#include <thread>
#include <utility>
#include <vector>

namespace jobs {

class runner::implementation
{
public:
  implementation()
  {
    wait();
    thread_ = std::thread([this] { context_.run(); }); // blocks what we block
  }

  ~implementation()
  {
    boost::asio::post(context_, [this] {
      is_ending_ = true;
      end_if_done();
    });
    thread_.join();
  }

  void run(std::string command)
  {
    boost::asio::post(context_,
        [this, command = std::move(command)]() mutable { start(command); });
  }

private:
  void start(std::string& command)
  {
    char shell[] = "sh", option[] = "-c";
    char* const arguments[] = {shell, option, command.data(), nullptr};
    ::pid_t pid;
    if (::posix_spawnp(&pid, shell, nullptr, sigfd::spawn_attributes().native(),
            arguments, ::environ)
        == 0)
      jobs_.push_back(pid);
    else
      print("cannot run " + command);
  }

  void wait()
  {
    signals_.async_wait(
        [this](boost::system::error_code ec, const sigfd::signal_info& info) {
          if (ec)
            return;
          if (info == SIGTERM)
          {
            print("SIGTERM, running jobs: " + std::to_string(jobs_.size()));
            for (const ::pid_t pid : jobs_)
              ::kill(pid, SIGTERM);
          }
          std::erase_if(jobs_, has_ended); // whatever SIGCHLD said
          wait();
          end_if_done();
        });
  }

  // Reaps a job; others in this process may have children too.
  static bool has_ended(::pid_t pid)
  {
    ::siginfo_t raw{};
    ::waitid(P_PID, static_cast<::id_t>(pid), &raw, WEXITED | WNOHANG);
    const auto child = sigfd::signal_info(raw).child();
    if (child && child->reason == sigfd::child_reason::exited)
      print("a job exited with status " + std::to_string(child->status));
    else if (child)
      print("a job was killed by signal " + std::to_string(child->status));
    return child.has_value();
  }

  void end_if_done()
  {
    if (is_ending_ && jobs_.empty())
      signals_.close();
  }

  static void print(const std::string& text)
  {
    std::cout << "library: " + text + '\n' << std::flush;
  }

  boost::asio::io_context context_;
  sigfd::signal_fd signals_{context_, SIGTERM, SIGCHLD};
  std::vector<::pid_t> jobs_;
  bool is_ending_ = false;
  std::thread thread_;
};

runner::runner()
  : implementation_(std::make_unique<implementation>())
{
}

runner::~runner() = default;

void runner::run(std::string command)
{
  implementation_->run(std::move(command));
}

} // namespace jobs
