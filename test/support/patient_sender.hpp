// A sender that never has two signals pending.

#ifndef SIGFD_TEST_SUPPORT_PATIENT_SENDER_HPP
#define SIGFD_TEST_SUPPORT_PATIENT_SENDER_HPP

#include <sigfd/signal_fd.hpp>

#include "process.hpp"
#include "wait_until.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <stdexcept>

namespace support {

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
  bool receive_all(sigfd::signal_fd& signals, IsRight is_right)
  {
    bool right = true;
    const bool ended = wait_until([&] {
      while (const auto info = signals.try_wait())
      {
        right = right && is_right(*info);
        right = ::write(acknowledged_[1], "", 1) == 1 && right;
      }
      ::siginfo_t end{};
      return ::waitid(P_PID, static_cast<::id_t>(pid()), &end,
                 WEXITED | WNOHANG | WNOWAIT)
          == 0
          && end.si_pid == pid();
    });
    return ended && right && process_->wait() == 0;
  }

private:
  int acknowledged_[2] = {-1, -1};
  std::optional<process> process_;
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_PATIENT_SENDER_HPP
