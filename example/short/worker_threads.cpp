// Blocks signals before it starts threads, so none gets one.
//
//   ./example/run worker_threads [WORKERS]

#include "arguments.hpp"
#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <iostream>
#include <stop_token>
#include <thread>
#include <vector>

int main(int argc, char* argv[])
{
  arguments::at_most(1, argc, argv);
  const int count = arguments::number(
      argc > 1 ? argv[1] : "4", "a number of workers", 1, 100);

  // First of all: each thread inherits the mask of the one that starts it.
  const sigfd::signal_mask mask{SIGINT, SIGTERM, SIGUSR1};
  sigfd::block_signals(mask);

  std::atomic<long> jobs{0};
  std::vector<std::jthread> workers;
  for (int i = 0; i < count; ++i)
    workers.emplace_back([&](std::stop_token stop) {
      for (; !stop.stop_requested(); ++jobs)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });

  boost::asio::io_context context; // need not run: wait() blocks
  sigfd::signal_fd signals(context, mask);
  const sigfd::thread_audit audit(mask);
  std::cout << "waiting for " << mask << ", which " << audit.unblocked().size()
            << " of " << audit.threads().size()
            << " threads do not block; try: kill -USR1 " << ::getpid()
            << std::endl;
  for (;;)
  {
    const sigfd::signal_info info = signals.wait();
    std::cout << info << ": " << jobs << " jobs done" << std::endl;
    if (info != SIGUSR1)
      return 0; // std::jthread stops the workers
  }
}
