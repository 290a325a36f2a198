# What the jobs of ./test/run need beyond the tests that there are: included by
# test/CMakeLists.txt, behind these.
#
# The core: what stands for the rest where running all would take too long or
# bring nothing. The target sigfd_core_tests builds it; its tests have the label
# core.

set(sigfd_core_behaviour
  async_wait
  cancellation
  cancellation_slot
  default_ignored
  delivery_changes
  delivery_every
  delivery_hold_back
  delivery_one
  foreign_executor
  fork_delivery
  handler_policy
  lifetime
  open_close
  open_failures
  siginfo_kinds
  siginfo_kinds_of_children
  siginfo_kinds_of_the_kernel
  spawn
  stray_siginfo
  wait
  wait_some)

add_custom_target(sigfd_core_tests)
add_dependencies(sigfd_core_tests sigfd_unit_tests)
get_property(tests DIRECTORY PROPERTY TESTS)
foreach(name IN LISTS sigfd_core_behaviour)
  # ThreadSanitizer does without some.
  if(TARGET sigfd_behaviour_${name})
    add_dependencies(sigfd_core_tests sigfd_behaviour_${name})
  endif()
endforeach()
list(JOIN sigfd_core_behaviour "|" names)

# What shows whether another standard library will do has the label library; so
# do the tests of test/compile/errors.
list(FILTER tests INCLUDE
  REGEX "^((unit|compile|doc)\\..*|behaviour\\.[a-z]+\\.(${names}))$")
set_property(TEST ${tests} APPEND PROPERTY LABELS library)

list(FILTER tests EXCLUDE REGEX "^(compile|doc)\\.")
set_property(TEST ${tests} APPEND PROPERTY LABELS core)

# sigfd_leave_out(NAME SUITE CASE...): cases that a test of behaviour does
# without.
function(sigfd_leave_out name suite)
  list(JOIN ARGN "," cases)
  foreach(source IN LISTS sigfd_sources)
    set_property(TEST behaviour.${source}.${name} APPEND PROPERTY
      ENVIRONMENT "BOOST_TEST_RUN_FILTERS=!${suite}/${cases}")
  endforeach()
endfunction()

# What Asio does not do with io_uring(7) (doc/limitations.md).
if(CMAKE_CXX_FLAGS MATCHES "BOOST_ASIO_HAS_IO_URING")
  # A child's waits do not go on, nor end: the ring that has them is the
  # parent's.
  sigfd_leave_out(fork forking
    an_outstanding_wait_goes_on_in_parent_and_child
    a_child_can_cancel_close_and_open
    a_child_without_room_for_a_thread_says_so
    a_hundred_forks_with_signals_in_flight)
  sigfd_leave_out(fork_delivery fork_delivery
    outstanding_waits_of_both_go_on_in_parent_and_child
    a_wait_hears_what_came_before_its_context_was_told
    what_is_held_back_in_the_parent_is_not_in_the_child
    fifty_forks_with_signals_in_flight)
  # Asio's signal_set hears nothing after notify_fork, which leaves completions
  # in the ring that it has handled. That of sigfd does.
  sigfd_leave_out(signal_set_handlers signal_set_handlers
    "server_that_reaps_its_children<boost*")
  # A descriptor gets the state of one that was just closed, and with it a wait
  # that is being cancelled: that one waits again, for the new descriptor.
  sigfd_leave_out(cancellation cancellation
    by_close_ends_a_wait_at_once_where_open_follows)
endif()

# More tests, of a job each, which take long or need a tool of their own. What
# they need of the build is the target sigfd_extra_tests.
set(SIGFD_EXTRA_TESTS "" CACHE STRING
  "More tests: format, memcheck, helgrind, no-rtti, tidy, coverage")
mark_as_advanced(SIGFD_EXTRA_TESTS)
add_custom_target(sigfd_extra_tests)
foreach(extra IN LISTS SIGFD_EXTRA_TESTS)
  include(matrix/${extra}.cmake)
endforeach()
