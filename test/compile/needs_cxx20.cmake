# Checks that a program compiled as C++17 is told that the library needs C++20,
# and how to get it, before any other error; for each public header.
#
# cmake -DROOT=project -DCOMPILER=compiler -P needs_cxx20.cmake

cmake_minimum_required(VERSION 3.24)

file(GLOB headers ${ROOT}/include/*.hpp ${ROOT}/include/sigfd/*.hpp)
if(headers STREQUAL "")
  message(FATAL_ERROR "${ROOT}/include has no headers")
endif()

foreach(header IN LISTS headers)
  # Ends with the first error.
  execute_process(
    COMMAND ${COMPILER} -std=c++17 -Wfatal-errors -fsyntax-only
      -I ${ROOT}/include -x c++ ${header}
    RESULT_VARIABLE result
    ERROR_VARIABLE output)
  if(result EQUAL 0)
    message(SEND_ERROR "${header} compiles as C++17")
  elseif(NOT output MATCHES "error: [^\n]*sigfd needs C\\+\\+20: [^\n]*-std=c")
    message(SEND_ERROR
      "${header} as C++17 does not say what it needs:\n${output}")
  endif()
endforeach()
