// Has one allocation of the process fail: a replacement of operator new, for
// programs that have failing_allocation.cpp among their sources.

#ifndef SIGFD_TEST_SUPPORT_FAILING_ALLOCATION_HPP
#define SIGFD_TEST_SUPPORT_FAILING_ALLOCATION_HPP

namespace support {

// Has the allocation fail that comes after so many; negative: none does.
void fail_allocation_after(int number);

// How many allocations there are that were not freed.
long living_allocations();

} // namespace support

#endif // SIGFD_TEST_SUPPORT_FAILING_ALLOCATION_HPP
