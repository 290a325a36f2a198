# Run by cpack between installing the components and packing them: adds what
# Debian's policy asks of each package, and makes smaller what it asks for.

if(CPACK_SIGFD_BUILD_COMPILED)
  message(FATAL_ERROR "The packages are made without SIGFD_BUILD_COMPILED")
endif()

find_program(GZIP gzip REQUIRED)
if(CPACK_COMPONENTS_ALL MATCHES "tools")
  # Without it cpack makes a package that depends on no library.
  find_program(DPKG_SHLIBDEPS dpkg-shlibdeps)
  if(NOT DPKG_SHLIBDEPS)
    message(FATAL_ERROR "There is no dpkg-shlibdeps: install dpkg-dev and file")
  endif()
endif()

# compress FILE: to FILE.gz, without a time in it.
function(compress file)
  execute_process(COMMAND ${GZIP} -9nf ${file} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# add FILE NAME: not file(INSTALL), which would go by the DESTDIR of cpack.
function(add file name)
  file(COPY_FILE ${file} ${name})
  file(CHMOD ${name} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endfunction()

foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  string(TOUPPER ${component} upper)
  set(package ${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
  set(share ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/${component}/usr/share)
  if(NOT IS_DIRECTORY ${share})
    message(FATAL_ERROR "There is no ${share}")
  endif()

  # The license is in the file copyright.
  file(REMOVE_RECURSE ${share}/doc/sigfd)
  set(doc ${share}/doc/${package})
  file(MAKE_DIRECTORY ${doc})
  add(${CMAKE_CURRENT_LIST_DIR}/copyright ${doc}/copyright)
  add(${CMAKE_CURRENT_LIST_DIR}/changelog ${doc}/changelog.Debian)
  compress(${doc}/changelog.Debian)
  if(EXISTS ${CPACK_SIGFD_SOURCE_DIR}/CHANGELOG.md)
    add(${CPACK_SIGFD_SOURCE_DIR}/CHANGELOG.md ${doc}/changelog)
    compress(${doc}/changelog)
  endif()

  file(GLOB programs ${share}/../bin/*)
  foreach(program IN LISTS programs)
    execute_process(
      COMMAND ${CPACK_SIGFD_STRIP} --remove-section=.comment
        --remove-section=.note ${program}
      COMMAND_ERROR_IS_FATAL ANY)
  endforeach()

  file(GLOB_RECURSE pages ${share}/man/*)
  foreach(page IN LISTS pages)
    if(page MATCHES "\\.gz$")
      continue()
    elseif(IS_SYMLINK ${page})
      file(READ_SYMLINK ${page} target)
      file(CREATE_LINK ${target}.gz ${page}.gz SYMBOLIC)
      file(REMOVE ${page})
    else()
      compress(${page})
    endif()
  endforeach()
endforeach()
