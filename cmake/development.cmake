# What our own tests and examples are built with, and users are not: the target
# sigfd_development.

set(SIGFD_SANITIZE "" CACHE STRING
  "Sanitizers for tests and examples, as -fsanitize takes them")

add_library(sigfd_development INTERFACE)
target_link_libraries(sigfd_development INTERFACE sigfd::sigfd)
target_compile_options(sigfd_development INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
if(SIGFD_SANITIZE)
  target_compile_options(sigfd_development INTERFACE
    -fsanitize=${SIGFD_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(sigfd_development INTERFACE
    -fsanitize=${SIGFD_SANITIZE})
  if(SIGFD_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Boost uses std::atomic_thread_fence, which g++'s TSan does not model; it
    # orders reference counts that are atomic anyway.
    target_compile_options(sigfd_development INTERFACE -Wno-tsan)
  endif()
endif()
