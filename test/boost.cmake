# The libraries of Boost that a test of yield_context links to. Nothing else
# needs more of Boost than its headers.

set(libraries context)
if(Boost_VERSION VERSION_LESS 1.80)
  list(APPEND libraries coroutine)
endif()
find_package(Boost 1.74 QUIET COMPONENTS ${libraries})

if(NOT Boost_FOUND)
  string(REGEX MATCH "^[0-9]+\\.[0-9]+" version "${Boost_VERSION}")
  set(packages ${libraries})
  list(TRANSFORM packages REPLACE "(.+)" "libboost-\\1${version}-dev")
  list(JOIN libraries ", " libraries)
  list(JOIN packages " " packages)
  message(FATAL_ERROR "The tests need of Boost, beside the headers, the "
    "libraries ${libraries} of the same version (Debian: ${packages}). "
    "Without tests: -DSIGFD_BUILD_TESTS=OFF")
endif()
