include(matrix/valgrind.cmake)
# An operation is reached by a pointer into the middle of its block alone, which
# is "possibly lost" to memcheck.
sigfd_valgrind_tests(memcheck --leak-check=full
  --show-leak-kinds=definite,indirect
  --errors-for-leak-kinds=definite,indirect)
