# Checks that <sigfd/impl/src.hpp> without SIGFD_SEPARATE_COMPILATION says what
# it is for, and compiles with it.
#
# cmake -DROOT=project -DCOMPILER=compiler -DINCLUDES=folders
#   -P needs_setting.cmake

cmake_minimum_required(VERSION 3.24)

list(TRANSFORM INCLUDES PREPEND -I)

function(compile)
  execute_process(
    COMMAND ${COMPILER} -std=c++20 ${ARGN} -fsyntax-only
      -I ${ROOT}/include ${INCLUDES}
      -x c++ ${ROOT}/include/sigfd/impl/src.hpp
    RESULT_VARIABLE result
    ERROR_VARIABLE output)
  set(result ${result} PARENT_SCOPE)
  set(output "${output}" PARENT_SCOPE)
endfunction()

compile()
if(result EQUAL 0)
  message(SEND_ERROR "src.hpp compiles without SIGFD_SEPARATE_COMPILATION")
elseif(NOT output MATCHES "error: [^\n]*-DSIGFD_SEPARATE_COMPILATION")
  message(SEND_ERROR "src.hpp does not say what it needs:\n${output}")
endif()
compile(-DSIGFD_SEPARATE_COMPILATION)
if(NOT result EQUAL 0)
  message(SEND_ERROR "src.hpp does not compile:\n${output}")
endif()
