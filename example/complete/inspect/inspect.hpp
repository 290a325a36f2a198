// What the parts of inspect share.

#ifndef SIGFD_EXAMPLE_INSPECT_HPP
#define SIGFD_EXAMPLE_INSPECT_HPP

#include <sigfd/thread_audit.hpp>

#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace inspect {

using sigfd::thread_state;
using threads = std::vector<thread_state>;

// How bad something is.
enum class severity
{
  fine,    // as it should be, or harmless
  remark,  // right or wrong, depending on what cannot be seen from outside
  warning, // may be meant, but is more often a mistake
  fault    // a signal is lost, or ends or stops the process
};

// A sentence about a signal, in which "it" is the signal.
struct finding
{
  inspect::severity severity;
  int signal;
  std::string text;
};

// What becomes of a signal that nobody prepared for (signal(7)).
enum class default_action
{
  terminate,
  dump,
  stop,
  resume,
  discard
};

// What was seen of a process, and what follows from it.
struct report
{
  std::string name;               // of the process
  bool of_kernel;                 // it is a thread of the kernel
  sigfd::thread_audit audit;      // of every signal
  sigfd::signal_mask pending;     // for the process, and not on its way
  sigfd::signal_mask shown;       // what the report is about
  std::vector<finding> findings;  // of what is shown, in its order
};

// What the command line says.
struct options
{
  bool all = false;
  bool json = false;
  bool help = false;
  bool version = false;
  std::optional<std::chrono::duration<double>> watch; // the time between looks
  std::string process; // an ID or a name
  sigfd::signal_mask signals;
};

// A process that is not there any more, or never was.
struct no_process : std::runtime_error
{
  using std::runtime_error::runtime_error;
};

// options.cpp

// Throws std::invalid_argument with a sentence for the user.
options parse_options(int argc, char** argv);

std::string help();

// processes.cpp

// The processes that are meant by an ID or a name: one, unless all are wanted.
// Throws std::runtime_error with a sentence for the user.
std::vector<::pid_t> find_processes(const std::string& text, bool all);

// A process's name, as it is: up to 15 bytes of any kind, or more for a thread
// of the kernel. Empty if there is no such process.
std::string process_name(::pid_t pid);

// Whether it is a thread of the kernel.
bool is_of_kernel(::pid_t pid);

// 'process 4242 "worker"'
std::string process_text(::pid_t pid, const std::string& name);

// names.cpp

// The number of "SIGTERM", "term", "RTMIN+3", "RTMAX-1" or "15", or 0.
int signal_number(std::string_view name);

// A name with what a terminal would obey, and what is not ASCII, as \xHH.
std::string printable(std::string_view text);

// 'thread 4243 "worker"', or "threads" and the first few of them.
std::string threads_text(const threads& some);

default_action action_of(int signal);
std::string_view severity_name(severity value);
std::string_view action_name(default_action action);

// report.cpp

// Looks at a process; at the signals given, or at those of interest if there
// are none. Throws no_process for one that is not there, and std::runtime_error
// for one that cannot be looked at.
report make_report(::pid_t pid, const sigfd::signal_mask& signals);

// The worst of the findings.
severity verdict(const report& result);

// One sentence about the whole.
std::string summary(const report& result);

// diagnosis.cpp

// Appends what there is to say about a signal: at least one finding.
void diagnose(report& result, const sigfd::thread_audit& earlier, int signal);

// queries.cpp

// The threads that have a signal in one of their masks.
threads threads_with(const sigfd::thread_audit& audit,
    sigfd::signal_mask thread_state::* mask, int signal);

// The threads that wait for a signal in sigwait(3).
threads waiting_threads(const sigfd::thread_audit& audit, int signal);

// The signalfds that watch a signal.
std::vector<int> watching(const sigfd::thread_audit& audit, int signal);

// How many signalfds and waiting threads there are for a signal.
std::size_t readers(const sigfd::thread_audit& audit, int signal);

// These, in words.
std::string reader(const sigfd::thread_audit& audit, int signal);

// What happens where a signal is neither blocked nor ignored nor caught.
std::string would_be(default_action action);

// What is added where threads may wait for a signal, unseen.
std::string doubt(const threads& open);

// table.cpp, json.cpp

// How a report looks on a terminal, and on what is none.
struct style
{
  bool coloured = false;
  std::size_t width = 0; // of a line in which sentences are broken; 0 for any
};

void print_table(std::ostream& out, const report& result, const style& how);

// One object and a line end; in one line if others follow.
void print_json(std::ostream& out, const report& result, bool one_line);

// main.cpp

// The exit statuses beside those of the severities.
constexpr int cannot_look = 3;
constexpr int has_ended = 4;

int exit_status(severity value);

// Writes to the standard error, behind this program's name.
void complain(std::string_view text);

// Writes to the standard output at once, or throws.
void write(std::string_view text);

// A report as it is wanted.
std::string report_text(const report& result, const options& given);

// watch.cpp

// Looks again and again, and prints what has changed, until a signal says that
// it is enough, or all of the processes have ended. Returns the exit status.
int watch(const std::vector<::pid_t>& processes, const options& given);

} // namespace inspect

#endif // SIGFD_EXAMPLE_INSPECT_HPP
