// What follows from what was seen: a sentence or more for each signal.

#include "inspect.hpp"

namespace inspect {
namespace {

// A signal that is pending for one thread, which blocks it.
finding stranded(const report& result, const thread_state& thread, int n)
{
  const std::string text = "it is pending for " + threads_text({thread})
      + " alone, which blocks it";
  if (readers(result.audit, n) == 0)
    return {severity::fault, n, text + ": no other thread can take it"};
  if (result.audit.threads().size() == 1)
    return {severity::warning, n, text + " and has not read it"};
  return {severity::fault, n,
      text
          + ": a reader in another thread never gets it"
            " (pthread_kill, raise and tgkill send to one thread)"};
}

// Somebody reads the signal, but there are threads that do not block it.
finding unblocked(const report& result, const threads& open, int n)
{
  const std::string who = threads_text(open)
      + (open.size() == 1 ? " does not block it" : " do not block it");
  if (result.audit.caught().contains(n))
    return {severity::remark, n,
        who + ": a handler takes it there; it reaches "
            + reader(result.audit, n)
            + " only if that handler forwards it, as sigfd's does"};
  const std::string unless = doubt(open);
  return {unless.empty() ? severity::fault : severity::warning, n,
      who + " and "
          + (result.audit.ignored().contains(n)
                  ? "it is ignored (SIG_IGN): it is discarded"
                  : would_be(action_of(n)))
          + unless};
}

// Somebody reads the signal, and every thread blocks it.
finding blocked(const report& result, int n)
{
  if (n == SIGCHLD && result.audit.ignored().contains(n))
    return {severity::fault, n,
        "it is ignored (SIG_IGN): the kernel reaps children that end, and "
        "sends none for them"};
  if (result.pending.contains(n))
    return {severity::warning, n,
        "it is pending, and " + reader(result.audit, n)
            + " has not read it: the program is busy, or does not wait"};
  const std::string text = "every thread blocks it, and "
      + reader(result.audit, n) + " gets it";
  if (result.audit.bypassed().contains(n))
    return {severity::remark, n,
        text
            + "; its handler runs only if the reader calls it (sigfd's own is "
              "there for threads that do not block the signal)"};
  return {severity::fine, n, text};
}

// Nobody is known to read the signal, and every thread blocks it.
finding unread(const report& result, int n)
{
  if (result.pending.contains(n))
    return {severity::fault, n,
        "it is pending, every thread blocks it, and no signalfd and no "
        "sigwait(3) is known to take it"};
  if (result.audit.ignored().contains(n))
    return {severity::remark, n, "it is ignored (SIG_IGN) and blocked"};
  return {severity::warning, n,
      result.audit.caught().contains(n)
          ? "it has a handler, which never runs: every thread blocks it"
          : "every thread blocks it, and no signalfd and no sigwait(3) is "
            "known to take it: perhaps the mask was inherited, as this "
            "process's children inherit it"};
}

// Nobody is known to read the signal, and some threads do not block it.
finding ordinary(const report& result, const threads& open, int n)
{
  if (result.pending.contains(n))
    return {severity::warning, n,
        "it is pending, though not blocked by " + threads_text(open)
            + ": is the process stopped, or asleep in the kernel?"};
  if (result.audit.ignored().contains(n))
    return {severity::remark, n, "it is ignored (SIG_IGN): it is discarded"};
  if (result.audit.caught().contains(n))
    return {severity::fine, n, "a handler takes it in " + threads_text(open)};
  return {severity::remark, n,
      "nobody reads it; " + would_be(action_of(n)) + doubt(open)};
}

} // namespace

void diagnose(report& result, const sigfd::thread_audit& earlier, int n)
{
  const threads open = threads_with(result.audit, &thread_state::unblocked, n);
  const threads before = threads_with(earlier, &thread_state::stranded, n);
  const auto said = result.findings.size();
  const auto say = [&](const finding& f) { result.findings.push_back(f); };
  for (const auto& t : threads_with(result.audit, &thread_state::stranded, n))
    for (const auto& b : before)
      if (b.id == t.id)
        say(stranded(result, t, n));
  if (readers(result.audit, n) != 0)
  {
    if (readers(result.audit, n) > 1)
      say({severity::warning, n,
          "each occurrence goes to one of " + reader(result.audit, n)
              + ": they compete, unless all are sigfd's, which shares it"});
    if (!open.empty())
      say(unblocked(result, open, n));
    else if (result.findings.size() == said || result.pending.contains(n))
      say(blocked(result, n));
  }
  else if (!open.empty())
    say(ordinary(result, open, n));
  else if (result.findings.size() == said || result.pending.contains(n))
    say(unread(result, n));
}

} // namespace inspect
