// Looks again and again. The signals that end this program, the end of what is
// watched and the time of the next look are three kinds of waits in one loop.

#include "inspect.hpp"

#include <sigfd/signal_fd.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace inspect {
namespace {

namespace net = boost::asio;

// A process, and a descriptor that becomes readable when it ends.
struct subject
{
  ::pid_t pid;
  std::string name;
  bool was_seen;
  net::posix::stream_descriptor end;
};

std::string time_of_day()
{
  char text[16] = "";
  const ::time_t now = ::time(nullptr);
  ::tm parts{};
  ::strftime(text, sizeof text, "%H:%M:%S", ::localtime_r(&now, &parts));
  return text;
}

class watcher
{
  using subjects = std::vector<subject>;
  using iterator = subjects::iterator;

public:
  watcher(const std::vector<::pid_t>& processes, const options& given)
    : given_(given),
      terminal_(::isatty(STDOUT_FILENO) == 1),
      signals_(context_, SIGINT, SIGTERM, SIGCONT, SIGWINCH),
      timer_(context_)
  {
    for (const ::pid_t pid : processes)
      subjects_.push_back(
          {pid, "", false, net::posix::stream_descriptor(context_)});
  }

  int run()
  {
    wait_for_signal();
    for (subject& s : subjects_)
      wait_for_end(s);
    look();
    context_.run();
    return status_;
  }

private:
  void wait_for_signal()
  {
    signals_.async_wait(
        [this](boost::system::error_code ec, const sigfd::signal_info& info) {
          if (ec)
            throw boost::system::system_error(ec);
          if (info == SIGINT || info == SIGTERM)
            return stop();
          // The terminal has another size, or others have written to it.
          if (terminal_)
            last_.clear();
          look();
          wait_for_signal();
        });
  }

  void stop()
  {
    if (terminal_)
      write("\n"); // behind the ^C
    context_.stop();
  }

  // Where the kernel has no such descriptor, as before Linux 5.3, the next look
  // tells.
  void wait_for_end(subject& s)
  {
    const long fd = ::syscall(SYS_pidfd_open, s.pid, 0);
    if (fd == -1)
      return;
    s.end.assign(static_cast<int>(fd));
    s.end.async_wait(net::posix::stream_descriptor::wait_read,
        [this, pid = s.pid](boost::system::error_code ec) {
          if (ec)
            return;
          // A look may have found it gone already.
          const auto it = std::find_if(subjects_.begin(), subjects_.end(),
              [pid](const subject& one) { return one.pid == pid; });
          if (it != subjects_.end())
            end(it);
        });
  }

  iterator end(iterator it)
  {
    return drop(it, process_text(it->pid, it->name) + " has ended", has_ended);
  }

  // No longer watches one, and ends if it was the last.
  iterator drop(iterator it, const std::string& why, int status)
  {
    complain(why);
    it = subjects_.erase(it);
    if (subjects_.empty())
    {
      status_ = status;
      context_.stop();
    }
    return it;
  }

  void look()
  {
    std::string text;
    int status = 0;
    for (auto it = subjects_.begin(); it != subjects_.end();)
      try
      {
        const report result = make_report(it->pid, given_.signals);
        text.append(text.empty() || given_.json ? "" : "\n")
            .append(report_text(result, given_));
        status = std::max(status, exit_status(verdict(result)));
        it->name = result.name;
        it->was_seen = true;
        ++it;
      }
      catch (const no_process& e)
      {
        it = it->was_seen ? end(it) : drop(it, e.what(), cannot_look);
      }
      catch (const std::runtime_error& e)
      {
        it = drop(it, e.what(), cannot_look);
      }
    if (subjects_.empty())
      return;
    status_ = status;
    show(text);
    timer_.expires_after(
        std::chrono::duration_cast<net::steady_timer::duration>(*given_.watch));
    timer_.async_wait([this](boost::system::error_code ec) {
      if (!ec)
        look();
    });
  }

  void show(const std::string& text)
  {
    if (text == last_)
      return;
    std::string_view before;
    if (terminal_)
      before = "\033[H\033[2J";
    else if (!last_.empty() && !given_.json)
      before = "\n";
    std::string out(before);
    if (!given_.json)
      out.append(time_of_day()).append("  ");
    write(out.append(text));
    last_ = text;
  }

  const options& given_;
  const bool terminal_;
  net::io_context context_;
  sigfd::signal_fd signals_;
  net::steady_timer timer_;
  subjects subjects_;
  std::string last_; // what was printed
  int status_ = 0;
};

} // namespace

int watch(const std::vector<::pid_t>& processes, const options& given)
{
  return watcher(processes, given).run();
}

} // namespace inspect
