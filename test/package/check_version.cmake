# Checks that everything that states the version states that of
# include/sigfd/version.hpp; what is generated, where there is a build.
#
# cmake -DROOT=project [-DBUILD_DIR=build] -P check_version.cmake

cmake_minimum_required(VERSION 3.24)

include(${ROOT}/cmake/version.cmake)
string(REPLACE "." "\\." version ${sigfd_version})

# says FILE EXPRESSION: FILE matches EXPRESSION, in which @ is the version.
function(says file expression)
  file(READ ${file} content)
  string(REPLACE "@" "${version}" expression "${expression}")
  if(NOT "\n${content}" MATCHES "${expression}")
    message(SEND_ERROR "${file} does not say that the version is "
      "${sigfd_version}: no match for ${expression}")
  endif()
endfunction()

set(conan ${ROOT}/cmake/packages/conan/recipes/sigfd)
says(${conan}/config.yml "\n  \"@\":\n")
says(${conan}/all/conandata.yml
  "\n  \"@\":\n    url: \"[^\n]*/v@/sigfd-@\\.tar\\.gz\"\n")
says(${ROOT}/cmake/packages/deb/changelog "^\nsigfd \\(@-0sigfd1\\) ")

file(READ ${ROOT}/cmake/packages/vcpkg/ports/sigfd/vcpkg.json manifest)
string(JSON vcpkg_version GET "${manifest}" version)
if(NOT vcpkg_version STREQUAL sigfd_version)
  message(SEND_ERROR "vcpkg.json says ${vcpkg_version}")
endif()

# Snippets and urls in the documents name no other version.
file(GLOB documents ${ROOT}/*.md ${ROOT}/doc/*.md
  ${ROOT}/test/package/*/CMakeLists.txt)
list(FILTER documents EXCLUDE REGEX "/CHANGELOG\\.md$")
foreach(document IN LISTS documents)
  file(READ ${document} content)
  string(REGEX MATCHALL
    "(GIT_TAG v|archive/v|download/v|sigfd-|Version )[0-9]+\\.[0-9]+\\.[0-9]+"
    statements "${content}")
  foreach(statement IN LISTS statements)
    if(NOT statement MATCHES "[v -]${version}$")
      message(SEND_ERROR "${document}: ${statement}")
    endif()
  endforeach()
  # The packages are compatible within a minor version.
  string(REGEX MATCHALL "find_package\\(sigfd [0-9.]+" statements "${content}")
  foreach(statement IN LISTS statements)
    string(REGEX REPLACE ".* " "" requested ${statement})
    string(FIND "${sigfd_version}." "${requested}." position)
    if(NOT position EQUAL 0)
      message(SEND_ERROR "${document}: ${statement}")
    endif()
  endforeach()
endforeach()

if(BUILD_DIR)
  says(${BUILD_DIR}/sigfd-config-version.cmake
    "\nset\\(PACKAGE_VERSION \"@\"\\)")
  says(${BUILD_DIR}/sigfd.pc "\nVersion: @\n")
  says(${BUILD_DIR}/CPackConfig.cmake "\nset\\(CPACK_PACKAGE_VERSION \"@\"\\)")
endif()
message(STATUS "the version is ${sigfd_version}")
