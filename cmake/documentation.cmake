# The reference, from the comments in the public headers: the target doc, made
# where Doxygen is installed. It is written to doc/html in the build folder.

find_package(Doxygen QUIET)
if(DOXYGEN_FOUND)
  set(DOXYGEN_PROJECT_BRIEF "${PROJECT_DESCRIPTION}")
  set(DOXYGEN_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/doc)
  set(DOXYGEN_STRIP_FROM_PATH ${PROJECT_SOURCE_DIR}/include)
  set(DOXYGEN_EXCLUDE_PATTERNS */detail/* */impl/*)
  set(DOXYGEN_EXCLUDE_SYMBOLS sigfd::detail)
  set(DOXYGEN_USE_MDFILE_AS_MAINPAGE ${PROJECT_SOURCE_DIR}/README.md)
  set(DOXYGEN_GENERATE_LATEX NO)
  set(DOXYGEN_QUIET YES)
  # Members of iterators and the like are what their names say.
  set(DOXYGEN_WARN_IF_UNDOCUMENTED NO)
  set(DOXYGEN_WARN_IF_INCOMPLETE_DOC NO)
  doxygen_add_docs(doc include README.md doc
    COMMENT "The reference, with Doxygen")
endif()
