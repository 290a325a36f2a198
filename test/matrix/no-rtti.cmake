# Boost.Test needs exceptions and RTTI: one program stands for the rest. What is
# without exceptions alone is a test that is always there.

sigfd_bare_test(no_rtti compile/with_exceptions.cpp -fno-rtti)
sigfd_bare_test(no_exceptions_no_rtti compile/without_exceptions.cpp
  -fno-exceptions -fno-rtti)
add_dependencies(sigfd_extra_tests sigfd_compile_no_exceptions
  sigfd_compile_no_rtti sigfd_compile_no_exceptions_no_rtti)
