// Runs handlers of sigaction(2) as ordinary code, as QEMU does.
//
// They are installed as ever, but the signals are blocked and read from a
// descriptor, and who reads calls them: so they may lock, allocate and print.
//
//   ./example/run qemu_main_loop                   SIGIO, SIGALRM and SIGBUS
//   ./example/run qemu_main_loop --all             and SIGHUP, SIGTERM, SIGINT
//   ./example/run qemu_main_loop --source=pipe     without signalfd(2)
//
// SIGUSR1 interrupts the worker, as QEMU interrupts a virtual processor: it is
// blocked in the main thread, but not in the set, so only the worker takes it.

#include "arguments.hpp"
#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <exception>
#include <fstream>
#include <iostream>
#include <mutex>
#include <span>
#include <sstream>
#include <string>
#include <thread>

std::mutex output;
std::atomic<bool> stopping{false};

void print(const std::string& line)
{
  const std::lock_guard lock(output);
  std::cout << line << std::endl;
}

// What the program always had: a handler with a siginfo_t.
void on_signal(int, ::siginfo_t* info, void*)
{
  const sigfd::signal_info what(*info);
  print(std::string(what.name()) + " from pid " + std::to_string(info->si_pid));
  stopping = stopping || what == SIGTERM || what == SIGINT;
}

// Only while the worker sleeps may the interrupt come.
void work()
{
  ::sigset_t interruptible;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &interruptible);
  ::sigdelset(&interruptible, SIGUSR1);
  while (!stopping)
    if (::ppoll(nullptr, 0, nullptr, &interruptible) == -1 && !stopping)
      print("the worker was interrupted");
}

// Under a debugger SIGINT is left alone, so that ^C still gets to it.
bool is_debugged()
{
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "TracerPid:")
      return status >> word && word != "0";
  return false;
}

int main(int argc, char* argv[])
try
{
  sigfd::signal_mask mask{SIGIO, SIGALRM, SIGBUS};
  sigfd::open_options options;
  options.handlers = sigfd::handler_policy::call;
  for (const std::string option : std::span(argv, argv + argc).subspan(1))
    if (option == "--source=pipe")
      options.source = sigfd::source::pipe;
    else if (option == "--all")
      for (const int n : {SIGHUP, SIGTERM, is_debugged() ? SIGTERM : SIGINT})
        mask.add(n);
    else if (option != "--source=kernel")
      arguments::refuse("no such option: " + option);
  struct ::sigaction action = {};
  action.sa_flags = SA_SIGINFO;
  action.sa_sigaction = on_signal;
  for (const int n : mask)
    ::sigaction(n, &action, nullptr);
  action = {};
  action.sa_handler = [](int) {};
  ::sigaction(SIGUSR1, &action, nullptr);
  sigfd::scoped_signal_block(sigfd::signal_mask{SIGUSR1}).release();
  boost::asio::io_context context;
  sigfd::signal_fd signals(context, mask, options);
  std::thread worker(work);

  const bool pipe = signals.source() == sigfd::source::pipe;
  std::ostringstream signal_names;
  signal_names << signals.signals();
  print("waiting for " + signal_names.str() + " from "
      + (pipe ? "a pipe" : "the kernel") + "; try: kill -IO or -USR1 "
      + std::to_string(::getpid()));
  while (!stopping)
    signals.wait(); // calls the handler
  ::pthread_kill(worker.native_handle(), SIGUSR1);
  worker.join();
  print("ended");
}
catch (const std::exception& e)
{
  return arguments::failure(e);
}
