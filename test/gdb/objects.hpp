// Objects for gdb to print, and what it should print of them: lines such as
// "masks[1]: {SIGINT, SIGTERM}". The expression begins with the_objects->.

#ifndef SIGFD_TEST_GDB_OBJECTS_HPP
#define SIGFD_TEST_GDB_OBJECTS_HPP

#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <signal.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

// A record with all members that there are; number and code say which of them
// are valid.
inline sigfd::signal_info full_record(
    int number, int code, std::uint32_t pid, std::uint32_t overrun)
{
  ::signalfd_siginfo record{};
  record.ssi_signo = static_cast<std::uint32_t>(number);
  record.ssi_code = code;
  record.ssi_pid = pid;
  record.ssi_uid = 4294967294;
  record.ssi_fd = 5;
  record.ssi_tid = 3;
  record.ssi_band = 0x41;
  record.ssi_overrun = overrun;
  record.ssi_status = 11;
  record.ssi_int = -17;
  record.ssi_ptr = 0x12345678'ffffffef; // with the same int
  record.ssi_utime = 2;
  record.ssi_stime = 12345;
  record.ssi_addr = 0xdeadbeef;
  record.ssi_syscall = 41;
  record.ssi_call_addr = 0xabcd;
  record.ssi_arch = 0xc000003e;
  return sigfd::signal_info(record);
}

// One for every way in which a line can begin and end.
inline std::vector<sigfd::signal_info> all_records()
{
  std::vector<sigfd::signal_info> records(1);
  const int codes[] = {SI_ASYNCNL, -100, -7, SI_TKILL, SI_SIGIO, SI_ASYNCIO,
      SI_MESGQ, SI_TIMER, SI_QUEUE, SI_USER, 1, 2, 3, 4, 5, 6, 7, 15, 16,
      SI_KERNEL, 200};
  for (int number = -1; number <= 66; ++number)
    for (const int code : codes)
    {
      records.push_back(full_record(number, code, 4242, 2));
      records.push_back(full_record(number, code, 0, 1));
    }
  return records;
}

struct objects
{
  boost::asio::io_context context;
  std::optional<boost::asio::io_context> ended_context{std::in_place};
  std::vector<sigfd::signal_info> all = all_records();
  const sigfd::signal_info* records = all.data();
  sigfd::signal_mask masks[4] = {{}, {SIGINT, SIGTERM},
      {SIGRTMIN, SIGRTMIN + 3, SIGRTMAX}, sigfd::signal_mask::all()};
  sigfd::signal_fd open{context};
  sigfd::signal_fd empty{context};
  sigfd::signal_fd quick{context};
  sigfd::signal_fd slow{context};
  sigfd::basic_signalfd<boost::asio::io_context::executor_type> other{context};
  sigfd::signal_fd never_opened{context};
  sigfd::signal_fd closed{context};
  sigfd::signal_fd moved_from{context};
  sigfd::signal_fd moved_to{context};
  sigfd::signal_fd ended{*ended_context};
  std::vector<unsigned char> overwritten = std::vector<unsigned char>(
      sizeof(sigfd::signal_fd), 8);
  const unsigned char* junk = overwritten.data();
};

objects* the_objects = nullptr;

// gdb stops here.
[[gnu::noinline]] void objects_are_ready()
{
  asm volatile("" : : : "memory");
}

template <typename Signals>
std::string describe(Signals& signals, const char* rest)
{
  std::ostringstream os;
  os << "open for " << signals.signals() << ", "
     << (signals.source() == sigfd::source::pipe ? "pipe" : "kernel")
     << " source, descriptor " << signals.native_handle() << rest;
  return os.str();
}

inline int show_objects(sigfd::source source)
{
  the_objects = new objects; // never destroyed
  objects& o = *the_objects;
  const sigfd::open_options options{.source = source};

  o.open.open({SIGINT, SIGTERM}, options);
  o.empty.open({}, options);
  o.empty.cancel(); // it is open as before
  o.other.open({SIGUSR1}, options);
  o.closed.open({SIGUSR2}, options);
  o.closed.close();
  o.moved_from.open({SIGUSR2}, options);
  o.moved_to = std::move(o.moved_from);
  o.ended.open({SIGUSR2}, options);
  o.ended_context.reset();
  o.open.async_wait([](boost::system::error_code, int) {});
  o.open.async_wait([](boost::system::error_code, int) {});
  o.other.async_wait([](boost::system::error_code, int) {});
  o.context.poll();

  // Three signals, of which the slow one keeps the last.
  o.quick.open({SIGRTMIN}, options);
  o.slow.open({SIGRTMIN},
      {.source = source,
          .backlog = 1,
          .overflow = sigfd::overflow_policy::drop_oldest});
  for (int i = 0; i < 3; ++i)
  {
    if (::sigqueue(::getpid(), SIGRTMIN, {}) != 0)
      return 1;
    o.quick.wait();
  }

  for (std::size_t i = 0; i < o.all.size(); ++i)
    std::cout << "records[" << i << "]: " << o.records[i] << '\n';
  for (std::size_t i = 0; i < std::size(o.masks); ++i)
    std::cout << "masks[" << i << "]: " << o.masks[i] << '\n';
  const char* const none = ", 0 waits, 0 undelivered, 0 dropped\n";
  const char* const one = ", 1 wait, 0 undelivered, 0 dropped\n";
  const char* const two = ", 2 waits, 0 undelivered, 0 dropped\n";
  const char* const behind = ", 0 waits, 1 undelivered, 2 dropped\n";
  std::cout << "open: " << describe(o.open, two)
            << "empty: " << describe(o.empty, none)
            << "quick: " << describe(o.quick, none)
            << "slow: " << describe(o.slow, behind)
            << "other: " << describe(o.other, one)
            << "moved_to: " << describe(o.moved_to, none)
            << "never_opened: not open\n"
            << "closed: not open\n"
            << "moved_from: not open\n"
            << "ended: not open\n"
            << std::flush;
  objects_are_ready();
  return 0;
}

#endif // SIGFD_TEST_GDB_OBJECTS_HPP
