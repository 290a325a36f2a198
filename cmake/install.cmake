# What is installed, in components that can be installed alone:
#
#   dev        the headers; find_package(sigfd), with the target sigfd::sigfd;
#              sigfd.pc; the license; the man pages of the library
#   compiled   the library sigfd::compiled, for find_package; sigfd-compiled.pc
#   tools      the programs (cmake/tools.cmake), their man pages
#   doc        documents
#
# All of it may be moved to another folder as it is.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

# Headers are the same on every machine, a compiled library is not.
if(SIGFD_BUILD_COMPILED)
  set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/sigfd)
  set(independent "")
else()
  set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/sigfd)
  set(independent ARCH_INDEPENDENT)
endif()

install(TARGETS sigfd
  EXPORT sigfd-targets
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev
  FILE_SET compiled DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev)
install(EXPORT sigfd-targets
  NAMESPACE sigfd::
  DESTINATION ${package_dir}
  COMPONENT dev)

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
  ${CMAKE_CURRENT_LIST_DIR}/sigfd-boost.cmake
  DESTINATION ${package_dir}
  COMPONENT dev)

# The folder that a .pc file in DIRECTORY has as its prefix: by the way from
# there, unless the folders were given as absolute ones.
function(sigfd_pkgconfig_prefix variable directory)
  if(IS_ABSOLUTE ${directory})
    set(${variable} ${CMAKE_INSTALL_PREFIX} PARENT_SCOPE)
  else()
    file(RELATIVE_PATH way /${directory} /)
    string(REGEX REPLACE "/$" "" way "${way}")
    set(${variable} "\${pcfiledir}/${way}" PARENT_SCOPE)
  endif()
endfunction()

sigfd_pkgconfig_prefix(headers_prefix ${CMAKE_INSTALL_DATADIR}/pkgconfig)
set(includedir "\${prefix}")
cmake_path(APPEND includedir ${CMAKE_INSTALL_INCLUDEDIR})
configure_file(${CMAKE_CURRENT_LIST_DIR}/sigfd.pc.in
  ${CMAKE_CURRENT_BINARY_DIR}/sigfd.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/sigfd.pc
  DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig
  COMPONENT dev)

# Not CMAKE_INSTALL_DOCDIR, which names the project above, if there is one.
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
  DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/sigfd
  COMPONENT dev)

if(SIGFD_BUILD_COMPILED)
  install(TARGETS sigfd_compiled
    EXPORT sigfd-compiled-targets
    COMPONENT compiled)
  install(EXPORT sigfd-compiled-targets
    NAMESPACE sigfd::
    DESTINATION ${package_dir}
    COMPONENT compiled)

  sigfd_pkgconfig_prefix(compiled_prefix ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  set(libdir "\${prefix}")
  cmake_path(APPEND libdir ${CMAKE_INSTALL_LIBDIR})
  configure_file(${CMAKE_CURRENT_LIST_DIR}/sigfd-compiled.pc.in
    ${CMAKE_CURRENT_BINARY_DIR}/sigfd-compiled.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/sigfd-compiled.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
    COMPONENT compiled)
endif()

include(${CMAKE_CURRENT_LIST_DIR}/gdb/install.cmake)
