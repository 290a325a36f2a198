# Checks that every block of C++ in README.md and doc/ is a run of lines of
# some file under example/ or test/doc/, which the build compiles. How far a
# line is indented does not matter.
#
# cmake -DROOT=project -P check_code_blocks.cmake

cmake_minimum_required(VERSION 3.24)

# Reads a file without the white space around its lines, and with a line end
# before the first and after the last.
function(read_lines file variable)
  file(READ ${file} content)
  set(content "\n${content}\n")
  string(REPLACE "\r" "" content "${content}")
  string(REGEX REPLACE "\n[ \t]+" "\n" content "${content}")
  string(REGEX REPLACE "[ \t]+\n" "\n" content "${content}")
  set(${variable} "${content}" PARENT_SCOPE)
endfunction()

include(${CMAKE_CURRENT_LIST_DIR}/errors.cmake)

file(GLOB_RECURSE examples
  ${ROOT}/example/*.cpp ${ROOT}/example/*.hpp
  ${ROOT}/test/doc/*.cpp ${ROOT}/test/doc/*.hpp)
set(count 0)
foreach(example IN LISTS examples)
  math(EXPR count "${count} + 1")
  read_lines(${example} example_${count})
endforeach()

# Whether an example has some lines.
function(find_in_examples lines variable)
  foreach(i RANGE 1 ${count})
    string(FIND "${example_${i}}" "${lines}" position)
    if(NOT position EQUAL -1)
      set(${variable} TRUE PARENT_SCOPE)
      return()
    endif()
  endforeach()
  set(${variable} FALSE PARENT_SCOPE)
endfunction()

file(GLOB documents RELATIVE ${ROOT} ${ROOT}/doc/*.md ${ROOT}/doc/man/*.md)
if(EXISTS ${ROOT}/README.md)
  list(PREPEND documents README.md)
else()
  error("there is no README.md")
endif()
if(count EQUAL 0)
  error("there are no examples")
  set(documents "")
endif()

set(blocks 0)
foreach(document IN LISTS documents)
  read_lines(${ROOT}/${document} rest)
  if(rest MATCHES "\n(```+|~~~+) *([Cc]\\+\\+|CPP|Cpp|cc|cxx|hpp|cpp[^\n])"
      OR rest MATCHES "\n(~~~+|````+) *cpp")
    error("${document}: a block of C++ has to begin with ```cpp")
  endif()

  set(number 0)
  while(TRUE)
    set(fence "\n```cpp\n")
    string(FIND "${rest}" "${fence}" begin)
    if(begin EQUAL -1)
      break()
    endif()
    math(EXPR number "${number} + 1")
    math(EXPR blocks "${blocks} + 1")

    # From the line end before the first line of the block.
    string(LENGTH "${fence}" length)
    math(EXPR begin "${begin} + ${length} - 1")
    string(SUBSTRING "${rest}" ${begin} -1 rest)
    string(FIND "${rest}" "\n```\n" end)
    if(end EQUAL -1)
      error("${document}: block ${number} has no end")
      break()
    endif()
    # To the line end behind its last.
    math(EXPR length "${end} + 1")
    string(SUBSTRING "${rest}" 0 ${length} block)
    string(SUBSTRING "${rest}" ${end} -1 rest)

    string(STRIP "${block}" stripped)
    if(stripped STREQUAL "")
      error("${document}: block ${number} is empty")
      continue()
    endif()
    find_in_examples("${block}" found)
    if(NOT found)
      error("${document}: block ${number} is in no example:\n${block}")
    endif()
  endwhile()
endforeach()

if(documents AND blocks EQUAL 0)
  error("there is no block of C++ in ${documents}")
endif()
if(errors EQUAL 0)
  message(STATUS "${blocks} blocks of C++ are in an example")
endif()
