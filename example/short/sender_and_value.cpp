// Obeys a signal only if the kernel says who sent it.
//
// With kill(2) the kernel writes the sender's pid and uid. With sigqueue(3)
// anybody can make them up: they are not attested, and the value is mere data.
//
//   ./example/run sender_and_value [UID]                obeys you, or UID
//   ./example/run sender_and_value PID SIGNAL VALUE     sends by sigqueue(3)

#include "arguments.hpp"
#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <unistd.h>

#include <algorithm>
#include <iostream>

using arguments::number;

bool is_from(const sigfd::signal_info& info, ::uid_t user)
{
  const auto sender = info.sender();
  return sender && sender->attested && sender->uid == user;
}

void obey(::uid_t owner)
{
  boost::asio::io_context context; // need not run: wait() blocks
  sigfd::signal_fd signals(context, SIGUSR1, SIGTERM, SIGRTMIN);
  std::cout << "waiting for " << signals.signals() << " from uid " << owner
            << "; try: kill -USR1 " << ::getpid() << std::endl;
  for (sigfd::signal_info info; info != SIGTERM || !is_from(info, owner);)
  {
    info = signals.wait();
    std::cout << info << ": ";
    if (const auto value = info.value(); value && info == SIGRTMIN)
      std::cout << "volume " << std::clamp(value->sival_int, 0, 100);
    else if (!is_from(info, owner))
      std::cout << "refused";
    else
      std::cout << (info == SIGTERM ? "ended" : "muted");
    std::cout << std::endl;
  }
}

int main(int argc, char* argv[])
{
  if (argc == 4)
  {
    const int n = number(argv[2], "a signal number", 1, SIGRTMAX);
    const ::sigval value{.sival_int = number<int>(argv[3], "a value")};
    if (::sigqueue(number<::pid_t>(argv[1], "a process ID", 1), n, value) == -1)
      arguments::refuse("no such process: " + std::string(argv[1]));
  }
  else if (argc > 2)
    arguments::refuse("expected UID, or PID SIGNAL VALUE");
  else
    obey(argc == 2 ? number<::uid_t>(argv[1], "a user ID") : ::getuid());
}
