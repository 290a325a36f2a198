// faulty KIND
//
// A process that has a fault of the given kind, for who finds faults. It prints
// the ID of a thread that the fault is about, and waits to be killed. Written
// without the library, which is meant to prevent most of them.

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <initializer_list>
#include <iostream>
#include <map>
#include <string>
#include <thread>

namespace {

::sigset_t set_of(std::initializer_list<int> numbers)
{
  ::sigset_t set;
  ::sigemptyset(&set);
  for (const int n : numbers)
    ::sigaddset(&set, n);
  return set;
}

void block(std::initializer_list<int> numbers)
{
  const ::sigset_t set = set_of(numbers);
  ::pthread_sigmask(SIG_SETMASK, &set, nullptr);
}

void watch(std::initializer_list<int> numbers)
{
  const ::sigset_t set = set_of(numbers);
  if (::signalfd(-1, &set, SFD_CLOEXEC) == -1)
    std::cerr << "faulty: signalfd fails\n";
}

[[noreturn]] void sleep_on()
{
  for (;;)
    ::pause();
}

// Prints the ID of the calling thread and sleeps: the process is ready.
[[noreturn]] void ready()
{
  std::cout << ::gettid() << std::endl;
  sleep_on();
}

// A thread that blocks what it is given and then does what it is told.
void start(std::initializer_list<int> blocked, const char* name,
    std::function<void()> body)
{
  std::thread([set = set_of(blocked), name, body] {
    ::pthread_sigmask(SIG_SETMASK, &set, nullptr);
    ::pthread_setname_np(::pthread_self(), name);
    body();
    sleep_on();
  }).detach();
}

void handler(int)
{
}

void wait_for(int number)
{
  const ::sigset_t set = set_of({number});
  int taken = 0;
  ::sigwait(&set, &taken);
}

// A watched signal that one thread does not block.
void unblocked(int number)
{
  block({number});
  watch({number});
  start({}, "grpc-worker", ready);
}

const std::map<std::string, std::function<void()>> kinds = {
    {"plain", ready}, // no fault, and nothing done with signals
    {"settled", // a handler and an ignored signal, as usual
        [] {
          ::signal(SIGHUP, handler);
          ::signal(SIGPIPE, SIG_IGN);
          ready();
        }},
    {"healthy",
        [] {
          block({SIGTERM, SIGINT});
          watch({SIGTERM, SIGINT});
          start({SIGTERM, SIGINT}, "worker", ready);
        }},
    {"waiting", // healthy, without a signalfd
        [] {
          block({SIGTERM});
          start({SIGTERM}, "waiter", [] { wait_for(SIGTERM); });
          ready();
        }},
    {"unblocked", [] { unblocked(SIGTERM); }},
    {"unblocked_dump", [] { unblocked(SIGQUIT); }},
    {"unblocked_stop", [] { unblocked(SIGTSTP); }},
    {"unblocked_discard", [] { unblocked(SIGCHLD); }},
    {"unblocked_caught",
        [] {
          ::signal(SIGTERM, handler);
          unblocked(SIGTERM);
        }},
    {"unblocked_ignored",
        [] {
          ::signal(SIGTERM, SIG_IGN);
          unblocked(SIGTERM);
        }},
    {"ignored_children",
        [] {
          ::signal(SIGCHLD, SIG_IGN);
          block({SIGCHLD});
          watch({SIGCHLD});
          ready();
        }},
    {"stranded",
        [] {
          block({SIGUSR1});
          watch({SIGUSR1});
          start({SIGUSR1}, "deaf", [] {
            ::pthread_kill(::pthread_self(), SIGUSR1);
            ready();
          });
        }},
    {"unread",
        [] {
          block({SIGUSR2});
          ::kill(::getpid(), SIGUSR2);
          ready();
        }},
    {"busy",
        [] {
          block({SIGUSR2});
          watch({SIGUSR2});
          ::kill(::getpid(), SIGUSR2);
          ready();
        }},
    {"inherited",
        [] {
          block({SIGTERM});
          ready();
        }},
    {"unheard",
        [] {
          ::signal(SIGTERM, handler);
          block({SIGTERM});
          ready();
        }},
    {"bypassed",
        [] {
          ::signal(SIGTERM, handler);
          block({SIGTERM, SIGINT});
          watch({SIGTERM, SIGINT});
          ready();
        }},
    {"competing",
        [] {
          block({SIGTERM});
          watch({SIGTERM});
          watch({SIGTERM, SIGINT});
          block({SIGTERM, SIGINT});
          ready();
        }},
    {"headless", // the main thread has ended
        [] {
          start({}, "survivor", ready);
          ::pthread_exit(nullptr);
        }},
    {"zombie", // what it prints is the ID of a child
        [] {
          const ::pid_t child = ::fork();
          if (child == 0)
            ::_exit(0);
          ::siginfo_t info;
          ::waitid(P_PID, static_cast<::id_t>(child), &info, WEXITED | WNOWAIT);
          std::cout << child << std::endl;
          sleep_on();
        }},
    {"odd_name",
        [] {
          ::pthread_setname_np(::pthread_self(), "a\n\033[1m\"\\\xc3");
          unblocked(SIGTERM);
        }},
};

} // namespace

int main(int argc, char** argv)
{
  const auto kind = kinds.find(argc == 2 ? argv[1] : "");
  if (kind == kinds.end())
  {
    std::cerr << "usage: faulty KIND, which is one of\n";
    for (const auto& known : kinds)
      std::cerr << "  " << known.first << '\n';
    return 2;
  }
  // A check that is killed leaves nobody.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Who starts it may have left it a mask, signals to ignore, descriptors.
  for (int n = 1; n < _NSIG; ++n)
    ::signal(n, SIG_DFL);
  block({});
  // So that the first signalfd is 3.
  for (int fd = 3; fd < 256; ++fd)
    ::close(fd);
  kind->second();
  sleep_on();
}
