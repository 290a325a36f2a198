// Counts heap allocations of the whole process.

#ifndef SIGFD_TEST_SUPPORT_ALLOCATIONS_HPP
#define SIGFD_TEST_SUPPORT_ALLOCATIONS_HPP

namespace support {

// How many times memory was allocated so far, by any function of the heap.
long allocations();

} // namespace support

#endif // SIGFD_TEST_SUPPORT_ALLOCATIONS_HPP
