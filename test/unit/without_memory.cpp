// What there is one of in a process needs no memory of its own: its functions
// are noexcept, and where they are called first, nobody could say that there is
// none.

#include <sigfd/detail/pipe_thread.hpp>
#include <sigfd/detail/undelivered.hpp>
#include <sigfd/detail/watcher_table.hpp>

#include "support/failing_allocation.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_CASE(the_state_of_the_process_is_made_without_memory)
{
  support::fail_allocation_after(0);
  sigfd::detail::undelivered();
  sigfd::detail::watchers();
  sigfd::detail::the_pipe_thread();
  support::fail_allocation_after(-1);
}
