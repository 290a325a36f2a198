include(matrix/valgrind.cmake)

# Leaks are for the job asan: a child that ends by _exit(2) leaks all it has, and
# memcheck would have it fail for that.
sigfd_valgrind_tests(memcheck)
