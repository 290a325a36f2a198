// What init does while its command runs.

#ifndef SIGFD_EXAMPLE_INIT_SUPERVISOR_HPP
#define SIGFD_EXAMPLE_INIT_SUPERVISOR_HPP

#include "command.hpp"
#include "options.hpp"
#include "terminal.hpp"

#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/types.h>

#include <chrono>
#include <deque>
#include <optional>

namespace init {

class supervisor
{
public:
  // All signals are blocked by now.
  supervisor(const init::options& options, const init::terminal& terminal,
      const init::command& command);

  // Forwards and reaps until the command ends; its exit status.
  int run();

private:
  void watch_children();
  void reap();
  void child_ended(::pid_t pid, int status);

  void watch_standard();
  void watch_realtime();
  void hold(const sigfd::signal_info& info);
  void retry_after(std::chrono::milliseconds pause);
  bool forward(const sigfd::signal_info& info);
  bool send(
      int signal_number, const sigfd::signal_info& info, command::target to);
  void leave_terminal();

  void command_stopped(int signal_number);
  void resume_command();
  void hand_over_terminal();

  const init::options& options_;
  const init::terminal& terminal_;
  const init::command& command_;
  bool stop_was_forwarded_ = false;
  std::optional<int> exit_status_;

  boost::asio::io_context context_;
  // Three, so that neither waits for another: a real-time signal may have to
  // wait for room, and ends of children are never waited for.
  sigfd::signal_fd children_;
  sigfd::signal_fd standard_;
  sigfd::signal_fd realtime_;
  std::deque<sigfd::signal_info> held_; // real-time signals, in order
  boost::asio::steady_timer retry_;
};

} // namespace init

#endif // SIGFD_EXAMPLE_INIT_SUPERVISOR_HPP
