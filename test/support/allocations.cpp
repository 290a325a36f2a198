// The heap's functions are replaced, as glibc allows (its manual, "Replacing
// malloc"), to count. Under AddressSanitizer, whose heap cannot be replaced,
// its hook counts.

#include "support/allocations.hpp"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

namespace {

std::atomic<long> counter{0};

} // namespace

namespace support {

long allocations()
{
  return counter;
}

} // namespace support

#if defined(__SANITIZE_ADDRESS__)

// As <sanitizer/allocator_interface.h> declares it, which g++ does not install.
extern "C" int __sanitizer_install_malloc_and_free_hooks(
    void (*malloc_hook)(const volatile void*, std::size_t),
    void (*free_hook)(const volatile void*));

namespace {

[[maybe_unused]] const int hooks = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { ++counter; },
    [](const volatile void*) {});

} // namespace

#else

extern "C"
{

  void* __libc_malloc(std::size_t size);
  void* __libc_calloc(std::size_t count, std::size_t size);
  void* __libc_realloc(void* pointer, std::size_t size);
  void* __libc_memalign(std::size_t alignment, std::size_t size);

  void* malloc(std::size_t size)
  {
    ++counter;
    return __libc_malloc(size);
  }

  void* calloc(std::size_t count, std::size_t size)
  {
    ++counter;
    return __libc_calloc(count, size);
  }

  void* realloc(void* pointer, std::size_t size)
  {
    ++counter;
    return __libc_realloc(pointer, size);
  }

  void* aligned_alloc(std::size_t alignment, std::size_t size)
  {
    ++counter;
    return __libc_memalign(alignment, size);
  }

  int posix_memalign(void** pointer, std::size_t alignment, std::size_t size)
  {
    ++counter;
    *pointer = __libc_memalign(alignment, size);
    return *pointer != nullptr ? 0 : ENOMEM;
  }

} // extern "C"

#endif
