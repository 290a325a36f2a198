// Has one call of a function of the C library fail: definitions in the program
// that count calls, and else pass on what they are asked for.

#ifndef SIGFD_TEST_FAULT_INJECTION_HPP
#define SIGFD_TEST_FAULT_INJECTION_HPP

namespace fault {

// What can fail. The raw system calls are those of syscall(2).
enum class call
{
  allocation, // malloc(3) and what is like it
  atfork,
  close, // closes, and says that it failed
  dladdr,
  dlopen,
  epoll_add, // epoll_ctl(2), of a descriptor
  eventfd,
  eventfd_read,
  eventfd_write,
  futex_wait,
  kill,
  madvise,
  mmap,
  open,
  opendir,
  pipe2,
  poll,
  preadv,
  pthread_attr_init,
  pthread_attr_setstacksize,
  pthread_create,
  pthread_sigmask, // and the raw call
  read,
  readdir,
  rt_sigqueueinfo,
  rt_sigtimedwait,
  rt_tgsigqueueinfo,
  sigaction, // and the raw call
  signalfd, // that makes a descriptor
  signalfd_update,
  sigpending,
  spawnattr_get,
  spawnattr_init,
  spawnattr_set,
  tgkill,
  write,
  count // how many there are
};

// In place of an errno value: a read gives at most one record of signalfd(2).
inline constexpr int short_count = -1;

struct fault
{
  call function;
  int error;
  int number; // which call it is that fails, the first is 1; 0: none
  bool lasts; // whether all that follow fail, too
};

// The fault occurs from here on, in whatever thread.
void arm(const fault& f) noexcept;

// Which functions are called from here on is noted. Nothing fails.
void note_calls() noexcept;

// Whether a function was called meanwhile.
bool was_called(call function) noexcept;

// Nothing fails any more; whether the fault had occurred.
bool disarm() noexcept;

// Called before each poll(2).
extern void (*before_poll)();

// How many pieces of memory are allocated; always 0 with AddressSanitizer,
// which has its own malloc(3).
long allocated_blocks() noexcept;

} // namespace fault

#endif // SIGFD_TEST_FAULT_INJECTION_HPP
