// Prints a report for a person: tables with aligned columns, then sentences.

#include "inspect.hpp"

#include <sigfd/signal_name.hpp>

#include <algorithm>
#include <ostream>

namespace inspect {
namespace {

using row = std::vector<std::string>;

// Every column as wide as it has to be; the first row is the heading.
void print(std::ostream& out, const std::vector<row>& rows)
{
  std::vector<std::size_t> widths(rows[0].size());
  for (const row& r : rows)
    for (std::size_t i = 0; i < r.size(); ++i)
      widths[i] = std::max(widths[i], r[i].size());
  for (const row& r : rows)
  {
    std::string line;
    for (std::size_t i = 0; i < r.size(); ++i)
      line += r[i] + std::string(widths[i] - r[i].size() + 2, ' ');
    out << line.substr(0, line.find_last_not_of(' ') + 1) << '\n';
  }
  out << '\n';
}

// The names of those that are shown, a few of them; "-" for none.
std::string names(const sigfd::signal_mask& mask, const report& result)
{
  constexpr std::size_t most = 4;
  std::string text;
  std::size_t count = 0;
  for (const int n : mask)
    if (result.shown.contains(n) && ++count <= most)
      text.append(text.empty() ? "" : " ").append(sigfd::signal_name(n));
  if (count > most)
    text += " and " + std::to_string(count - most) + " more";
  return text.empty() ? "-" : text;
}

row signal_row(const report& result, int n)
{
  const sigfd::thread_audit& audit = result.audit;
  const auto blocking = threads_with(audit, &thread_state::blocked, n).size();
  const auto all = audit.threads().size();
  return {std::string(sigfd::signal_name(n)),
      blocking == 0 ? "no thread"
          : blocking == all
          ? "all threads"
          : std::to_string(blocking) + " of " + std::to_string(all),
      audit.ignored().contains(n)      ? "ignored"
          : audit.caught().contains(n) ? "caught"
                                       : std::string(action_name(action_of(n))),
      audit.pending().contains(n) ? "yes" : "-",
      readers(audit, n) == 0 ? "-" : reader(audit, n)};
}

row thread_row(const report& result, const thread_state& thread)
{
  return {std::to_string(thread.id), '"' + printable(thread.name) + '"',
      names(thread.unblocked, result), names(thread.pending, result),
      thread.awaited ? names(*thread.awaited, result) : "?"};
}

// A text that begins in some column, broken at spaces into lines that are no
// longer than the width where its words allow it. Other lines begin there, too.
std::string wrapped(std::string text, std::size_t width, std::size_t column)
{
  if (width <= column)
    return text;
  const std::size_t most = width - column;
  for (std::size_t begin = 0; text.size() - begin > most;)
  {
    auto space = text.rfind(' ', begin + most);
    if (space == text.npos || space <= begin)
      space = text.find(' ', begin + most);
    if (space == text.npos)
      break;
    text.replace(space, 1, '\n' + std::string(column, ' '));
    begin = space + 1 + column;
  }
  return text;
}

// The sentences: one for all signals of which the same is said.
void print_findings(std::ostream& out, const report& result, const style& how)
{
  constexpr std::string_view colours[] = {"32", "36", "33", "31"};
  const auto& all = result.findings;
  for (auto f = all.begin(); f != all.end(); ++f)
  {
    const auto same = [f](const finding& other) {
      return other.severity == f->severity && other.text == f->text;
    };
    if (std::any_of(all.begin(), f, same))
      continue;
    std::string signals;
    for (auto next = f; next != all.end(); ++next)
      if (same(*next))
        signals.append(signals.empty() ? "" : " ")
            .append(sigfd::signal_name(next->signal));
    std::string name(severity_name(f->severity));
    name.resize(9, ' ');
    const std::string text = wrapped(
        signals + ": " + f->text, how.width, name.size());
    if (how.coloured)
      name = "\033["
          + std::string(colours[static_cast<std::size_t>(f->severity)]) + 'm'
          + name + "\033[0m";
    out << name << text << '\n';
  }
}

} // namespace

void print_table(std::ostream& out, const report& result, const style& how)
{
  const sigfd::thread_audit& audit = result.audit;
  out << process_text(audit.pid(), result.name) << "\n\n";
  std::vector<row> rows{
      {"SIGNAL", "BLOCKED BY", "IF NOT BLOCKED", "PENDING", "READ BY"}};
  for (const int n : result.shown)
    rows.push_back(signal_row(result, n));
  if (!result.shown.empty())
    print(out, rows);
  rows = {{"THREAD", "NAME", "DOES NOT BLOCK", "PENDING FOR IT", "AWAITS"}};
  for (const thread_state& thread : audit.threads())
    rows.push_back(thread_row(result, thread));
  print(out, rows);
  print_findings(out, result, how);
  out << wrapped(summary(result), how.width, 0) << '\n';
}

} // namespace inspect
