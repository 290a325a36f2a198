# The package: find_package(sigfd) gives the target sigfd::sigfd, and
# sigfd::compiled if that was built.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

# Headers are the same on every machine, a compiled library is not.
if(SIGFD_BUILD_COMPILED)
  set(targets sigfd sigfd_compiled)
  set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/sigfd)
  set(independent "")
else()
  set(targets sigfd)
  set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/sigfd)
  set(independent ARCH_INDEPENDENT)
endif()

install(TARGETS ${targets}
  EXPORT sigfd-targets
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILE_SET compiled DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT sigfd-targets
  NAMESPACE sigfd::
  DESTINATION ${package_dir})

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/sigfd-config.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/sigfd-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(
  ${CMAKE_CURRENT_BINARY_DIR}/sigfd-config-version.cmake
  COMPATIBILITY SameMinorVersion
  ${independent})
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/sigfd-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/sigfd-config-version.cmake
  DESTINATION ${package_dir})

include(${CMAKE_CURRENT_LIST_DIR}/gdb/install.cmake)
