# Checks what the compiler says first about a mistake of cases.cmake.
#
# cmake -DCASE=all_uses|missing_source|cxx23|bare|NAME
#   -DROOT=project -DWORK_DIR=folder -DCOMPILER=compiler -DCOMPILER_ID=id
#   -DFLAGS=flags -DINCLUDES=folders -P check.cmake
#
# "all_uses" is first: it leaves in WORK_DIR what the compiler says about the
# wrong ones, and the source of the right ones, which has to compile.

cmake_minimum_required(VERSION 3.24)

separate_arguments(flags UNIX_COMMAND "${FLAGS}")
# As CMake has it: the system's own folder is not to be named.
list(REMOVE_ITEM INCLUDES /usr/include)
list(TRANSFORM INCLUDES PREPEND "-isystem;")
set(wrong_source ${WORK_DIR}/wrong.cpp)
set(right_source ${WORK_DIR}/right.cpp)
set(wrong_output ${WORK_DIR}/wrong.txt)

# Sets failed and output.
function(compile file)
  set(ENV{LC_ALL} C)
  execute_process(
    COMMAND ${COMPILER} ${flags} -std=c++20 ${ARGN} -fsyntax-only
      -I ${ROOT}/include -x c++ ${file}
    RESULT_VARIABLE failed
    ERROR_VARIABLE output)
  set(failed ${failed} PARENT_SCOPE)
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(compile_right)
  compile(${right_source} -Wall -Wextra -Wpedantic -Werror ${INCLUDES} ${ARGN})
  if(failed)
    string(SUBSTRING "${output}" 0 2000 output)
    message(FATAL_ERROR "what is right does not compile:\n${output}")
  endif()
endfunction()

# What is said first of a file, as a regular expression, must match another
# one. g++ 11 says our texts in a warning, right before an error.
function(check_first file expected)
  if(NOT output MATCHES "(^|\n)${file}:[^\n]* (error|warning): ([^\n]*)")
    string(SUBSTRING "${output}" 0 2000 output)
    message(FATAL_ERROR "there is no error of ${file}:\n${output}")
  endif()
  set(first "${CMAKE_MATCH_3}")
  if(NOT first MATCHES "${expected}")
    message(FATAL_ERROR
      "the first error is\n  ${first}\nwhich does not match\n  ${expected}")
  endif()
  message(STATUS "${first}")
endfunction()

set(preamble [[
#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <signal.h>

#include <cstddef>
#include <vector>

using boost::asio::io_context;
using boost::system::error_code;
using sigfd::open_options;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;

enum class number
{
  term = SIGTERM
};
]])
set(parameters "[[maybe_unused]] io_context& context, \
[[maybe_unused]] signal_fd& signals, \
[[maybe_unused]] const signal_mask& mask, \
[[maybe_unused]] std::vector<signal_info>& infos")

function(use name)
  cmake_parse_arguments(PARSE_ARGV 1 arg
    "UNLESS_RIGHT" "WRONG;RIGHT;ERROR" "")
  if(CASE STREQUAL "all_uses")
    foreach(kind IN ITEMS wrong right)
      string(TOUPPER ${kind} upper)
      # The compiler says the name in place of the file's.
      file(APPEND ${${kind}_source}
        "void ${name}(${parameters})\n{\n#line 1 \"${name}\"\n"
        "${arg_${upper}}\n}\n")
    endforeach()
  elseif(CASE STREQUAL name)
    file(READ ${wrong_output} output)
    if(arg_UNLESS_RIGHT AND NOT output MATCHES "${name}:")
      message(STATUS "this is right here")
      return()
    endif()
    check_first(${name} "${arg_ERROR}")
  endif()
endfunction()

function(setting name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "CODE;ERROR" "FLAGS;BOOST")
  if(NOT CASE STREQUAL name)
    return()
  endif()
  if(arg_BOOST)
    set(boost ${WORK_DIR}/${name})
    list(POP_FRONT arg_BOOST version)
    file(WRITE ${boost}/boost/version.hpp "#define BOOST_VERSION ${version}\n")
    foreach(file IN LISTS arg_BOOST)
      file(WRITE ${boost}/${file} "")
    endforeach()
    list(APPEND arg_FLAGS -I ${boost})
  endif()
  set(source ${ROOT}/include/sigfd.hpp)
  if(arg_CODE)
    set(source ${WORK_DIR}/${name}.cpp)
    file(WRITE ${source} "${arg_CODE}\n")
    list(APPEND arg_FLAGS ${INCLUDES})
  endif()
  # Without warnings: clang has one of flags that it does not need.
  compile(${source} -w -Wfatal-errors ${arg_FLAGS})
  check_first("[^\n]*" "${arg_ERROR}")
endfunction()

if(CASE STREQUAL "all_uses")
  file(WRITE ${wrong_source} "${preamble}")
  file(WRITE ${right_source} "${preamble}")
endif()
include(${CMAKE_CURRENT_LIST_DIR}/cases.cmake)

if(CASE STREQUAL "all_uses")
  compile_right()
  set(no_limit "")
  if(COMPILER_ID MATCHES "Clang")
    set(no_limit -ferror-limit=0)
  endif()
  compile(${wrong_source} ${INCLUDES} ${no_limit})
  file(WRITE ${wrong_output} "${output}")
  if(output MATCHES "(^|\n)(/[^\n]* error: [^\n]*)")
    message(SEND_ERROR "an error is not where the mistake is:\n"
      "${CMAKE_MATCH_2}")
  endif()
elseif(CASE STREQUAL "missing_source")
  # With the linker, whose message is of functions, by their names.
  file(WRITE ${WORK_DIR}/missing.cpp "#include <sigfd/signal_name.hpp>\n\
int main() { return sigfd::signal_name(1).empty(); }\n")
  execute_process(
    COMMAND ${COMPILER} ${flags} -std=c++20 -DSIGFD_SEPARATE_COMPILATION
      -I ${ROOT}/include ${INCLUDES} ${WORK_DIR}/missing.cpp
      -o ${WORK_DIR}/missing
    RESULT_VARIABLE failed
    ERROR_VARIABLE output)
  if(NOT output MATCHES
     "signal_name[^\n]*one_source_file_must_include_sigfd_impl_src_hpp")
    message(FATAL_ERROR "the linker does not say what is missing:\n${output}")
  endif()
elseif(CASE STREQUAL "cxx23")
  compile_right(-std=c++2b)
elseif(CASE STREQUAL "bare")
  compile_right(-fno-rtti
    -DBOOST_ASIO_DISABLE_CO_AWAIT -DBOOST_ASIO_DISABLE_CONCEPTS)
endif()
