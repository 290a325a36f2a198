// A copy of the library, as another copy in the process sees it: functions that
// pass nothing whose type comes from the library or from Asio.

#ifndef SIGFD_TEST_PLUGIN_COPY_HPP
#define SIGFD_TEST_PLUGIN_COPY_HPP

#include <cstdint>

namespace plugin_test {

struct received
{
  int number;
  int code;
  int value; // 0 if none came with it
};

// One object and its context.
struct copy
{
  // Opens the object for a signal.
  void (*open)(int number, bool pipe);

  // The same with delivery_policy::one.
  void (*open_to_compete)(int number, bool pipe);

  // Adds SIGCHLD with flags to the object, which it opens; the error's number.
  int (*add_with_flags)(int number, int flags);

  // Destroys the object and its context.
  void (*close)();

  int (*native_handle)();

  // Starts a wait, and goes as far with it as it goes.
  void (*start_wait)();

  // Goes on for some seconds at the most; whether the wait took something.
  bool (*finish_wait)(received& taken);

  bool (*try_wait)(received& taken);

  // What count_strays() says.
  std::uint64_t (*caught)();
};

// What the plugin exports.
using get_copy = const copy*();
inline constexpr const char* get_copy_name = "sigfd_test_copy_of_plugin";

// The copy in the executable, or in the plugin that stands in for it.
extern const copy executable;

// Loads a plugin; its copy. A failure ends the process.
const copy& load(const char* file, void*& handle);

// Loads the other plugin.
const copy& load_plugin();

// The pipe is what the test asks for.
bool wants_pipe();

} // namespace plugin_test

#endif // SIGFD_TEST_PLUGIN_COPY_HPP
