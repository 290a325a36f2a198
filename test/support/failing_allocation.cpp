#include "support/failing_allocation.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

int allocations_left = -1;

} // namespace

void support::fail_allocation_after(int number)
{
  allocations_left = number;
}

void* operator new(std::size_t size)
{
  if (allocations_left >= 0 && allocations_left-- == 0)
    throw std::bad_alloc();
  if (void* const memory = std::malloc(size))
    return memory;
  throw std::bad_alloc();
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept
{
  return std::malloc(size);
}

void operator delete(void* memory) noexcept
{
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept
{
  std::free(memory);
}
