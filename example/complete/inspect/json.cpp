// Prints a report for programs, as one JSON object (RFC 8259).

#include "inspect.hpp"

#include <sigfd/signal_name.hpp>

#include <ostream>

namespace inspect {
namespace {

// A string. Names of threads may be no UTF-8: a byte above 127 becomes the
// character with that number, so that none is lost.
std::string json_string(std::string_view text)
{
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result = "\"";
  for (const char c : text)
  {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      result.append(1, '\\').append(1, c);
    else if (byte >= 0x20 && byte < 0x7f)
      result += c;
    else
      result.append("\\u00")
          .append(1, digits[byte / 16u])
          .append(1, digits[byte % 16u]);
  }
  return result + '"';
}

// An array of what a function makes of each element.
template <typename Range, typename Function>
std::string array(const Range& range, Function function)
{
  std::string result;
  for (const auto& element : range)
    result.append(result.empty() ? "" : ",").append(function(element));
  return std::string("[").append(result).append("]");
}

std::string names(const sigfd::signal_mask& mask)
{
  return array(mask, [](int n) { return json_string(sigfd::signal_name(n)); });
}

std::string numbers(const std::vector<int>& values)
{
  return array(values, [](int value) { return std::to_string(value); });
}

std::string ids(const threads& some)
{
  return array(
      some, [](const thread_state& t) { return std::to_string(t.id); });
}

std::string thread_text(const thread_state& t)
{
  return std::string("{\"id\":") + std::to_string(t.id)
      + ",\"name\":" + json_string(t.name) + ",\"blocked\":" + names(t.blocked)
      + ",\"pending\":" + names(t.pending)
      + ",\"awaited\":" + (t.awaited ? names(*t.awaited) : "null") + '}';
}

std::string signal_text(const sigfd::thread_audit& audit, int n)
{
  const auto with = [&](sigfd::signal_mask thread_state::* mask) {
    return ids(threads_with(audit, mask, n));
  };
  return std::string("{\"name\":") + json_string(sigfd::signal_name(n))
      + ",\"number\":" + std::to_string(n) + ",\"disposition\":"
      + (audit.ignored().contains(n)       ? "\"ignored\""
              : audit.caught().contains(n) ? "\"caught\""
                                           : "\"default\"")
      + ",\"default_action\":" + json_string(action_name(action_of(n)))
      + ",\"bypassed\":" + (audit.bypassed().contains(n) ? "true" : "false")
      + ",\"pending\":" + (audit.pending().contains(n) ? "true" : "false")
      + ",\"blocked_by\":" + with(&thread_state::blocked)
      + ",\"not_blocked_by\":" + with(&thread_state::unblocked)
      + ",\"pending_for\":" + with(&thread_state::pending)
      + ",\"awaited_by\":" + ids(waiting_threads(audit, n))
      + ",\"signalfds\":" + numbers(watching(audit, n)) + '}';
}

std::string signalfd_text(const sigfd::signalfd_state& fd)
{
  return std::string("{\"descriptor\":") + std::to_string(fd.descriptor)
      + ",\"signals\":" + names(fd.mask) + '}';
}

std::string finding_text(const finding& f)
{
  return std::string("{\"severity\":") + json_string(severity_name(f.severity))
      + ",\"signal\":" + json_string(sigfd::signal_name(f.signal))
      + ",\"text\":" + json_string(f.text) + '}';
}

} // namespace

void print_json(std::ostream& out, const report& result, bool one_line)
{
  const sigfd::thread_audit& audit = result.audit;
  const auto signal = [&](int n) { return signal_text(audit, n); };
  const std::string_view next = one_line ? "," : ",\n";
  out << "{\"pid\":" << audit.pid() << ",\"name\":" << json_string(result.name)
      << ",\"kernel_thread\":" << (result.of_kernel ? "true" : "false")
      << ",\"verdict\":" << json_string(severity_name(verdict(result))) << next
      << "\"summary\":" << json_string(summary(result)) << next
      << "\"findings\":" << array(result.findings, finding_text) << next
      << "\"signals\":" << array(result.shown, signal) << next
      << "\"threads\":" << array(audit.threads(), thread_text) << next
      << "\"signalfds\":" << array(audit.signalfds(), signalfd_text) << "}\n";
}

} // namespace inspect
