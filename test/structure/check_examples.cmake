# Checks the shelves of examples:
#
# - a file in example/short has one screen, at most 60 lines;
# - each example begins with a comment, which example/run --help shows;
# - each example has a test script in test/example, and each of these an example.
#
# cmake -DROOT=project -P check_examples.cmake

cmake_minimum_required(VERSION 3.24)

set(most_lines 60)

include(${CMAKE_CURRENT_LIST_DIR}/errors.cmake)

file(GLOB_RECURSE short RELATIVE ${ROOT} ${ROOT}/example/short/*)
if(NOT short)
  error("there is no example in example/short")
endif()
foreach(file IN LISTS short)
  file(READ ${ROOT}/${file} content)
  string(REGEX REPLACE "[^\n]" "" line_ends "${content}")
  string(LENGTH "${line_ends}" count)
  if(count GREATER most_lines)
    error("${file} has ${count} lines, more than ${most_lines}")
  endif()
endforeach()

file(GLOB examples RELATIVE ${ROOT}
  ${ROOT}/example/*/*.cpp ${ROOT}/example/*/*/main.cpp)
set(names "")
foreach(file IN LISTS examples)
  string(REGEX REPLACE "^example/[^/]+/([^/.]+).*$" "\\1" name ${file})
  list(APPEND names ${name})
  if(NOT EXISTS ${ROOT}/test/example/${name})
    error("${file} has no test test/example/${name}")
  endif()
  file(STRINGS ${ROOT}/${file} first_line LIMIT_COUNT 1)
  if(NOT first_line MATCHES "^//")
    error("${file} does not begin with a comment")
  endif()
endforeach()

# The scripts have no extension.
file(GLOB tests RELATIVE ${ROOT}/test/example ${ROOT}/test/example/*)
list(FILTER tests EXCLUDE REGEX "\\.")
foreach(test IN LISTS tests)
  if(NOT test IN_LIST names)
    error("test/example/${test} has no example")
  endif()
endforeach()

list(LENGTH names count)
if(errors EQUAL 0)
  message(STATUS "${count} examples are in order")
endif()
