// The command line of init.

#ifndef SIGFD_EXAMPLE_INIT_OPTIONS_HPP
#define SIGFD_EXAMPLE_INIT_OPTIONS_HPP

#include <map>
#include <set>

namespace init {

// The exit status for what is wrong with init itself, as tini has it.
inline constexpr int failure = 1;

struct options
{
  bool group = false;          // -g: signals go to the process group
  bool subreaper = false;      // -s: orphans come here also if not PID 1
  bool warn_of_reaped = false; // -w: each orphan that is reaped is told
  int verbosity = 0;           // -v, counted
  int parent_death_signal = 0; // -p: sent to init when its parent ends
  std::map<int, int> rewrites; // -r: what to send instead; 0 is nothing
  std::set<int> successes;     // -e: exit statuses that become 0
  char** command = nullptr;    // as execvp(3) takes it
};

// Reads the command line. --help and --version end the program here, and so
// does a mistake, with one line.
options parse_options(int argc, char* argv[]);

} // namespace init

#endif // SIGFD_EXAMPLE_INIT_OPTIONS_HPP
