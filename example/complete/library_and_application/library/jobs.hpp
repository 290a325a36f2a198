// A library that runs commands in the background. Who uses it need not know
// that it watches SIGTERM and SIGCHLD.

#ifndef SIGFD_EXAMPLE_LIBRARY_JOBS_HPP
#define SIGFD_EXAMPLE_LIBRARY_JOBS_HPP

#include <memory>
#include <string>

namespace jobs {

class [[gnu::visibility("default")]] runner
{
public:
  runner();

  // Waits for the last job. SIGTERM ends them.
  ~runner();

  // Starts a command of the shell.
  void run(std::string command);

private:
  class implementation;

  std::unique_ptr<implementation> implementation_;
};

} // namespace jobs

#endif // SIGFD_EXAMPLE_LIBRARY_JOBS_HPP
