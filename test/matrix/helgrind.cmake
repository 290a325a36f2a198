include(matrix/valgrind.cmake)

# What runs in few threads: helgrind sees what is handed over by a mutex, and not
# by epoll(7), as between the threads of a pool. See helgrind.supp.
set(sigfd_valgrind_behaviour async_wait cancellation cancellation_slot
  delivery_every wait)
# With the whole stack, since that is what helgrind.supp is about.
sigfd_valgrind_tests(helgrind --num-callers=100)
