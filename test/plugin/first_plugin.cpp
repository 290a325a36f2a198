// The executable has no copy of its own; the first is in another plugin.

#include "copy.hpp"

namespace plugin_test {

const copy executable = [] {
  void* handle = nullptr;
  return load(SIGFD_TEST_FIRST_PLUGIN, handle);
}();

} // namespace plugin_test
