// The first copy is in the executable.

#include "this_copy.hpp"

namespace plugin_test {

const copy executable = this_copy;

} // namespace plugin_test
