# Which lines and branches of include/ the tests reach: the test coverage.include
# runs behind all others, prints the figures and what is not reached, and fails
# below what is promised. The library is compiled once here, so that what is no
# template exists once.

# The one of the compiler: others cannot read what it wrote.
string(REGEX MATCH "^[0-9]+" version "${CMAKE_CXX_COMPILER_VERSION}")
find_program(SIGFD_GCOV NAMES gcov-${version} gcov REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

# What was counted before is not of this run.
add_custom_target(sigfd_coverage_reset ALL
  COMMAND find ${PROJECT_BINARY_DIR} -name "*.gcda" -delete
  VERBATIM)

# Each test is another user (support/own_user.hpp), and adds to the same counts:
# before the first one, ctest makes the files that all of them may write.
file(CONFIGURE
  OUTPUT ${PROJECT_BINARY_DIR}/CTestCustom.cmake
  CONTENT [[
set(CTEST_CUSTOM_PRE_TEST
  "@Python3_EXECUTABLE@ -B @CMAKE_CURRENT_SOURCE_DIR@/matrix/coverage.py --prepare @PROJECT_SOURCE_DIR@ @PROJECT_BINARY_DIR@")
]]
  @ONLY)

function(sigfd_tests_below directory result)
  get_property(tests DIRECTORY ${directory} PROPERTY TESTS)
  get_property(directories DIRECTORY ${directory} PROPERTY SUBDIRECTORIES)
  foreach(below IN LISTS directories)
    sigfd_tests_below(${below} more)
    list(APPEND tests ${more})
  endforeach()
  set(${result} ${tests} PARENT_SCOPE)
endfunction()

sigfd_tests_below(${CMAKE_CURRENT_SOURCE_DIR} tests)
add_test(NAME coverage.include
  COMMAND ${Python3_EXECUTABLE} -B
    ${CMAKE_CURRENT_SOURCE_DIR}/matrix/coverage.py
    ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR} --gcov ${SIGFD_GCOV}
    --lines 97 --branches 90)
set_tests_properties(coverage.include PROPERTIES
  TIMEOUT 1200
  DEPENDS "${tests}")
