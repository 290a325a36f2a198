// What an audit says about one signal, and the system in general.

#include "inspect.hpp"

namespace inspect {

threads threads_with(const sigfd::thread_audit& audit,
    sigfd::signal_mask thread_state::* mask, int signal)
{
  threads found;
  for (const thread_state& thread : audit.threads())
    if ((thread.*mask).contains(signal))
      found.push_back(thread);
  return found;
}

threads waiting_threads(const sigfd::thread_audit& audit, int signal)
{
  threads found;
  for (const thread_state& thread : audit.threads())
    if (thread.awaited && thread.awaited->contains(signal))
      found.push_back(thread);
  return found;
}

std::vector<int> watching(const sigfd::thread_audit& audit, int signal)
{
  std::vector<int> found;
  for (const sigfd::signalfd_state& fd : audit.signalfds())
    if (fd.mask.contains(signal))
      found.push_back(fd.descriptor);
  return found;
}

std::size_t readers(const sigfd::thread_audit& audit, int signal)
{
  return watching(audit, signal).size() + waiting_threads(audit, signal).size();
}

std::string reader(const sigfd::thread_audit& audit, int signal)
{
  std::string text;
  for (const int descriptor : watching(audit, signal))
    text += (text.empty() ? "signalfd " : " and signalfd ")
        + std::to_string(descriptor);
  const threads waiting = waiting_threads(audit, signal);
  if (!waiting.empty())
    text += (text.empty() ? "sigwait(3) in " : " and sigwait(3) in ")
        + threads_text(waiting);
  return text;
}

std::string would_be(default_action action)
{
  switch (action)
  {
  case default_action::terminate:
    return "no handler is set: it would kill the process";
  case default_action::dump:
    return "no handler is set: it would kill the process, with a core dump";
  case default_action::stop:
    return "no handler is set: it would stop the process";
  case default_action::resume:
    return "no handler is set: it continues the process, and is discarded";
  case default_action::discard:
    break;
  }
  return "no handler is set: it is discarded there, as is its default";
}

std::string doubt(const threads& open)
{
  for (const thread_state& thread : open)
    if (thread.awaited)
      return "";
  return ", unless it waits for it in sigwait(3), which only root may see";
}

} // namespace inspect
