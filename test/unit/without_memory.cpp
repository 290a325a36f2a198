// Without memory: what there is one of in a process needs none of its own,
// since its functions are noexcept, and where they are called first, nobody
// could say that there is none; and what fails keeps none.

#include <sigfd/detail/free_list.hpp>
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

BOOST_AUTO_TEST_CASE(a_free_list_that_cannot_grow_keeps_no_memory)
{
  struct node
  {
    node* next = nullptr;
  };
  bool done = false;
  for (int number = 0; !done; ++number)
  {
    const long before = support::living_allocations();
    {
      sigfd::detail::free_list<node> list;
      support::fail_allocation_after(number);
      done = list.reserve(1);
      support::fail_allocation_after(-1);
    }
    const long after = support::living_allocations();
    BOOST_TEST(after == before);
    BOOST_TEST((!done || number != 0));
  }
}
