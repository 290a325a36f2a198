// The plugin.

#include "this_copy.hpp"

extern "C" [[gnu::visibility("default")]] const plugin_test::copy*
sigfd_test_copy_of_plugin()
{
  return &plugin_test::this_copy;
}
