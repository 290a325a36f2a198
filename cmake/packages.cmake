# What cpack makes in the build folder: the Debian packages
#
#   libsigfd-dev   the component dev, for all architectures
#   sigfd-tools    the component tools, where SIGFD_BUILD_TOOLS is ON
#
# They are made from the headers alone, without SIGFD_BUILD_COMPILED. What a
# package has beyond its component is added by packages/deb/prepare.cmake.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR "the sigfd authors")
set(CPACK_PACKAGE_CONTACT "The sigfd authors <sigfd@sigfd.example>")
# Each package has its own.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE
  GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL dev)
if(SIGFD_BUILD_TOOLS)
  list(APPEND CPACK_COMPONENTS_ALL tools)
endif()
set(CPACK_PRE_BUILD_SCRIPTS
  ${CMAKE_CURRENT_LIST_DIR}/packages/deb/prepare.cmake)
set(CPACK_SIGFD_SOURCE_DIR ${PROJECT_SOURCE_DIR})
set(CPACK_SIGFD_STRIP ${CMAKE_STRIP})
set(CPACK_SIGFD_BUILD_COMPILED ${SIGFD_BUILD_COMPILED})

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
# Older than any that Debian would make.
set(CPACK_DEBIAN_PACKAGE_RELEASE 0sigfd1)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libsigfd-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
# Debian 12 has, beside its default, a newer Boost that excludes it.
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS
  "libboost-dev (>= 1.74) | libboost1.81-dev")
set(CPACK_DEBIAN_DEV_DESCRIPTION
"signals with their full siginfo for Boost.Asio - headers
sigfd is a C++20 header library for Linux. Its signal_fd is an I/O object of
Boost.Asio that waits for signals and gives each with its full siginfo: who
sent it, with which value, which child ended and how. It can replace
boost::asio::signal_set.

The signals are read from a signalfd(2). Where that is refused, a thread that
waits in sigwaitinfo(2) stands in.

This package has the headers, the CMake package and the file for pkg-config.")

set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME sigfd-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_TOOLS_DESCRIPTION
"signals of processes: inspector, and init for containers
sigfd-inspect shows which signals a process blocks, ignores, catches and has
pending, thread by thread, and why a signal does not arrive.

sigfd-init is a small init for containers: it starts one program, passes
signals on to it, and reaps the children that are left to it.")

include(CPack)
