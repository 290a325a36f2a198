# Finds the headers of Boost 1.74 or newer, as the target Boost::headers, for
# the build and for the installed package. Where there are none,
# sigfd_boost_error says so.

set(sigfd_boost_error "")

# Boost comes with a package configuration of its own; CMake 3.30 and newer
# warn about their old module, which knew BOOST_ROOT.
foreach(policy IN ITEMS CMP0144 CMP0167)
  if(POLICY ${policy})
    cmake_policy(SET ${policy} NEW)
  endif()
endforeach()
if(NOT TARGET Boost::headers)
  find_package(Boost 1.74 QUIET)
endif()

# Headers alone come without that configuration.
if(NOT TARGET Boost::headers)
  find_path(SIGFD_BOOST_INCLUDE_DIR boost/version.hpp
    HINTS ${Boost_ROOT} ${BOOST_ROOT} $ENV{Boost_ROOT} $ENV{BOOST_ROOT}
    PATH_SUFFIXES include
    DOC "The folder of Boost's headers")
  mark_as_advanced(SIGFD_BOOST_INCLUDE_DIR)
  if(NOT SIGFD_BOOST_INCLUDE_DIR)
    set(sigfd_boost_error "sigfd needs the headers of Boost 1.74 or newer \
(Debian: libboost-dev); there are none in CMAKE_PREFIX_PATH or Boost_ROOT")
  else()
    file(STRINGS ${SIGFD_BOOST_INCLUDE_DIR}/boost/version.hpp sigfd_boost_line
      REGEX "#define BOOST_VERSION ")
    string(REGEX MATCH "[0-9]+$" sigfd_boost_number "${sigfd_boost_line}")
    if(NOT sigfd_boost_number)
      set(sigfd_boost_number 0)
    endif()
    math(EXPR sigfd_boost_major "${sigfd_boost_number} / 100000")
    math(EXPR sigfd_boost_minor "${sigfd_boost_number} / 100 % 1000")
    math(EXPR sigfd_boost_patch "${sigfd_boost_number} % 100")
    set(Boost_VERSION
      ${sigfd_boost_major}.${sigfd_boost_minor}.${sigfd_boost_patch})
    if(Boost_VERSION VERSION_LESS 1.74)
      set(sigfd_boost_error "sigfd needs Boost 1.74 or newer; \
${SIGFD_BOOST_INCLUDE_DIR} has ${Boost_VERSION}")
    else()
      add_library(Boost::headers INTERFACE IMPORTED)
      target_include_directories(Boost::headers INTERFACE
        ${SIGFD_BOOST_INCLUDE_DIR})
    endif()
  endif()
endif()
