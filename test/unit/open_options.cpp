// open_options: an aggregate for designated initializers.

#include <sigfd/open_options.hpp>

#include <boost/test/unit_test.hpp>

using sigfd::mask_policy;
using sigfd::open_options;
using sigfd::source;

BOOST_AUTO_TEST_CASE(has_defaults_and_designated_initializers)
{
  const open_options defaults;
  BOOST_TEST((defaults.source == source::automatic));
  BOOST_TEST((defaults.mask == mask_policy::block));

  const open_options all{
      .source = source::kernel, .mask = mask_policy::require};
  BOOST_TEST((all.source == source::kernel));
  BOOST_TEST((all.mask == mask_policy::require));
}
