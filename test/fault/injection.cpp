#include "injection.hpp"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdarg>
#include <cstddef>
#include <cstdlib>
#include <new>

void (*fault::before_poll)() = nullptr;

namespace {

using fault::call;

fault::fault current{};
std::atomic<bool> is_armed{false};
std::atomic<bool> was_reached{false};
std::atomic<int> calls{0};
std::atomic<long> blocks{0};
std::atomic<bool> notes{false};
std::array<std::atomic<bool>, static_cast<std::size_t>(call::count)> called{};

// Whether a call is to fail, with errno.
bool fails(call function) noexcept
{
  if (notes.load())
    called[static_cast<std::size_t>(function)] = true;
  if (!is_armed.load() || current.function != function)
    return false;
  const int number = ++calls;
  if (number != current.number && !(current.lasts && number > current.number))
    return false;
  was_reached = true;
  errno = current.error;
  return true;
}

// The same for a function that returns the error.
int error_of(call function) noexcept
{
  return fails(function) ? current.error : 0;
}

template <typename Function>
Function next(Function, const char* name) noexcept
{
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

} // namespace

void fault::arm(const fault& f) noexcept
{
  current = f;
  calls = 0;
  was_reached = false;
  is_armed = true;
}

void fault::note_calls() noexcept
{
  for (auto& c : called)
    c = false;
  notes = true;
}

bool fault::was_called(call function) noexcept
{
  return called[static_cast<std::size_t>(function)];
}

bool fault::disarm() noexcept
{
  is_armed = false;
  notes = false;
  return was_reached;
}

long fault::allocated_blocks() noexcept
{
  return blocks;
}

#define SIGFD_TEST_NEXT(function)                                              \
  static const auto real = next(&::function, #function)

extern "C"
{

  int signalfd(int fd, const ::sigset_t* mask, int flags) noexcept
  {
    SIGFD_TEST_NEXT(signalfd);
    return fails(fd == -1 ? call::signalfd : call::signalfd_update)
        ? -1
        : real(fd, mask, flags);
  }

  int pipe2(int* ends, int flags) noexcept
  {
    SIGFD_TEST_NEXT(pipe2);
    return fails(call::pipe2) ? -1 : real(ends, flags);
  }

  ::ssize_t read(int fd, void* data, std::size_t size)
  {
    SIGFD_TEST_NEXT(read);
    if (fails(call::read))
    {
      if (errno != fault::short_count)
        return -1;
      size = std::min(size, sizeof(::signalfd_siginfo));
    }
    return real(fd, data, size);
  }

  ::ssize_t write(int fd, const void* data, std::size_t size)
  {
    SIGFD_TEST_NEXT(write);
    return fails(call::write) ? -1 : real(fd, data, size);
  }

  int close(int fd)
  {
    SIGFD_TEST_NEXT(close);
    const int result = real(fd);
    return fails(call::close) ? -1 : result;
  }

  int open(const char* path, int flags, ...)
  {
    SIGFD_TEST_NEXT(open);
    std::va_list list;
    va_start(list, flags);
    const ::mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0
        ? va_arg(list, ::mode_t)
        : ::mode_t{0};
    va_end(list);
    return fails(call::open) ? -1 : real(path, flags, mode);
  }

  ::DIR* opendir(const char* path)
  {
    SIGFD_TEST_NEXT(opendir);
    return fails(call::opendir) ? nullptr : real(path);
  }

  ::dirent* readdir(::DIR* folder)
  {
    SIGFD_TEST_NEXT(readdir);
    return fails(call::readdir) ? nullptr : real(folder);
  }

  int poll(::pollfd* fds, ::nfds_t count, int timeout)
  {
    SIGFD_TEST_NEXT(poll);
    if (fault::before_poll != nullptr)
      fault::before_poll();
    return fails(call::poll) ? -1 : real(fds, count, timeout);
  }

  int epoll_ctl(int epoll, int operation, int fd, ::epoll_event* event) noexcept
  {
    SIGFD_TEST_NEXT(epoll_ctl);
    return operation == EPOLL_CTL_ADD && fails(call::epoll_add)
        ? -1
        : real(epoll, operation, fd, event);
  }

  int eventfd(unsigned value, int flags) noexcept
  {
    SIGFD_TEST_NEXT(eventfd);
    return fails(call::eventfd) ? -1 : real(value, flags);
  }

  int eventfd_read(int fd, ::eventfd_t* value)
  {
    SIGFD_TEST_NEXT(eventfd_read);
    return fails(call::eventfd_read) ? -1 : real(fd, value);
  }

  int eventfd_write(int fd, ::eventfd_t value)
  {
    SIGFD_TEST_NEXT(eventfd_write);
    return fails(call::eventfd_write) ? -1 : real(fd, value);
  }

  int kill(::pid_t pid, int number) noexcept
  {
    SIGFD_TEST_NEXT(kill);
    return fails(call::kill) ? -1 : real(pid, number);
  }

  int madvise(void* address, std::size_t size, int advice) noexcept
  {
    SIGFD_TEST_NEXT(madvise);
    return fails(call::madvise) ? -1 : real(address, size, advice);
  }

  void* mmap(void* address, std::size_t size, int protection, int flags, int fd,
      ::off_t offset) noexcept
  {
    SIGFD_TEST_NEXT(mmap);
    return fails(call::mmap)
        ? MAP_FAILED
        : real(address, size, protection, flags, fd, offset);
  }

  int dladdr(const void* address, ::Dl_info* info) noexcept
  {
    SIGFD_TEST_NEXT(dladdr);
    return fails(call::dladdr) ? 0 : real(address, info);
  }

  void* dlopen(const char* path, int flags) noexcept
  {
    SIGFD_TEST_NEXT(dlopen);
    return fails(call::dlopen) ? nullptr : real(path, flags);
  }

  int __register_atfork(void (*)(), void (*)(), void (*)(), void*) noexcept;

  // What pthread_atfork(3) calls, which is linked statically.
  int __register_atfork(void (*prepare)(), void (*parent)(), void (*child)(),
      void* object) noexcept
  {
    SIGFD_TEST_NEXT(__register_atfork);
    const int error = error_of(call::atfork);
    return error != 0 ? error : real(prepare, parent, child, object);
  }

  int pthread_attr_init(::pthread_attr_t* attributes) noexcept
  {
    SIGFD_TEST_NEXT(pthread_attr_init);
    const int error = error_of(call::pthread_attr_init);
    return error != 0 ? error : real(attributes);
  }

  int pthread_attr_setstacksize(
      ::pthread_attr_t* attributes, std::size_t size) noexcept
  {
    SIGFD_TEST_NEXT(pthread_attr_setstacksize);
    const int error = error_of(call::pthread_attr_setstacksize);
    return error != 0 ? error : real(attributes, size);
  }

  int pthread_create(::pthread_t* thread, const ::pthread_attr_t* attributes,
      void* (*function)(void*), void* argument) noexcept
  {
    SIGFD_TEST_NEXT(pthread_create);
    const int error = error_of(call::pthread_create);
    return error != 0 ? error : real(thread, attributes, function, argument);
  }

  int pthread_sigmask(int how, const ::sigset_t* set, ::sigset_t* old) noexcept
  {
    SIGFD_TEST_NEXT(pthread_sigmask);
    const int error = error_of(call::pthread_sigmask);
    return error != 0 ? error : real(how, set, old);
  }

  int sigaction(int number, const struct ::sigaction* action,
      struct ::sigaction* old) noexcept
  {
    SIGFD_TEST_NEXT(sigaction);
    return fails(call::sigaction) ? -1 : real(number, action, old);
  }

  int sigpending(::sigset_t* set) noexcept
  {
    SIGFD_TEST_NEXT(sigpending);
    return fails(call::sigpending) ? -1 : real(set);
  }

  int posix_spawnattr_init(::posix_spawnattr_t* attributes) noexcept
  {
    SIGFD_TEST_NEXT(posix_spawnattr_init);
    const int error = error_of(call::spawnattr_init);
    return error != 0 ? error : real(attributes);
  }

  int posix_spawnattr_getflags(
      const ::posix_spawnattr_t* attributes, short* flags) noexcept
  {
    SIGFD_TEST_NEXT(posix_spawnattr_getflags);
    const int error = error_of(call::spawnattr_get);
    return error != 0 ? error : real(attributes, flags);
  }

  int posix_spawnattr_setflags(
      ::posix_spawnattr_t* attributes, short flags) noexcept
  {
    SIGFD_TEST_NEXT(posix_spawnattr_setflags);
    const int error = error_of(call::spawnattr_set);
    return error != 0 ? error : real(attributes, flags);
  }

  int posix_spawnattr_setsigmask(
      ::posix_spawnattr_t* attributes, const ::sigset_t* set) noexcept
  {
    SIGFD_TEST_NEXT(posix_spawnattr_setsigmask);
    const int error = error_of(call::spawnattr_set);
    return error != 0 ? error : real(attributes, set);
  }

  int posix_spawnattr_setsigdefault(
      ::posix_spawnattr_t* attributes, const ::sigset_t* set) noexcept
  {
    SIGFD_TEST_NEXT(posix_spawnattr_setsigdefault);
    const int error = error_of(call::spawnattr_set);
    return error != 0 ? error : real(attributes, set);
  }

  long syscall(long number, ...) noexcept
  {
    SIGFD_TEST_NEXT(syscall);
    std::va_list list;
    va_start(list, number);
    long a[6];
    for (long& argument : a)
      argument = va_arg(list, long);
    va_end(list);
    const bool failed = (number == SYS_rt_sigqueueinfo
                            && fails(call::rt_sigqueueinfo))
        || (number == SYS_rt_sigtimedwait && fails(call::rt_sigtimedwait))
        || (number == SYS_rt_tgsigqueueinfo && fails(call::rt_tgsigqueueinfo))
        || (number == SYS_rt_sigaction && fails(call::sigaction))
        || (number == SYS_rt_sigprocmask && fails(call::pthread_sigmask))
        || (number == SYS_preadv && fails(call::preadv))
        || (number == SYS_tgkill && fails(call::tgkill))
        || (number == SYS_futex && (a[1] & FUTEX_CMD_MASK) != FUTEX_WAKE
            && fails(call::futex_wait));
    return failed ? -1 : real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  }

} // extern "C"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

void* operator new(std::size_t size)
{
  void* const memory = fails(call::allocation) ? nullptr : std::malloc(size);
  if (memory == nullptr)
    throw std::bad_alloc();
  return memory;
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept
{
  return fails(call::allocation) ? nullptr : std::malloc(size);
}

void operator delete(void* memory) noexcept
{
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept
{
  std::free(memory);
}

#else

extern "C"
{

  void* __libc_malloc(std::size_t size);
  void* __libc_calloc(std::size_t count, std::size_t size);
  void* __libc_realloc(void* memory, std::size_t size);
  void* __libc_memalign(std::size_t alignment, std::size_t size);
  void __libc_free(void* memory);

} // extern "C"

namespace {

void* counted(void* memory) noexcept
{
  if (memory != nullptr)
    ++blocks;
  return memory;
}

} // namespace

extern "C"
{

  void* malloc(std::size_t size)
  {
    return fails(call::allocation) ? nullptr : counted(__libc_malloc(size));
  }

  void* calloc(std::size_t count, std::size_t size)
  {
    return fails(call::allocation) ? nullptr
                                   : counted(__libc_calloc(count, size));
  }

  void* realloc(void* memory, std::size_t size)
  {
    if (fails(call::allocation))
      return nullptr;
    return memory == nullptr ? counted(__libc_realloc(memory, size))
                             : __libc_realloc(memory, size);
  }

  void* aligned_alloc(std::size_t alignment, std::size_t size)
  {
    return fails(call::allocation) ? nullptr
                                   : counted(__libc_memalign(alignment, size));
  }

  int posix_memalign(void** memory, std::size_t alignment, std::size_t size)
  {
    if (fails(call::allocation))
      return ENOMEM;
    *memory = counted(__libc_memalign(alignment, size));
    return *memory != nullptr ? 0 : ENOMEM;
  }

  void free(void* memory)
  {
    if (memory != nullptr)
      --blocks;
    __libc_free(memory);
  }

} // extern "C"

#endif
