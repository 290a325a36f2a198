# All C++ files are formatted by .clang-format. Not those with another ending: a
# template of bench has more than C++ in it.

find_program(SIGFD_CLANG_FORMAT NAMES clang-format-19 clang-format REQUIRED)
mark_as_advanced(SIGFD_CLANG_FORMAT)
file(GLOB_RECURSE files CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/example/*.[ci]pp ${PROJECT_SOURCE_DIR}/example/*.hpp
  ${PROJECT_SOURCE_DIR}/include/*.[ci]pp ${PROJECT_SOURCE_DIR}/include/*.hpp
  ${PROJECT_SOURCE_DIR}/test/*.[ci]pp ${PROJECT_SOURCE_DIR}/test/*.hpp
  ${PROJECT_SOURCE_DIR}/cmake/*.[ci]pp)
add_test(NAME format.files
  COMMAND ${SIGFD_CLANG_FORMAT} --dry-run -Werror ${files})
