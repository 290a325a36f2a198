# Checks how the headers hang together:
#
# - every header has a level in levels.txt, and includes no higher one;
# - those below level 3 do not include Boost.Asio;
# - what a header includes first is another header of the library, and so in the
#   end config.hpp, which refuses what cannot compile the rest;
# - Boost.Asio's own details are used nowhere;
# - conditional compilation is in one file only;
# - each .ipp file is included by the header of its name, where that is not
#   compiled separately, by SIGFD_SOURCE(), and by impl/src.hpp;
# - what is heavy and not needed is included nowhere;
# - the file set that CMake installs is all headers, and no other file.
#
# cmake -DROOT=project [-DLEVELS=levels.txt] -P check_levels.cmake

cmake_minimum_required(VERSION 3.24)

if(NOT LEVELS)
  set(LEVELS ${CMAKE_CURRENT_LIST_DIR}/levels.txt)
endif()
set(first_level_with_asio 3)
set(conditional_headers sigfd/detail/config.hpp)
set(all_sources sigfd/impl/src.hpp)
set(unwanted_headers charconv filesystem iostream sys/uio.h)

include(${CMAKE_CURRENT_LIST_DIR}/errors.cmake)

# The table: level_of_<header> for each header of listed.
set(listed "")
file(STRINGS ${LEVELS} lines REGEX "^[^#]")
foreach(line IN LISTS lines)
  if(NOT line MATCHES "^([0-9]+) ([^ ]+)$")
    error("${LEVELS}: cannot read: ${line}")
    continue()
  endif()
  set("level_of_${CMAKE_MATCH_2}" ${CMAKE_MATCH_1})
  list(APPEND listed ${CMAKE_MATCH_2})
endforeach()

file(GLOB_RECURSE headers RELATIVE ${ROOT}/include ${ROOT}/include/*)
if(headers STREQUAL "")
  error("${ROOT}/include has no headers")
endif()
foreach(header IN LISTS listed)
  if(NOT header IN_LIST headers)
    error("levels.txt lists ${header}, which does not exist")
  endif()
endforeach()

foreach(header IN LISTS headers)
  if(NOT DEFINED "level_of_${header}")
    error("${header} has no level in levels.txt")
    continue()
  endif()
  set(level ${level_of_${header}})

  # Includes.
  file(STRINGS ${ROOT}/include/${header} includes
    REGEX "^[ \t]*#[ \t]*include")
  if(NOT header STREQUAL "sigfd/detail/config.hpp"
     AND NOT includes MATCHES "^[^;<\"]*[<\"]sigfd[./]")
    error("${header} does not begin with sigfd/detail/config.hpp")
  endif()
  foreach(line IN LISTS includes)
    if(NOT line MATCHES "(<|\"| SIGFD_SOURCE\\()([^<>\"()]+)[>\")]")
      error("${header}: cannot read: ${line}")
      continue()
    endif()
    set(included ${CMAKE_MATCH_2})
    if(included MATCHES "\\.ipp$")
      string(REGEX REPLACE "\\.ipp$" ".hpp" owner "${included}")
      string(REPLACE "impl/" "" owner "${owner}")
      if(NOT header STREQUAL all_sources
         AND NOT (header STREQUAL owner AND line MATCHES "SIGFD_SOURCE"))
        error("${header} includes ${included}")
      endif()
      list(APPEND "includers_of_${included}" ${header})
    elseif(included IN_LIST unwanted_headers)
      error("${header} includes ${included}, which is not wanted")
    endif()
    if(included MATCHES "^sigfd[./]")
      if(NOT DEFINED "level_of_${included}")
        error("${header} includes ${included}, which has no level")
      elseif(level_of_${included} GREATER level)
        error("${header} of level ${level} includes ${included} of level \
${level_of_${included}}")
      endif()
    elseif(included MATCHES "^boost/asio")
      if(level LESS first_level_with_asio)
        error("${header} of level ${level} includes ${included}")
      endif()
    elseif(line MATCHES "\"")
      error("${header} includes ${included} by a path of its own")
    endif()
  endforeach()

  # Details of Boost.Asio.
  file(READ ${ROOT}/include/${header} content)
  if(content MATCHES "((asio|net)::detail|asio/detail/)")
    error("${header} uses a detail of Boost.Asio: ${CMAKE_MATCH_1}")
  endif()

  # Conditional compilation, but for an include guard.
  if(NOT header IN_LIST conditional_headers)
    file(STRINGS ${ROOT}/include/${header} conditions
      REGEX "^[ \t]*#[ \t]*(if|el)")
    string(TOUPPER "${header}" guard)
    string(REGEX REPLACE "[^A-Z0-9]" "_" guard "${guard}")
    foreach(line IN LISTS conditions)
      if(NOT line STREQUAL "#ifndef ${guard}")
        error("${header} compiles conditionally: ${line}")
      endif()
    endforeach()
    if(conditions STREQUAL "")
      error("${header} has no include guard ${guard}")
    endif()
  endif()
endforeach()

foreach(header IN LISTS headers)
  if(header MATCHES "\\.ipp$")
    list(LENGTH "includers_of_${header}" count)
    if(NOT count EQUAL 2)
      error("${header} is not included by its header and by ${all_sources}")
    endif()
  endif()
endforeach()

# The file set.
file(READ ${ROOT}/CMakeLists.txt content)
if(content MATCHES "FILE_SET HEADERS([^)]*)\\)")
  string(REGEX MATCHALL "include/[^ \t\r\n)]+" installed "${CMAKE_MATCH_1}")
  list(TRANSFORM installed REPLACE "^include/" "")
  foreach(header IN LISTS headers)
    if(NOT header IN_LIST installed)
      error("CMakeLists.txt does not install ${header}")
    endif()
  endforeach()
  foreach(header IN LISTS installed)
    if(NOT header IN_LIST headers)
      error("CMakeLists.txt installs ${header}, which does not exist")
    endif()
  endforeach()
else()
  error("CMakeLists.txt has no FILE_SET HEADERS")
endif()

list(LENGTH headers count)
if(errors EQUAL 0)
  message(STATUS "${count} headers are in order")
endif()
