// What a thread_audit says of one thread.

#ifndef SIGFD_TEST_SUPPORT_FIND_THREAD_HPP
#define SIGFD_TEST_SUPPORT_FIND_THREAD_HPP

#include <sigfd/thread_audit.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/types.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace support {

// What is known of a thread, if it is there.
inline std::optional<sigfd::thread_state> find(
    const std::vector<sigfd::thread_state>& threads, ::pid_t id)
{
  const auto found = std::find_if(threads.begin(), threads.end(),
      [id](const sigfd::thread_state& thread) { return thread.id == id; });
  return found == threads.end() ? std::nullopt : std::optional(*found);
}

// The same by name.
inline std::optional<sigfd::thread_state> find_named(
    const std::vector<sigfd::thread_state>& threads, const std::string& name)
{
  const auto found = std::find_if(threads.begin(), threads.end(),
      [&](const sigfd::thread_state& thread) { return thread.name == name; });
  return found == threads.end() ? std::nullopt : std::optional(*found);
}

// What is known of a thread that has to be there.
inline sigfd::thread_state state_of(
    ::pid_t id, const sigfd::signal_mask& mask = sigfd::signal_mask::all())
{
  const auto found = find(sigfd::thread_audit(mask).threads(), id);
  BOOST_TEST_REQUIRE(found.has_value());
  return *found;
}

} // namespace support

#endif // SIGFD_TEST_SUPPORT_FIND_THREAD_HPP
