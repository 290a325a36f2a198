# Runs the vcpkg port without vcpkg, into WORK_DIR/packages, with stand-ins for
# the functions of vcpkg that it calls. ARCHIVE_FILE, the project's source
# archive, stands in for what the port downloads.
#
# Shown by this: that the manifest has the fields that it needs; that the port's
# options and folders are right, down to the place where vcpkg moves the package
# configuration to. Not shown: that vcpkg itself agrees, that its Boost does, and
# what its own checks after a build say.
#
# cmake -DARCHIVE_FILE=... -DPORT_DIR=... -DWORK_DIR=... -DCACHE=...
#   -DGENERATOR=... -P vcpkg.cmake

cmake_minimum_required(VERSION 3.24)

file(READ ${PORT_DIR}/vcpkg.json manifest)
foreach(field IN ITEMS name version description homepage license supports)
  string(JSON ${field} GET "${manifest}" ${field})
endforeach()
if(NOT name STREQUAL "sigfd" OR NOT license STREQUAL "BSL-1.0"
    OR NOT supports STREQUAL "linux" OR NOT homepage MATCHES "^https://")
  message(FATAL_ERROR "${PORT_DIR}/vcpkg.json: ${manifest}")
endif()
string(JSON count LENGTH "${manifest}" dependencies)
set(dependencies "")
math(EXPR last "${count} - 1")
foreach(i RANGE ${last})
  string(JSON dependency ERROR_VARIABLE none
    GET "${manifest}" dependencies ${i} name)
  if(none)
    string(JSON dependency GET "${manifest}" dependencies ${i})
  endif()
  list(APPEND dependencies ${dependency})
endforeach()

function(vcpkg_download_distfile variable)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FILENAME;SHA512" "URLS")
  cmake_path(GET ARCHIVE_FILE FILENAME name)
  file(SHA512 ${ARCHIVE_FILE} digest)
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_FILENAME STREQUAL name
      OR NOT arg_URLS MATCHES "^https://.*/${name}$"
      OR (NOT arg_SHA512 STREQUAL digest AND NOT arg_SHA512 STREQUAL "0"))
    message(FATAL_ERROR "vcpkg_download_distfile(${ARGN})")
  endif()
  set(${variable} ${ARCHIVE_FILE} PARENT_SCOPE)
endfunction()

function(vcpkg_extract_source_archive variable)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "ARCHIVE" "")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_ARCHIVE STREQUAL ARCHIVE_FILE)
    message(FATAL_ERROR "vcpkg_extract_source_archive(${ARGN})")
  endif()
  file(ARCHIVE_EXTRACT INPUT ${ARCHIVE_FILE} DESTINATION ${WORK_DIR}/source)
  file(GLOB root ${WORK_DIR}/source/*) # vcpkg drops it, too
  set(${variable} ${root} PARENT_SCOPE)
endfunction()

function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "SOURCE_PATH" "OPTIONS")
  if(arg_UNPARSED_ARGUMENTS OR NOT VCPKG_BUILD_TYPE STREQUAL "release")
    message(FATAL_ERROR "vcpkg_cmake_configure(${ARGN})")
  endif()
  need_dependency(vcpkg-cmake)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -S ${arg_SOURCE_PATH} -B ${WORK_DIR}/sigfd
      -G ${GENERATOR} -C ${CACHE} ${arg_OPTIONS}
      -DCMAKE_BUILD_TYPE=Release
      -DCMAKE_INSTALL_PREFIX=${CURRENT_PACKAGES_DIR}
    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_cmake_install)
  execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK_DIR}/sigfd
    --target install COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Moves the package configuration to share/PORT, two folders below the prefix.
function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "CONFIG_PATH" "")
  need_dependency(vcpkg-cmake-config)
  set(folder ${CURRENT_PACKAGES_DIR}/share/${PORT})
  file(GLOB files ${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}/*)
  if(arg_UNPARSED_ARGUMENTS OR NOT files)
    message(FATAL_ERROR "vcpkg_cmake_config_fixup(${ARGN})")
  endif()
  file(INSTALL ${files} DESTINATION ${folder})
  cmake_path(GET arg_CONFIG_PATH PARENT_PATH parent)
  file(REMOVE_RECURSE ${CURRENT_PACKAGES_DIR}/${parent})
  set(up "get_filename_component(_IMPORT_PREFIX \"\${_IMPORT_PREFIX}\" PATH)\n")
  file(GLOB files ${folder}/*.cmake)
  foreach(file IN LISTS files)
    file(READ ${file} content)
    # They were three folders below it.
    string(REPLACE "${up}${up}${up}" "${up}${up}" content "${content}")
    string(REPLACE "{CMAKE_CURRENT_LIST_DIR}/../../../\""
      "{CMAKE_CURRENT_LIST_DIR}/../../\"" content "${content}")
    file(WRITE ${file} "${content}")
  endforeach()
endfunction()

function(vcpkg_fixup_pkgconfig)
  file(GLOB_RECURSE files ${CURRENT_PACKAGES_DIR}/*.pc)
  foreach(file IN LISTS files)
    file(READ ${file} content)
    if(NOT content MATCHES "\nprefix=\\\${pcfiledir}/")
      message(FATAL_ERROR "${file} cannot be moved")
    endif()
  endforeach()
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "FILE_LIST")
  file(INSTALL ${arg_FILE_LIST} RENAME copyright
    DESTINATION ${CURRENT_PACKAGES_DIR}/share/${PORT})
endfunction()

function(need_dependency name)
  if(NOT name IN_LIST dependencies)
    message(FATAL_ERROR "${PORT_DIR}/vcpkg.json does not depend on ${name}")
  endif()
endfunction()

set(PORT ${name})
set(VERSION ${version})
set(CURRENT_PORT_DIR ${PORT_DIR})
set(CURRENT_PACKAGES_DIR ${WORK_DIR}/packages)
include(${PORT_DIR}/portfile.cmake)

# Each library of Boost that a header includes directly is a port.
file(GLOB_RECURSE headers ${CURRENT_PACKAGES_DIR}/include/*)
foreach(header IN LISTS headers)
  file(STRINGS ${header} lines REGEX "#include <boost/")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "<boost/([a-z_]+)" library "${line}")
    string(REPLACE "_" "-" library "boost-${CMAKE_MATCH_1}")
    if(NOT library STREQUAL "boost-version") # in boost-config
      need_dependency(${library})
    endif()
  endforeach()
endforeach()
