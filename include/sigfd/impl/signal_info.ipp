//
// impl/signal_info.ipp
// ~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_IMPL_SIGNAL_INFO_IPP
#define SIGFD_IMPL_SIGNAL_INFO_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/siginfo_layout.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_name.hpp>

#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ios>
#include <iterator>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>

namespace sigfd {
namespace detail {

// Clock ticks, as times(2) counts them, as a duration. A forged record may have
// more of them than a duration holds.
inline std::chrono::microseconds from_clock_ticks(std::uint64_t ticks) noexcept
{
  using std::chrono::microseconds;
  constexpr auto most = static_cast<std::uint64_t>(microseconds::max().count());
  const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  const std::uint64_t seconds = ticks / per_second;
  const std::uint64_t rest = ticks % per_second * 1'000'000 / per_second;
  if (seconds > (most - rest) / 1'000'000)
    return microseconds::max();
  return microseconds(seconds * 1'000'000 + rest);
}

// Seconds with two digits behind the point, which is what clock ticks give.
inline std::string seconds_text(std::chrono::microseconds time)
{
  const auto hundredths = time.count() / 10'000;
  std::string text = std::to_string(hundredths / 100) + '.';
  text += static_cast<char>('0' + hundredths % 100 / 10);
  text += static_cast<char>('0' + hundredths % 10);
  return text + " s";
}

inline std::string hexadecimal(std::uint64_t value)
{
  std::ostringstream os;
  os << "0x" << std::hex << value;
  return os.str();
}

inline std::string address_text(const void* address)
{
  return hexadecimal(to_bits(address));
}

// " by kill" and the like; empty for what prints in a form of its own.
inline std::string_view cause_text(signal_cause cause) noexcept
{
  constexpr std::string_view texts[] = {"", " by kill", " by tgkill",
      " by sigqueue", "", " by message queue", " by asynchronous I/O"};
  const auto index = static_cast<std::size_t>(cause);
  return index < std::size(texts) ? texts[index] : "";
}

inline std::string what_happened(const child_status& child)
{
  constexpr std::string_view texts[] = {"", " exited with status ",
      " killed by ", " killed by ", " trapped by ", " stopped by ",
      " continued"};
  std::string text(texts[static_cast<std::size_t>(child.reason)]);
  if (child.reason == child_reason::exited)
    text += std::to_string(child.status);
  else if (child.reason != child_reason::continued)
    text += signal_name(child.status);
  return child.core_dumped ? text + ", core dumped" : text;
}

} // namespace detail

signal_info::signal_info(const ::siginfo_t& info) noexcept
  : record_()
{
  record_.ssi_signo = static_cast<std::uint32_t>(info.si_signo);
  record_.ssi_errno = info.si_errno;
  record_.ssi_code = info.si_code;
  switch (layout())
  {
  case detail::siginfo_layout::queue:
    record_.ssi_int = info.si_value.sival_int;
    record_.ssi_ptr = detail::to_bits(info.si_value.sival_ptr);
    [[fallthrough]];
  case detail::siginfo_layout::kill:
    record_.ssi_pid = static_cast<std::uint32_t>(info.si_pid);
    record_.ssi_uid = info.si_uid;
    break;
  case detail::siginfo_layout::timer:
    record_.ssi_tid = static_cast<std::uint32_t>(info.si_timerid);
    record_.ssi_overrun = static_cast<std::uint32_t>(info.si_overrun);
    record_.ssi_int = info.si_value.sival_int;
    record_.ssi_ptr = detail::to_bits(info.si_value.sival_ptr);
    break;
  case detail::siginfo_layout::child:
    record_.ssi_pid = static_cast<std::uint32_t>(info.si_pid);
    record_.ssi_uid = info.si_uid;
    record_.ssi_status = info.si_status;
    record_.ssi_utime = static_cast<std::uint64_t>(info.si_utime);
    record_.ssi_stime = static_cast<std::uint64_t>(info.si_stime);
    break;
  case detail::siginfo_layout::poll:
    record_.ssi_band = static_cast<std::uint32_t>(info.si_band);
    record_.ssi_fd = info.si_fd;
    break;
  case detail::siginfo_layout::memory_error:
    record_.ssi_addr_lsb = static_cast<std::uint16_t>(info.si_addr_lsb);
    [[fallthrough]];
  case detail::siginfo_layout::fault:
    record_.ssi_addr = detail::to_bits(info.si_addr);
    break;
  case detail::siginfo_layout::system_call:
    record_.ssi_call_addr = detail::to_bits(info.si_call_addr);
    record_.ssi_syscall = info.si_syscall;
    record_.ssi_arch = info.si_arch;
    break;
  }
}

::siginfo_t signal_info::to_siginfo() const noexcept
{
  ::siginfo_t info{};
  info.si_signo = number();
  info.si_errno = error();
  info.si_code = code();
  switch (layout())
  {
  case detail::siginfo_layout::queue:
    info.si_value = raw_value();
    [[fallthrough]];
  case detail::siginfo_layout::kill:
    info.si_pid = static_cast<::pid_t>(record_.ssi_pid);
    info.si_uid = record_.ssi_uid;
    break;
  case detail::siginfo_layout::timer:
    info.si_timerid = static_cast<int>(record_.ssi_tid);
    info.si_overrun = static_cast<int>(record_.ssi_overrun);
    info.si_value = raw_value();
    break;
  case detail::siginfo_layout::child:
    info.si_pid = static_cast<::pid_t>(record_.ssi_pid);
    info.si_uid = record_.ssi_uid;
    info.si_status = record_.ssi_status;
    info.si_utime = static_cast<::clock_t>(record_.ssi_utime);
    info.si_stime = static_cast<::clock_t>(record_.ssi_stime);
    break;
  case detail::siginfo_layout::poll:
    info.si_band = static_cast<long>(record_.ssi_band);
    info.si_fd = record_.ssi_fd;
    break;
  case detail::siginfo_layout::memory_error:
    info.si_addr_lsb = static_cast<short>(record_.ssi_addr_lsb);
    [[fallthrough]];
  case detail::siginfo_layout::fault:
    info.si_addr = detail::to_address(record_.ssi_addr);
    break;
  case detail::siginfo_layout::system_call:
    info.si_call_addr = detail::to_address(record_.ssi_call_addr);
    info.si_syscall = record_.ssi_syscall;
    info.si_arch = record_.ssi_arch;
    break;
  }
  return info;
}

signal_cause signal_info::cause() const noexcept
{
  if (number() == 0)
    return signal_cause::unknown;
  switch (code())
  {
  case SI_USER:
    return signal_cause::kill;
  case SI_TKILL:
    return signal_cause::thread_kill;
  case SI_QUEUE:
    return signal_cause::queue;
  case SI_TIMER:
    return signal_cause::timer;
  case SI_MESGQ:
    return signal_cause::message_queue;
  case SI_ASYNCIO:
  case SI_ASYNCNL:
    return signal_cause::async_io;
  case SI_KERNEL:
    return signal_cause::kernel;
  default:
    break;
  }
  switch (layout())
  {
  case detail::siginfo_layout::child:
    return signal_cause::child;
  case detail::siginfo_layout::poll:
    return io() ? signal_cause::io : signal_cause::unknown;
  case detail::siginfo_layout::fault:
  case detail::siginfo_layout::memory_error:
    return signal_cause::fault;
  case detail::siginfo_layout::system_call:
    return signal_cause::system_call;
  default:
    return signal_cause::unknown;
  }
}

std::optional<signal_sender> signal_info::sender() const noexcept
{
  const bool has_sender = has(detail::siginfo_layout::kill)
      || has(detail::siginfo_layout::queue)
      || has(detail::siginfo_layout::child);
  if (!has_sender || record_.ssi_pid == 0)
    return std::nullopt;
  return signal_sender{static_cast<::pid_t>(record_.ssi_pid), record_.ssi_uid,
      code() >= 0 || code() == SI_TKILL};
}

std::optional<::sigval> signal_info::value() const noexcept
{
  const bool queued = has(detail::siginfo_layout::queue) && code() != SI_TKILL;
  if (!queued && !has(detail::siginfo_layout::timer))
    return std::nullopt;
  return raw_value();
}

std::optional<child_status> signal_info::child() const noexcept
{
  if (!has(detail::siginfo_layout::child))
    return std::nullopt;
  return child_status{static_cast<::pid_t>(record_.ssi_pid), record_.ssi_uid,
      record_.ssi_status, static_cast<child_reason>(code()),
      code() == CLD_DUMPED, detail::from_clock_ticks(record_.ssi_utime),
      detail::from_clock_ticks(record_.ssi_stime)};
}

std::optional<timer_expiry> signal_info::timer() const noexcept
{
  if (!has(detail::siginfo_layout::timer))
    return std::nullopt;
  return timer_expiry{static_cast<int>(record_.ssi_tid),
      static_cast<int>(record_.ssi_overrun), raw_value()};
}

std::optional<io_event> signal_info::io() const noexcept
{
  // The kernel gives those members also with a code behind the last one of a
  // signal that has codes of its own. It makes no such signal (fcntl(2)).
  const bool has_own_codes = number() != SIGPOLL
      && detail::last_code_of(number()) != 0;
  if (!has(detail::siginfo_layout::poll)
      || (has_own_codes && code() != SI_SIGIO))
    return std::nullopt;
  return io_event{record_.ssi_fd, static_cast<long>(record_.ssi_band)};
}

std::optional<sigfd::fault> signal_info::fault() const noexcept
{
  const bool is_memory_error = has(detail::siginfo_layout::memory_error);
  if (!is_memory_error && !has(detail::siginfo_layout::fault))
    return std::nullopt;
  return sigfd::fault{detail::to_address(record_.ssi_addr),
      is_memory_error ? record_.ssi_addr_lsb : 0u,
      detail::has_trap_number ? record_.ssi_trapno : 0u};
}

std::optional<blocked_syscall> signal_info::syscall() const noexcept
{
  if (!has(detail::siginfo_layout::system_call))
    return std::nullopt;
  return blocked_syscall{detail::to_address(record_.ssi_call_addr),
      record_.ssi_syscall, record_.ssi_arch};
}

std::ostream& operator<<(std::ostream& os, const signal_info& info)
{
  // Made as one string, so that width and fill apply to the whole line and
  // the stream's number formats to nothing in it.
  std::string line(info.name());
  if (info.number() != 0
      && detail::kind_of(info.number()) == detail::signal_kind::out_of_range)
    line += ' ' + std::to_string(info.number());

  if (info.number() == 0)
    line = "no signal";
  else if (auto child = info.child())
    line += ": child " + std::to_string(child->pid) + " (uid "
        + std::to_string(child->uid) + ")" + detail::what_happened(*child)
        + ", " + detail::seconds_text(child->user_time) + " user "
        + detail::seconds_text(child->system_time) + " system";
  else if (auto timer = info.timer())
    line += ": timer " + std::to_string(timer->id) + " expired, "
        + std::to_string(timer->overrun)
        + (timer->overrun == 1 ? " overrun" : " overruns");
  else if (auto io = info.io())
    line += ": descriptor " + std::to_string(io->fd) + " ready, band "
        + detail::hexadecimal(static_cast<std::uint64_t>(io->band));
  else if (auto fault = info.fault())
    line += ": fault at " + detail::address_text(fault->address);
  else if (auto call = info.syscall())
    line += ": system call " + std::to_string(call->number) + " stopped at "
        + detail::address_text(call->address) + ", architecture "
        + detail::hexadecimal(call->arch);
  else if (auto sender = info.sender())
    line += " from pid " + std::to_string(sender->pid) + " (uid "
        + std::to_string(sender->uid)
        + (sender->attested ? ")" : ", not attested)");
  else if (info.cause() == signal_cause::kernel)
    line += " from the kernel";
  else
    line += " from an unknown sender";

  line += detail::cause_text(info.cause());
  if (info.cause() == signal_cause::unknown && info.number() != 0)
    line += " with code " + std::to_string(info.code());
  if (auto value = info.value())
    line += ", value " + std::to_string(value->sival_int);
  return os << line;
}

} // namespace sigfd

#endif // SIGFD_IMPL_SIGNAL_INFO_IPP
