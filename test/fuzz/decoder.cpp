// Arbitrary records as a signal_info: no member is read that number and code do
// not make valid, and it prints as one line. What is valid is stated here once
// more, from sigaction(2), fcntl(2) and signalfd(2), and not from the library.

#include <sigfd/signal_info.hpp>

#include "target.hpp"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iomanip>
#include <limits>
#include <sstream>
#include <string>
#include <version>

#if defined(__cpp_lib_format)
#include <format>
#endif

namespace {

using fuzz::check;
using sigfd::signal_cause;
using sigfd::signal_info;

// What a signal tells, by its number and code.
enum class told
{
  nothing, // there is no signal
  sender, // kill(2), tgkill(2), the kernel
  sender_value, // sigqueue(3) and other codes of a sender's own
  timer,
  child,
  io,
  fault,
  fault_lsb,
  system_call,
  undocumented // the manual knows no such code; the kernel may give a sender
};

// The codes that a signal has of its own: 1 to so many.
int own_codes(int number)
{
  switch (number)
  {
  case SIGILL: // ILL_ILLOPC to ILL_BADIADDR
    return 11;
  case SIGFPE: // FPE_INTDIV to FPE_CONDTRAP
    return 15;
  case SIGSEGV: // SEGV_MAPERR to SEGV_CPERR
    return 10;
  case SIGBUS: // BUS_ADRALN to BUS_MCEERR_AO
    return 5;
  case SIGTRAP: // TRAP_BRKPT to TRAP_PERF
    return 6;
  case SIGCHLD: // CLD_EXITED to CLD_CONTINUED
    return 6;
  case SIGIO: // POLL_IN to POLL_HUP
    return 6;
  case SIGSYS: // SYS_SECCOMP, SYS_USER_DISPATCH
    return 2;
  default:
    return 0;
  }
}

told what_is_told(int number, int code)
{
  if (number == 0)
    return told::nothing;
  if (code == SI_USER || code == SI_TKILL || code == SI_KERNEL)
    return told::sender;
  if (code == SI_TIMER)
    return told::timer;
  if (code == SI_SIGIO)
    return told::io;
  if (code < 0)
    return told::sender_value;
  if (own_codes(number) == 0) // F_SETSIG
    return code <= POLL_HUP ? told::io : told::undocumented;
  if (code > own_codes(number))
    return told::undocumented;
  switch (number)
  {
  case SIGCHLD:
    return told::child;
  case SIGIO:
    return told::io;
  case SIGSYS:
    return told::system_call;
  case SIGBUS:
    return code == BUS_MCEERR_AR || code == BUS_MCEERR_AO ? told::fault_lsb
                                                          : told::fault;
  default:
    return told::fault;
  }
}

// What may stand where nothing is valid.
constexpr unsigned char noises[] = {0x00, 0x5a, 0xff};

// The members of a record that are valid, and of the others those of noise.
::signalfd_siginfo with_noise(
    const ::signalfd_siginfo& record, told what, unsigned char noise)
{
  ::signalfd_siginfo result;
  std::memset(&result, noise, sizeof result);
  result.ssi_signo = record.ssi_signo;
  result.ssi_errno = record.ssi_errno;
  result.ssi_code = record.ssi_code;
  switch (what)
  {
  case told::nothing:
    break;
  case told::sender_value:
    result.ssi_int = record.ssi_int;
    result.ssi_ptr = record.ssi_ptr;
    [[fallthrough]];
  case told::sender:
  case told::undocumented:
    result.ssi_pid = record.ssi_pid;
    result.ssi_uid = record.ssi_uid;
    break;
  case told::timer:
    result.ssi_tid = record.ssi_tid;
    result.ssi_overrun = record.ssi_overrun;
    result.ssi_int = record.ssi_int;
    result.ssi_ptr = record.ssi_ptr;
    break;
  case told::child:
    result.ssi_pid = record.ssi_pid;
    result.ssi_uid = record.ssi_uid;
    result.ssi_status = record.ssi_status;
    result.ssi_utime = record.ssi_utime;
    result.ssi_stime = record.ssi_stime;
    break;
  case told::io:
    result.ssi_band = record.ssi_band;
    result.ssi_fd = record.ssi_fd;
    break;
  case told::fault_lsb:
    result.ssi_addr_lsb = record.ssi_addr_lsb;
    [[fallthrough]];
  case told::fault:
    result.ssi_addr = record.ssi_addr;
    break;
  case told::system_call:
    result.ssi_call_addr = record.ssi_call_addr;
    result.ssi_syscall = record.ssi_syscall;
    result.ssi_arch = record.ssi_arch;
    break;
  }
  return result;
}

// The same for a siginfo_t.
::siginfo_t with_noise(const ::siginfo_t& info, told what, unsigned char noise)
{
  ::siginfo_t result;
  std::memset(&result, noise, sizeof result);
  result.si_signo = info.si_signo;
  result.si_errno = info.si_errno;
  result.si_code = info.si_code;
  switch (what)
  {
  case told::nothing:
    break;
  case told::sender_value:
    result.si_value = info.si_value;
    [[fallthrough]];
  case told::sender:
  case told::undocumented:
    result.si_pid = info.si_pid;
    result.si_uid = info.si_uid;
    break;
  case told::timer:
    result.si_timerid = info.si_timerid;
    result.si_overrun = info.si_overrun;
    result.si_value = info.si_value;
    break;
  case told::child:
    result.si_pid = info.si_pid;
    result.si_uid = info.si_uid;
    result.si_status = info.si_status;
    result.si_utime = info.si_utime;
    result.si_stime = info.si_stime;
    break;
  case told::io:
    result.si_band = info.si_band;
    result.si_fd = info.si_fd;
    break;
  case told::fault_lsb:
    result.si_addr_lsb = info.si_addr_lsb;
    [[fallthrough]];
  case told::fault:
    result.si_addr = info.si_addr;
    break;
  case told::system_call:
    result.si_call_addr = info.si_call_addr;
    result.si_syscall = info.si_syscall;
    result.si_arch = info.si_arch;
    break;
  }
  return result;
}

std::string print(const signal_info& info)
{
  std::ostringstream os;
  os << info;
  return os.str();
}

std::uint64_t bits(const void* address)
{
  return reinterpret_cast<std::uintptr_t>(address);
}

// All that the views give, one number behind the other.
std::string views(const signal_info& i)
{
  std::ostringstream os;
  os << i.number() << ' ' << i.code() << ' ' << i.error() << ' ' << i.name()
     << ' ' << int(i.cause());
  if (const auto v = i.sender())
    os << " sender " << v->pid << ' ' << v->uid << ' ' << v->attested;
  if (const auto v = i.value())
    os << " value " << bits(v->sival_ptr);
  if (const auto v = i.child())
    os << " child " << v->pid << ' ' << v->uid << ' ' << v->status << ' '
       << int(v->reason) << ' ' << v->core_dumped << ' ' << v->user_time.count()
       << ' ' << v->system_time.count();
  if (const auto v = i.timer())
    os << " timer " << v->id << ' ' << v->overrun << ' '
       << bits(v->value.sival_ptr);
  if (const auto v = i.io())
    os << " io " << v->fd << ' ' << v->band;
  if (const auto v = i.fault())
    os << " fault " << bits(v->address) << ' ' << v->lsb << ' ' << v->trap;
  if (const auto v = i.syscall())
    os << " syscall " << bits(v->address) << ' ' << v->number << ' ' << v->arch;
  return os.str();
}

// A time of the record; the longest duration if none can hold it.
void check_time(std::uint64_t ticks, std::chrono::microseconds time)
{
  const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  const std::uint64_t most = std::numeric_limits<std::int64_t>::max() / 1000000;
  const auto seconds = static_cast<std::uint64_t>(time.count()) / 1000000;
  check(seconds == std::min(ticks / per_second, most), ticks,
      " clock ticks are ", time.count(), " us");
}

// "1.50 s user", from the view.
std::string time_text(std::chrono::microseconds time, const char* kind)
{
  char text[64];
  std::snprintf(text, sizeof text, ", %lld.%02lld s %s",
      static_cast<long long>(time.count() / 1000000),
      static_cast<long long>(time.count() / 10000 % 100), kind);
  return text + (*kind == 'u' ? 0 : 1);
}

void check_views(const signal_info& info, const ::signalfd_siginfo& record)
{
  const told what = what_is_told(info.number(), info.code());
  const std::string seen = views(info);
  const auto is = [&](auto... wanted) { return ((what == wanted) || ...); };
  check(info.number() == static_cast<int>(record.ssi_signo), seen);
  check(info.code() == record.ssi_code, seen);
  check(info.error() == record.ssi_errno, seen);
  check(!info.name().empty(), seen);

  const bool has_sender = is(told::sender, told::sender_value, told::child)
      && record.ssi_pid != 0;
  if (what != told::undocumented)
    check(info.sender().has_value() == has_sender, "sender: ", seen);
  if (const auto sender = info.sender())
  {
    check(sender->pid == static_cast<::pid_t>(record.ssi_pid), seen);
    check(sender->uid == record.ssi_uid, seen);
    check(sender->attested == (info.code() >= 0 || info.code() == SI_TKILL),
        "attested: ", seen);
  }
  check(info.value().has_value() == is(told::sender_value, told::timer),
      "value: ", seen);
  if (const auto value = info.value())
    check(bits(value->sival_ptr) == record.ssi_ptr, "value: ", seen);
  check(info.child().has_value() == is(told::child), "child: ", seen);
  if (const auto child = info.child())
  {
    check(child->pid == static_cast<::pid_t>(record.ssi_pid), seen);
    check(child->uid == record.ssi_uid, seen);
    check(child->status == record.ssi_status, seen);
    check(int(child->reason) == record.ssi_code, seen);
    check(child->core_dumped == (record.ssi_code == CLD_DUMPED), seen);
    check_time(record.ssi_utime, child->user_time);
    check_time(record.ssi_stime, child->system_time);
  }
  check(info.timer().has_value() == is(told::timer), "timer: ", seen);
  if (const auto timer = info.timer())
  {
    check(timer->id == static_cast<int>(record.ssi_tid), seen);
    check(timer->overrun == static_cast<int>(record.ssi_overrun), seen);
    check(bits(timer->value.sival_ptr) == record.ssi_ptr, seen);
  }
  check(info.io().has_value() == is(told::io), "io: ", seen);
  if (const auto io = info.io())
    check(io->fd == record.ssi_fd && io->band == long{record.ssi_band}, seen);
  check(info.fault().has_value() == is(told::fault, told::fault_lsb),
      "fault: ", seen);
  if (const auto fault = info.fault())
  {
    check(bits(fault->address) == record.ssi_addr, seen);
    check(fault->lsb == (is(told::fault_lsb) ? record.ssi_addr_lsb : 0u),
        "lsb: ", seen);
  }
  check(info.syscall().has_value() == is(told::system_call), "syscall: ", seen);
  if (const auto call = info.syscall())
    check(bits(call->address) == record.ssi_call_addr
            && call->number == record.ssi_syscall
            && call->arch == record.ssi_arch,
        seen);

  const bool is_io = is(told::io) && info.code() != SI_ASYNCIO;
  switch (info.cause())
  {
  case signal_cause::kill:
    check(info.code() == SI_USER, seen);
    break;
  case signal_cause::child:
    check(is(told::child), seen);
    break;
  case signal_cause::io:
    check(is_io, "cause: ", seen);
    break;
  case signal_cause::fault:
    check(is(told::fault, told::fault_lsb), seen);
    break;
  case signal_cause::system_call:
    check(is(told::system_call), seen);
    break;
  case signal_cause::timer:
    check(is(told::timer), seen);
    break;
  default:
    check(!is(told::child, told::io, told::fault, told::fault_lsb,
              told::system_call, told::timer),
        "cause: ", seen);
  }
}

// One line of text; UTF-8, because it is even ASCII.
void check_line(const signal_info& info)
{
  const std::string line = print(info);
  check(!line.empty(), "prints nothing: ", views(info));
  for (const char c : line)
    check(c >= ' ' && c <= '~', "prints a character ", int(c), ": ", line);
  check(line.find("  ") == std::string::npos && line.back() != ' ',
      "prints no text: ", line);
  if (const auto child = info.child())
    check(line.find(time_text(child->user_time, "user")) != std::string::npos
            && line.find(time_text(child->system_time, "system"))
                != std::string::npos,
        "prints no times: ", line);
  std::ostringstream field;
  field << std::hex << std::showbase << std::setfill('*')
        << std::setw(int(line.size()) + 3) << info;
  check(field.str() == "***" + line, "prints no field: ", field.str());
#if defined(__cpp_lib_format)
  check(std::format("{}", info) == line, "formats as something else: ", line);
#endif
}

void check_order(const signal_info& a, const signal_info& b)
{
  const auto order = a <=> b;
  check((order == 0) == (a == b), "equal, or not: ", views(a));
  check((b <=> a) == (0 <=> order), "ordered in both ways: ", views(a));
  if (a.number() != b.number())
    check(order == (a.number() <=> b.number()), "not by number: ", views(a));
}

void check_record(const ::signalfd_siginfo& record)
{
  const signal_info info(record);
  check(std::memcmp(&info.native(), &record, sizeof record) == 0,
      "not the record: ", views(info));
  check_views(info, record);
  check_line(info);
  const told what = what_is_told(info.number(), info.code());
  for (const unsigned char noise : noises)
  {
    const signal_info other(with_noise(record, what, noise));
    check(views(other) == views(info), "reads what is not valid: ", views(info),
        " is not ", views(other));
    check(print(other) == print(info),
        "prints what is not valid: ", print(info), " is not ", print(other));
  }
  // The way to a siginfo_t and back loses nothing that is valid.
  const signal_info back(info.to_siginfo());
  check(views(back) == views(info), "lost on the way: ", views(info),
      " is not ", views(back));
  check(print(back) == print(info), "lost on the way: ", print(info));
  check(signal_info(back.to_siginfo()) == back,
      "another one each time: ", views(info));
  check_order(info, back);
}

void check_siginfo(const ::siginfo_t& raw)
{
  const signal_info info(raw);
  check_record(info.native());
  const told what = what_is_told(raw.si_signo, raw.si_code);
  // What the kernel copies for a code that is not documented is up to it.
  if (what == told::undocumented || what == told::nothing)
    return;
  for (const unsigned char noise : noises)
  {
    ::siginfo_t copy = with_noise(raw, what, noise);
    if (raw.si_code == SI_TKILL) // the kernel copies the value of this, too
      copy.si_value = raw.si_value;
    check(signal_info(copy) == info, "copies what is not valid: ", views(info));
  }
}

template <typename Record>
Record read_record(fuzz::bytes& input)
{
  unsigned char all[sizeof(Record)];
  for (unsigned char& byte : all)
    byte = static_cast<unsigned char>(input.next());
  Record record;
  std::memcpy(&record, all, sizeof record);
  return record;
}

// Most numbers and codes are like any other; these are not.
int near_number(std::uint32_t any)
{
  return static_cast<int>(any % 67);
}

int near_code(int any)
{
  return any % 3 == 0 ? SI_KERNEL + any % 2 : any % 80;
}

} // namespace

int LLVMFuzzerInitialize(int*, char***)
{
  return 0;
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
  static_assert(
      sizeof(::signalfd_siginfo) == 128 && sizeof(::siginfo_t) == 128);
  const signal_info first(
      fuzz::bytes(data, size).empty() ? ::signalfd_siginfo() : [&] {
        fuzz::bytes input(data, size);
        return read_record<::signalfd_siginfo>(input);
      }());
  fuzz::bytes records(data, size);
  fuzz::bytes siginfos(data, size);
  do
  {
    auto record = read_record<::signalfd_siginfo>(records);
    check_record(record);
    check_order(first, signal_info(record));
    record.ssi_signo = static_cast<std::uint32_t>(
        near_number(record.ssi_signo));
    record.ssi_code = near_code(record.ssi_code);
    check_record(record);
    auto raw = read_record<::siginfo_t>(siginfos);
    check_siginfo(raw);
    raw.si_signo = near_number(static_cast<std::uint32_t>(raw.si_signo));
    raw.si_code = near_code(raw.si_code);
    check_siginfo(raw);
  } while (!records.empty());
  return 0;
}
