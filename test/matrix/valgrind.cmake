# sigfd_valgrind_tests(TOOL OPTION...): most of the core once more under a tool of
# valgrind, as TOOL.SOURCE.NAME. Valgrind has a scheduler and a signal delivery
# of its own, and is slow. What TOOL.supp keeps it from reporting has its reason
# there. Unless told to be fair, a thread that waits for another without sleeping
# may keep that from running for minutes.

find_program(SIGFD_VALGRIND valgrind REQUIRED)

add_dependencies(sigfd_extra_tests sigfd_core_tests)

# Not what has a handler block a signal in its thread, which does nothing there
# (doc/limitations.md), what sends signals of faults, which valgrind takes for its
# own, or children that memory is copied for over and over.
set(sigfd_valgrind_behaviour ${sigfd_core_behaviour})
list(REMOVE_ITEM sigfd_valgrind_behaviour default_ignored delivery_hold_back
  fork_delivery handler_policy siginfo_kinds_of_the_kernel spawn stray_siginfo)

# The cases of others that do one of these.
set(sigfd_valgrind_without_open_close open_close/every_signal_at_once)
set(sigfd_valgrind_without_wait_some
  wait_some/takes_what_a_thread_caught_and_what_is_pending)

function(sigfd_valgrind_tests tool)
  foreach(name IN LISTS sigfd_valgrind_behaviour)
    set(without ${sigfd_valgrind_without_${name}})
    list(TRANSFORM without PREPEND --run_test=!)
    foreach(source IN LISTS sigfd_sources)
      sigfd_add_test(${tool}.${source}.${name} ${source} 900
        ${SIGFD_VALGRIND} --tool=${tool} --quiet --vgdb=no --fair-sched=try
        --error-exitcode=99
        --suppressions=${CMAKE_CURRENT_SOURCE_DIR}/matrix/${tool}.supp
        ${ARGN}
        $<TARGET_FILE:sigfd_behaviour_${name}> ${sigfd_test_arguments}
        ${without})
      set_property(TEST ${tool}.${source}.${name} APPEND PROPERTY
        ENVIRONMENT SIGFD_TEST_SLOWNESS=8)
    endforeach()
  endforeach()
endfunction()
