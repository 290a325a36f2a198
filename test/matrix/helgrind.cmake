include(matrix/valgrind.cmake)
sigfd_valgrind_tests(helgrind)
