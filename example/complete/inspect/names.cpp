// Names of signals, threads and actions.

#include "inspect.hpp"

#include <sigfd/signal_name.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <system_error>

namespace inspect {

int signal_number(std::string_view text)
{
  int number = 0;
  const char* const end = text.data() + text.size();
  if (std::from_chars(text.data(), end, number).ptr == end && number > 0)
    return number <= SIGRTMAX ? number : 0;
  std::string name(text);
  std::transform(name.begin(), name.end(), name.begin(),
      [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  if (name.substr(0, 3) != "SIG")
    name.insert(0, "SIG");
  constexpr std::string_view from_last = "SIGRTMAX-";
  if (name == "SIGRTMAX")
    return SIGRTMAX;
  if (name.substr(0, from_last.size()) == from_last)
  {
    const char* const last = name.data() + name.size();
    const auto [end_of_number, error] = std::from_chars(
        name.data() + from_last.size(), last, number);
    return error == std::errc() && end_of_number == last && number >= 0
            && number <= SIGRTMAX - SIGRTMIN
        ? SIGRTMAX - number
        : 0;
  }
  // Two names for one signal (signal(7)).
  constexpr std::string_view others[][2] = {
      {"SIGCLD", "SIGCHLD"}, {"SIGIOT", "SIGABRT"}, {"SIGPOLL", "SIGIO"}};
  for (const auto& [other, usual] : others)
    if (name == other)
      name = usual;
  for (number = 1; number <= SIGRTMAX; ++number)
    if (sigfd::signal_name(number) == name)
      return number;
  return 0;
}

std::string printable(std::string_view text)
{
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (const char c : text)
  {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f)
      result += c;
    else
      result.append("\\x")
          .append(1, digits[byte / 16u])
          .append(1, digits[byte % 16u]);
  }
  return result;
}

std::string threads_text(const threads& some)
{
  constexpr std::size_t most = 3;
  std::string text = some.size() == 1 ? "thread" : "threads";
  for (std::size_t i = 0; i < some.size() && i < most; ++i)
    text += (i == 0 ? " " : ", ") + std::to_string(some[i].id) + " \""
        + printable(some[i].name) + '"';
  if (some.size() > most)
    text += " and " + std::to_string(some.size() - most) + " more";
  return text;
}

default_action action_of(int signal)
{
  switch (signal)
  {
  case SIGCHLD:
  case SIGURG:
  case SIGWINCH:
    return default_action::discard;
  case SIGCONT:
    return default_action::resume;
  case SIGTSTP:
  case SIGTTIN:
  case SIGTTOU:
    return default_action::stop;
  case SIGABRT:
  case SIGBUS:
  case SIGQUIT:
  case SIGSYS:
  case SIGTRAP:
  case SIGXCPU:
  case SIGXFSZ:
    return default_action::dump;
  default:
    return default_action::terminate;
  }
}

std::string_view action_name(default_action action)
{
  constexpr std::string_view names[] = {
      "terminate", "dump core", "stop", "continue", "discard"};
  return names[static_cast<std::size_t>(action)];
}

std::string_view severity_name(severity value)
{
  constexpr std::string_view names[] = {"fine", "remark", "warning", "fault"};
  return names[static_cast<std::size_t>(value)];
}

} // namespace inspect
