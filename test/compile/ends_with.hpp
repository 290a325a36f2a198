// What a program does at the end that cannot catch an exception.

#ifndef SIGFD_TEST_COMPILE_ENDS_WITH_HPP
#define SIGFD_TEST_COMPILE_ENDS_WITH_HPP

#include <string_view>

// Calls a function that throws: the program's exit status, which is 0 if what
// it throws says that. Where there are no exceptions, exits with it.
int ends_with(void (*function)(), std::string_view what);

#endif // SIGFD_TEST_COMPILE_ENDS_WITH_HPP
