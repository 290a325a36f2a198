// Obeys a signal only if the system vouches for its sender, and takes the value
// of sigqueue(3) as what it is: data that anybody can have made up.
//
// Whoever may send a signal by sigqueue(3) may also write any pid and uid into
// it; only for kill(2) and tgkill(2) they come from the kernel, which is what
// "attested" says. So: commands by kill(2), and values without authority.
//
//   ./example/run sender_and_value              obeys you
//   ./example/run sender_and_value 1000         obeys uid 1000
//   kill -USR1 <pid>                            mute
//   kill -USR2 <pid>                            unmute
//   kill -TERM <pid>                            end
//   ./example/run sender_and_value <pid> $(kill -l RTMIN) 70     sigqueue(3)

#include "arguments.hpp"
#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <signal.h>
#include <unistd.h>

#include <exception>
#include <iostream>
#include <string>
#include <system_error>

// Whether the kernel says that a user sent it.
bool is_from(const sigfd::signal_info& info, ::uid_t user)
{
  const auto sender = info.sender();
  return sender && sender->attested && sender->uid == user;
}

// Data: it is checked as data, and who sent it does not matter.
std::string take_volume(const sigfd::signal_info& info)
{
  const auto value = info.value();
  if (!value || value->sival_int < 0 || value->sival_int > 100)
    return "no volume";
  return "volume " + std::to_string(value->sival_int);
}

void listen(::uid_t owner)
{
  boost::asio::io_context context; // nobody has to run it: wait() blocks
  sigfd::signal_fd signals(context, SIGUSR1, SIGUSR2, SIGTERM, SIGRTMIN);
  std::cout << "pid " << ::getpid() << " obeys uid " << owner << std::endl;

  for (;;)
  {
    const sigfd::signal_info info = signals.wait();
    std::cout << info << ": ";
    if (info == SIGRTMIN)
      std::cout << take_volume(info) << std::endl;
    else if (!is_from(info, owner))
      std::cout << "refused" << std::endl;
    else if (info == SIGUSR1)
      std::cout << "muted" << std::endl;
    else if (info == SIGUSR2)
      std::cout << "unmuted" << std::endl;
    else
      break;
  }
  std::cout << "ended" << std::endl;
}

void send(::pid_t pid, int signal_number, int value)
{
  if (::sigqueue(pid, signal_number, {.sival_int = value}) == -1)
    throw std::system_error(errno, std::generic_category(), "sigqueue");
}

int main(int argc, char* argv[])
try
{
  using arguments::number;
  if (argc == 4)
    send(number<::pid_t>(argv[1], "a process ID", 1),
        number(argv[2], "a signal number", 1, SIGRTMAX),
        number<int>(argv[3], "a value"));
  else if (argc > 2)
    arguments::refuse("expected UID, or PID SIGNAL VALUE");
  else
    listen(argc == 2 ? number<::uid_t>(argv[1], "a user ID") : ::getuid());
}
catch (const std::exception& e)
{
  std::cerr << e.what() << '\n';
  return 1;
}
