# Checks that every block of CMake in README.md and doc/*.md is a run of lines
# of a project beside this file, which tests build.
#
# cmake -DROOT=project -P check_snippets.cmake

cmake_minimum_required(VERSION 3.24)

set(projects "")
file(GLOB files ${CMAKE_CURRENT_LIST_DIR}/*/CMakeLists.txt)
foreach(file IN LISTS files)
  file(READ ${file} content)
  string(APPEND projects "\n${content}")
endforeach()

set(count 0)
file(GLOB documents ${ROOT}/README.md ${ROOT}/doc/*.md)
foreach(document IN LISTS documents)
  file(READ ${document} rest)
  while(rest MATCHES "\n *```cmake\n")
    string(FIND "${rest}" "${CMAKE_MATCH_0}" begin)
    string(LENGTH "${CMAKE_MATCH_0}" length)
    math(EXPR begin "${begin} + ${length} - 1") # with the line end
    string(SUBSTRING "${rest}" ${begin} -1 rest)
    string(FIND "${rest}" "```" end)
    string(SUBSTRING "${rest}" 0 ${end} block)
    string(SUBSTRING "${rest}" ${end} -1 rest)
    string(FIND "${projects}" "${block}" position)
    if(position EQUAL -1)
      message(SEND_ERROR "${document}: no project has this block:${block}")
    endif()
    math(EXPR count "${count} + 1")
  endwhile()
endforeach()

if(count EQUAL 0)
  message(SEND_ERROR "there is no block of CMake")
endif()
message(STATUS "${count} blocks of CMake are in a project")
