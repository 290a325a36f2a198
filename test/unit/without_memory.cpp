// Without memory: what there is one of in a process needs none of its own,
// since its functions are noexcept, and where they are called first, nobody
// could say that there is none; and what fails keeps none.

#include <sigfd/detail/free_list.hpp>
#include <sigfd/detail/pipe_thread.hpp>
#include <sigfd/detail/undelivered.hpp>
#include <sigfd/detail/watcher_table.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include "support/failing_allocation.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>

#include <cstdint>

BOOST_AUTO_TEST_CASE(the_state_of_the_process_is_made_without_memory)
{
  support::fail_allocation_after(0);
  sigfd::detail::undelivered();
  sigfd::detail::watchers();
  sigfd::detail::the_pipe_thread();
  support::fail_allocation_after(-1);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_kept_is_pending_again)
{
  const sigfd::scoped_signal_block block({SIGRTMIN});
  ::signalfd_siginfo record{};
  record.ssi_signo = static_cast<std::uint32_t>(SIGRTMIN);
  record.ssi_code = SI_QUEUE;
  record.ssi_int = 7;
  record.ssi_ptr = 7;
  support::fail_allocation_after(0);
  sigfd::detail::undelivered().keep(sigfd::signal_info(record));
  support::fail_allocation_after(-1);
  BOOST_TEST(!sigfd::detail::undelivered().may_have_kept());
  ::sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGRTMIN);
  const ::timespec at_once{};
  ::siginfo_t info{};
  BOOST_TEST(::sigtimedwait(&set, &info, &at_once) == SIGRTMIN);
  BOOST_TEST(info.si_value.sival_int == 7);
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
