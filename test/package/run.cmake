# Configures, builds and runs the project in consumer/.
#
# cmake -DMODE=installed|subdirectory -DCOMPILED=static|shared|
#   -DBUILD_COMPILED=... -DSOURCE_DIR=... -DBUILD_DIR=... -DWORK_DIR=...
#   -DCACHE=... -DGENERATOR=... -DBOOST_INCLUDES=... [-DCONFIG=...] -P run.cmake
#
# BUILD_DIR is what is installed, unless the compiled library is asked for.

cmake_minimum_required(VERSION 3.24)

# Runs a command; its output is in the variable output. Ends the test if it
# fails.
function(run)
  execute_process(COMMAND ${ARGV}
    RESULT_VARIABLE result
    OUTPUT_VARIABLE out
    ERROR_VARIABLE out)
  if(NOT result EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "${command}\n${out}")
  endif()
  set(output "${out}" PARENT_SCOPE)
endfunction()

# Ends the test if a condition, given as if() takes it, does not hold.
macro(expect)
  if(NOT (${ARGV}))
    string(REPLACE ";" " " condition "${ARGV}")
    message(FATAL_ERROR "expected: ${condition}\n${output}")
  endif()
endmacro()

# What is left of an earlier run proves nothing.
file(REMOVE_RECURSE ${WORK_DIR})
file(MAKE_DIRECTORY ${WORK_DIR})
set(prefix ${WORK_DIR}/prefix)
set(build ${WORK_DIR}/build)

set(config "")
set(test_config "")
if(CONFIG)
  set(config --config ${CONFIG})
  set(test_config -C ${CONFIG})
endif()

# What the consumer finds to link to.
set(consumers consumer)
set(compiled_options "")
if(COMPILED)
  set(compiled_options -DSIGFD_BUILD_COMPILED=ON -DBUILD_SHARED_LIBS=OFF)
  if(COMPILED STREQUAL "shared")
    list(APPEND compiled_options -DBUILD_SHARED_LIBS=ON)
  endif()
endif()
if(COMPILED OR (BUILD_COMPILED AND MODE STREQUAL "installed"))
  list(APPEND consumers consumer_compiled)
endif()

if(MODE STREQUAL "installed")
  if(COMPILED)
    set(BUILD_DIR ${WORK_DIR}/sigfd)
    run(${CMAKE_COMMAND} -S ${SOURCE_DIR} -B ${BUILD_DIR} -G ${GENERATOR}
      -C ${CACHE} ${compiled_options}
      -DSIGFD_BUILD_TESTS=OFF -DSIGFD_BUILD_EXAMPLES=OFF
      -DSIGFD_BUILD_TOOLS=OFF)
    run(${CMAKE_COMMAND} --build ${BUILD_DIR} ${config})
    set(compiled_options "")
  endif()
  run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix} ${config})

  # All headers and the package, and nothing that belongs to this build.
  file(GLOB_RECURSE headers RELATIVE ${SOURCE_DIR}/include
    ${SOURCE_DIR}/include/*)
  file(GLOB_RECURSE installed_headers RELATIVE ${prefix}/include
    ${prefix}/include/*)
  expect(headers STREQUAL installed_headers)
  file(GLOB_RECURSE installed ${prefix}/*)
  # The debug information of libraries and programs names their sources.
  list(FILTER installed EXCLUDE REGEX "\\.(a|so[.0-9]*)$|/bin/")
  foreach(file IN LISTS installed)
    file(READ ${file} content)
    expect(NOT content MATCHES "sigfd_(test|development)")
    foreach(folder IN ITEMS ${SOURCE_DIR} ${BUILD_DIR} ${prefix})
      string(FIND "${content}" "${folder}" position)
      if(NOT position EQUAL -1)
        message(FATAL_ERROR "${file} names ${folder}")
      endif()
    endforeach()
  endforeach()
  expect(EXISTS ${prefix}/share/doc/sigfd/LICENSE)

  # It is used from where it was moved to.
  set(moved ${WORK_DIR}/moved)
  file(RENAME ${prefix} ${moved})
  file(WRITE ${WORK_DIR}/cache.cmake
    "include(${CACHE})\n"
    "set(sigfd_ROOT ${moved} CACHE PATH \"\")\n")

  # What pkg-config says of the compiled library.
  find_program(PKG_CONFIG pkg-config)
  if(COMPILED AND PKG_CONFIG)
    include(${CACHE})
    file(GLOB folders ${moved}/*/pkgconfig)
    cmake_path(CONVERT "${folders}" TO_NATIVE_PATH_LIST folders)
    set(ENV{PKG_CONFIG_PATH} "${folders}")
    run(${PKG_CONFIG} --cflags --libs sigfd-compiled)
    expect(output MATCHES "SIGFD_SEPARATE_COMPILATION")
    separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS} ${output}")
    run(${PKG_CONFIG} --variable=libdir sigfd-compiled)
    string(STRIP "${output}" libdir)
    run(${CMAKE_CXX_COMPILER} -std=c++20 -I${BOOST_INCLUDES}
      ${CMAKE_CURRENT_LIST_DIR}/consumer/main.cpp -o ${WORK_DIR}/pkg_config
      ${flags})
    run(${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${libdir}
      ${WORK_DIR}/pkg_config)
  endif()
elseif(MODE STREQUAL "subdirectory")
  file(WRITE ${WORK_DIR}/cache.cmake
    "include(${CACHE})\n"
    "set(SIGFD_SOURCE_DIR ${SOURCE_DIR} CACHE PATH \"\")\n")
else()
  message(FATAL_ERROR "MODE is neither installed nor subdirectory")
endif()

run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/consumer -B ${build}
  -G ${GENERATOR} -C ${WORK_DIR}/cache.cmake ${compiled_options})
expect(NOT output MATCHES "CMake (Deprecation |)Warning")
run(${CMAKE_COMMAND} --build ${build} ${config})
run(${CMAKE_CTEST_COMMAND} --test-dir ${build} --output-on-failure
  ${test_config})

# Its own tests and no others.
list(LENGTH consumers count)
expect(output MATCHES "100% tests passed, 0 tests failed out of ${count}")

# Its own files and no others.
set(prefix ${WORK_DIR}/consumer-prefix)
run(${CMAKE_COMMAND} --install ${build} --prefix ${prefix} ${config})
file(GLOB_RECURSE installed RELATIVE ${prefix} ${prefix}/*)
list(TRANSFORM consumers PREPEND "bin/")
expect(installed STREQUAL consumers)
