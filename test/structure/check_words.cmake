# Checks that include/, README.md and doc/*.md use the field's words for what
# the library is made of, and not the private ones that it once had.
#
# cmake -DROOT=project -P check_words.cmake

cmake_minimum_required(VERSION 3.24)

# A word that is not to be used, as a regular expression for whole words, and
# what to write instead.
set(words
  "opening_[a-z]*|[Aa]n opening|[Tt]he opening|[Oo]penings|its opening"
    "implementation, signalfd_impl"
  "expects_nothing|looked\\(" "speculative_read"
  "stray_guard|[Tt]he guard|guard\\.[a-z]+" "stray_handler, handler_table"
  "stray_watch" "handler_registration"
  "stray_mail|[Mm]ail|[Mm]ailbox" "stray_queue"
  "ticket" "sequence"
  "bell|[Rr]ings? the|send_wake_up" "wake-up signal, send_wakeup"
  "[Pp]ark|[Pp]arked|parked_signals" "undelivered, kept"
  "queue_again|give_back|gave_back" "requeue_raw, try_requeue, requeue_or_keep"
  "signal_waiter|bring_to_rest|ask_to_rest|at rest|to rest"
    "pipe_thread, request_pause, pause_and_drain"
  "is_mark|[Tt]he mark|a mark" "sentinel"
  "process_value|process_mutex|process_local" "fork_reset_value, fork_reset_mutex"
  "wait_for_signal|read_records|record_reader" "sigwait_info, read_siginfo"
  "dismantle|enroll|withdraw" "destroy, add, remove"
  "take_from_kernel" "read_source"
  "kind\\(\\)" "source()")

include(${CMAKE_CURRENT_LIST_DIR}/errors.cmake)

file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/include/*)
file(GLOB documents RELATIVE ${ROOT}
  ${ROOT}/README.md ${ROOT}/doc/*.md ${ROOT}/doc/man/*.md)
list(APPEND files ${documents})
foreach(file IN LISTS files)
  file(READ ${ROOT}/${file} content)
  set(content " ${content} ")
  set(rest ${words})
  while(rest)
    list(POP_FRONT rest word instead)
    if(content MATCHES "[^A-Za-z0-9_](${word})[^A-Za-z0-9_]")
      error("${file} says \"${CMAKE_MATCH_1}\": ${instead}")
    endif()
  endwhile()
endforeach()

list(LENGTH files count)
if(count EQUAL 0)
  error("there are no files")
endif()
if(errors EQUAL 0)
  message(STATUS "${count} files use the field's words")
endif()
