include(matrix/valgrind.cmake)
sigfd_valgrind_tests(memcheck --leak-check=full)
