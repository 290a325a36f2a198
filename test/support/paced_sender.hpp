// A second process that sends as fast as the test goes on.

#ifndef SIGFD_TEST_SUPPORT_PACED_SENDER_HPP
#define SIGFD_TEST_SUPPORT_PACED_SENDER_HPP

#include "process.hpp"

#include <unistd.h>

#include <stdexcept>

namespace support {

// Queues a signal to this process so many times whenever it is told to go on,
// with the values 0, 1, 2 and so on in all, and a pause of so many microseconds
// after each.
class paced_sender
{
public:
  paced_sender(int signal_number, int each, unsigned pause = 1)
    : process_([=, this, receiver = ::getpid()] {
        ::close(pipe_.ends[1]);
        char byte;
        for (int i = 0; ::read(pipe_.ends[0], &byte, 1) == 1; i += each)
          if (!queue_range(receiver, signal_number, i, i + each, pause))
            return 1;
        return 0;
      })
  {
  }

  ::pid_t pid() const noexcept
  {
    return process_.pid();
  }

  void go_on()
  {
    if (::write(pipe_.ends[1], "", 1) != 1)
      throw std::runtime_error("write failed");
  }

  // Waits for its end; 0 if every signal was accepted.
  int wait()
  {
    ::close(pipe_.ends[1]);
    pipe_.ends[1] = -1;
    return process_.wait();
  }

private:
  struct pipe
  {
    pipe()
    {
      if (::pipe(ends) == -1)
        throw std::runtime_error("pipe failed");
    }

    ~pipe()
    {
      ::close(ends[0]);
      ::close(ends[1]);
    }

    int ends[2];
  };

  pipe pipe_;
  process process_;
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_PACED_SENDER_HPP
