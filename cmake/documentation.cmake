# The documentation: the target doc makes the site, doc/html in the build
# folder, and the manual pages, doc/man. Its generators are Doxygen, and Sphinx
# with myst-parser and furo; doc/site/build.py says what is missing.
#
# With SIGFD_BUILD_DOC it is built with the rest, and the manual pages are
# installed: sigfd(7) and the reference with the component dev, those of the
# tools with the component tools.

find_package(Python3 3.9 QUIET COMPONENTS Interpreter)
if(NOT Python3_Interpreter_FOUND)
  if(SIGFD_BUILD_DOC)
    message(FATAL_ERROR "SIGFD_BUILD_DOC needs Python 3.9 or newer")
  endif()
  return()
endif()

set(sigfd_build_doc ${Python3_EXECUTABLE} -B
  ${PROJECT_SOURCE_DIR}/doc/site/build.py)
if(SIGFD_BUILD_DOC)
  execute_process(COMMAND ${sigfd_build_doc} --find
    RESULT_VARIABLE result OUTPUT_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "SIGFD_BUILD_DOC: ${output}")
  endif()
  set(all ALL)
else()
  set(all "")
endif()

add_custom_target(doc ${all}
  COMMAND ${sigfd_build_doc} --output ${PROJECT_BINARY_DIR}/doc
  COMMENT "The site and the manual pages"
  USES_TERMINAL
  VERBATIM)

if(SIGFD_BUILD_DOC AND SIGFD_INSTALL)
  include(GNUInstallDirs)
  foreach(section IN ITEMS 3 7)
    install(DIRECTORY ${PROJECT_BINARY_DIR}/doc/man/man${section}
      DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT dev)
  endforeach()
  if(SIGFD_BUILD_TOOLS)
    install(DIRECTORY ${PROJECT_BINARY_DIR}/doc/man/man1
      DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT tools)
  endif()
endif()
