// Collects what there is to see of a process.

#include "inspect.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace inspect {
namespace {

// What a person would want to see who names no signal: what somebody reads,
// what waits to be read, and what nobody gets, for it is ignored, or blocked
// in every thread. That some threads block a signal is usual, and that those of
// the kernel ignore it.
bool is_of_interest(const report& result, int n)
{
  const sigfd::thread_audit& audit = result.audit;
  return !watching(audit, n).empty() || !waiting_threads(audit, n).empty()
      || audit.pending().contains(n)
      || !threads_with(audit, &thread_state::pending, n).empty()
      || (audit.ignored().contains(n) && !result.of_kernel)
      || threads_with(audit, &thread_state::unblocked, n).empty();
}

// What is wrong with looking at a process is what its user wants to know.
sigfd::thread_audit look_at(::pid_t pid)
{
  boost::system::error_code ec;
  sigfd::thread_audit audit(sigfd::signal_mask::all(), pid, ec);
  const std::string process = "process " + std::to_string(pid);
  if (ec == boost::system::errc::permission_denied
      || ec == boost::system::errc::operation_not_permitted)
    throw std::runtime_error(
        process + ": not permitted: it is another user's, or protected");
  if (ec == boost::system::errc::no_such_process)
    throw no_process(process + ": " + ec.message());
  if (ec)
    throw std::runtime_error(process + ": " + ec.message());
  if (audit.threads().empty())
    throw no_process(
        process + " has ended, and its parent has not waited for it");
  return audit;
}

} // namespace

report make_report(::pid_t pid, const sigfd::signal_mask& signals)
{
  // What is pending is looked at twice, so that what is only on its way to a
  // reader is not taken for lost.
  const sigfd::thread_audit earlier = look_at(pid);
  bool pending = !earlier.pending().empty();
  for (const thread_state& thread : earlier.threads())
    pending = pending || !thread.pending.empty();
  if (pending)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));

  report result{process_name(pid), is_of_kernel(pid), look_at(pid), {}, {}, {}};
  // Nobody else knows a process that has gone since, or one behind hidepid.
  if (result.name.empty())
    result.name = result.audit.threads()[0].name;
  for (const int n : earlier.pending())
    if (result.audit.pending().contains(n))
      result.pending.add(n);
  for (const int n : result.audit.mask())
    if (signals.empty() ? is_of_interest(result, n) : signals.contains(n))
      result.shown.add(n);
  for (const int n : result.shown)
    diagnose(result, earlier, n);
  return result;
}

severity verdict(const report& result)
{
  severity worst = severity::fine;
  for (const finding& f : result.findings)
    worst = std::max(worst, f.severity);
  return worst;
}

std::string summary(const report& result)
{
  std::size_t counts[4] = {};
  for (const finding& f : result.findings)
    ++counts[static_cast<std::size_t>(f.severity)];
  const auto text = [](std::size_t count, const char* what) {
    return std::to_string(count) + what + (count == 1 ? "" : "s");
  };
  if (counts[3] + counts[2] > 0)
    return text(counts[3], " fault") + ", " + text(counts[2], " warning");
  if (result.of_kernel)
    return "healthy: a thread of the kernel, which ignores signals unless it "
           "asks for them";
  return counts[0] + counts[1] == 0
      ? "healthy: no signal is read, pending, ignored, or blocked everywhere"
      : "healthy: no signal is lost, and none that somebody reads would end or "
        "stop the process";
}

} // namespace inspect
