#include "support/failing_allocation.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

int allocations_left = -1;
std::atomic<long> living{0};

void* allocate(std::size_t size) noexcept
{
  void* const memory = std::malloc(size);
  living += memory != nullptr ? 1 : 0;
  return memory;
}

void release(void* memory) noexcept
{
  living -= memory != nullptr ? 1 : 0;
  std::free(memory);
}

} // namespace

void support::fail_allocation_after(int number)
{
  allocations_left = number;
}

long support::living_allocations()
{
  return living;
}

void* operator new(std::size_t size)
{
  if (allocations_left >= 0 && allocations_left-- == 0)
    throw std::bad_alloc();
  if (void* const memory = allocate(size))
    return memory;
  throw std::bad_alloc();
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept
{
  return allocate(size);
}

void operator delete(void* memory) noexcept
{
  release(memory);
}

void operator delete(void* memory, std::size_t) noexcept
{
  release(memory);
}
