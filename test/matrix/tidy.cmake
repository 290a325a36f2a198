# clang-tidy, with the checks of .clang-tidy, as tidy.NAME. What is not a
# template is in cmake/compiled.cpp; for the templates stands a test that uses
# all of them. Each costs half a minute.

find_program(SIGFD_CLANG_TIDY NAMES clang-tidy-19 REQUIRED)
mark_as_advanced(SIGFD_CLANG_TIDY)

function(sigfd_tidy_test name file)
  add_test(NAME tidy.${name}
    COMMAND ${SIGFD_CLANG_TIDY} --quiet ${sigfd_tidy_options}
      ${PROJECT_SOURCE_DIR}/${file} --
      -std=c++20 -DBOOST_TEST_NO_LIB ${ARGN}
      -I${PROJECT_SOURCE_DIR}/include -I${PROJECT_SOURCE_DIR}/test
      -I${PROJECT_SOURCE_DIR}/example ${sigfd_tidy_boost})
  set_tests_properties(tidy.${name} PROPERTIES TIMEOUT 600)
endfunction()

get_target_property(sigfd_tidy_boost Boost::headers
  INTERFACE_INCLUDE_DIRECTORIES)
# As a folder of its own before the compiler's, <cstdlib> finds no <stdlib.h>.
list(REMOVE_ITEM sigfd_tidy_boost /usr/include)
list(TRANSFORM sigfd_tidy_boost PREPEND -isystem)

sigfd_tidy_test(compiled cmake/compiled.cpp -DSIGFD_SEPARATE_COMPILATION)
sigfd_tidy_test(every_verb test/compile/every_verb.cpp)
# Not cancellation_slot, where the analyser has std::optional destroy twice, nor
# completion_coroutines, where it loses its way in Asio after ten minutes.
foreach(name IN ITEMS async_wait foreign_executor lazy_tokens wait_some)
  sigfd_tidy_test(behaviour_${name} test/behaviour/${name}.cpp)
endforeach()
# In their coroutines, the analyser has Asio's own pointers undefined.
set(sigfd_tidy_options --checks=-clang-analyzer-core.NullDereference)
file(GLOB files CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
  ${PROJECT_SOURCE_DIR}/example/short/*.cpp
  ${PROJECT_SOURCE_DIR}/example/complete/*.cpp
  ${PROJECT_SOURCE_DIR}/example/complete/*/*.cpp)
foreach(file IN LISTS files)
  string(REGEX REPLACE "^example/[a-z]+/|\\.cpp$" "" name ${file})
  string(REPLACE "/" "_" name ${name})
  sigfd_tidy_test(example_${name} ${file})
endforeach()
