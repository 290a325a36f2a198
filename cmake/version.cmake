# Sets sigfd_version. It stands in one place, include/sigfd/version.hpp, twice:
# as text, and as a number for #if.

set(sigfd_version_header ${CMAKE_CURRENT_LIST_DIR}/../include/sigfd/version.hpp)
set_property(DIRECTORY APPEND PROPERTY
  CMAKE_CONFIGURE_DEPENDS ${sigfd_version_header})
file(READ ${sigfd_version_header} sigfd_version_text)

if(NOT sigfd_version_text MATCHES
    "#define SIGFD_VERSION_STRING \"([0-9]+)\\.([0-9]+)\\.([0-9]+)\"\n")
  message(FATAL_ERROR
    "${sigfd_version_header} has no SIGFD_VERSION_STRING \"X.Y.Z\"")
endif()
set(sigfd_version ${CMAKE_MATCH_1}.${CMAKE_MATCH_2}.${CMAKE_MATCH_3})
math(EXPR sigfd_version_number
  "${CMAKE_MATCH_1} * 10000 + ${CMAKE_MATCH_2} * 100 + ${CMAKE_MATCH_3}")
if(NOT sigfd_version_text MATCHES
    "#define SIGFD_VERSION ${sigfd_version_number}\n")
  message(FATAL_ERROR "${sigfd_version_header}: for ${sigfd_version}, "
    "SIGFD_VERSION has to be ${sigfd_version_number}")
endif()
