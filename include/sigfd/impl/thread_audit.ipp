//
// impl/thread_audit.ipp
// ~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_IMPL_THREAD_AUDIT_IPP
#define SIGFD_IMPL_THREAD_AUDIT_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/handler_table.hpp>
#include <sigfd/detail/signal_bits.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/detail/watcher_table.hpp>
#include <sigfd/signal_mask.hpp>
#include <sigfd/thread_audit.hpp>

#include <boost/system/error_code.hpp>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sigfd {
namespace detail {

// Whether an error says that a thread, process or descriptor is gone.
inline bool is_gone(const boost::system::error_code& ec) noexcept
{
  return ec == boost::system::errc::no_such_file_or_directory
      || ec == boost::system::errc::no_such_process
      || ec == boost::system::errc::bad_file_descriptor;
}

// Opens a file for reading.
inline unique_fd open_file(const std::string& path) noexcept
{
  int fd = -1;
  do
    fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  while (fd == -1 && errno == EINTR);
  return unique_fd(fd);
}

// A whole file. They have no size in /proc.
inline std::string read_file(
    const std::string& path, boost::system::error_code& ec)
{
  std::string content;
  ec = {};
  const unique_fd fd = open_file(path);
  char buffer[4096];
  ::ssize_t count = -1;
  while (fd && (count = ::read(fd.get(), buffer, sizeof buffer)) != 0)
  {
    if (count > 0)
      content.append(buffer, static_cast<std::size_t>(count));
    else if (errno != EINTR)
      break;
  }
  if (count == -1)
    ec = system_error_code(errno);
  return content;
}

// The entries of a folder that are numbers, in ascending order.
inline std::vector<int> numbers_in(
    const std::string& path, boost::system::error_code& ec)
{
  constexpr auto close = [](::DIR* folder) { ::closedir(folder); };
  std::vector<int> numbers;
  const std::unique_ptr<::DIR, decltype(close)> folder(
      ::opendir(path.c_str()), close);
  while (folder)
  {
    errno = 0; // stays so at the end
    const ::dirent* const entry = ::readdir(folder.get());
    if (entry == nullptr)
      break;
    char* end;
    const long number = std::strtol(entry->d_name, &end, 10);
    if (end != entry->d_name)
      numbers.push_back(static_cast<int>(number));
  }
  ec = system_error_code(errno);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

// What a line "key:<tab>value" of a file says; empty without such a line.
inline std::string_view field(std::string_view text, std::string_view key)
{
  while (!text.empty())
  {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.substr(0, key.size()) == key
        && line.substr(key.size(), 2) == ":\t")
      return line.substr(key.size() + 2);
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return {};
}

// Those signals of a mask that a hexadecimal number has, as proc(5) writes it:
// the lowest bit is signal 1. What a mask cannot hold drops out.
inline signal_mask signals_in(std::string_view digits, const signal_mask& mask)
{
  signal_mask found;
  for (const int n : mask)
  {
    const auto bit = static_cast<std::size_t>(n - 1);
    if (bit / 4 >= digits.size())
      continue;
    const char digit = digits[digits.size() - 1 - bit / 4];
    const int value = digit <= '9' ? digit - '0' : digit - 'a' + 10;
    if ((value >> bit % 4 & 1) != 0)
      found.add(n);
  }
  return found;
}

// A thread's name as it is. In the file, a newline is written \n and a
// backslash twice.
inline std::string unescaped(std::string_view text)
{
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i)
  {
    const bool escape = text[i] == '\\' && i + 1 < text.size();
    if (escape)
      ++i;
    name += escape && text[i] == 'n' ? '\n' : text[i];
  }
  return name;
}

// Whether a thread has not gone to sleep between two readings of its status.
inline bool has_same_sleeps(std::string_view before, std::string_view after)
{
  constexpr std::string_view key = "voluntary_ctxt_switches";
  return field(before, key) == field(after, key);
}

// Whether it slept all the while.
inline bool slept(std::string_view before, std::string_view after)
{
  const std::string_view state = field(after, "State");
  return state.substr(0, 1) != "R" && state == field(before, "State")
      && has_same_sleeps(before, after);
}

// Whether a thread waits for signals, and for which.
struct sigwait_state
{
  // Whether that could be found out.
  bool known = false;

  // Whether it waits.
  bool waits = false;

  // What for, if that could be found out.
  std::optional<signal_mask> set;

  // What the kernel says that it does.
  std::string activity;
};

// Reads the set at an address of a process, from the file that is its memory.
// An ::off_t of 32 bits ends at half of the addresses; this call takes the
// offset in two parts, of which the first is long enough for an address.
inline bool read_set(
    const std::string& path, std::uintptr_t address, ::sigset_t& set)
{
  const unique_fd memory = open_file(path);
  const struct // ::iovec, without <sys/uio.h>
  {
    void* base;
    std::size_t size;
  } target{&set, _NSIG / 8};
  return ::syscall(SYS_preadv, memory.get(), &target, 1ul, address, 0ul)
      == _NSIG / 8;
}

// Asks what system call a thread is in, and for the kernel's function that it
// sleeps in. The function is the same whatever the number of the call is: there
// are several where time has 32 bits, and a process may have another ABI's. Who
// may not know the call may still be told the function.
inline sigwait_state sigwait_of(
    const std::string& folder, const signal_mask& mask)
{
  sigwait_state state;
  boost::system::error_code ec;
  // "running", or the number and the arguments in hexadecimal.
  state.activity = read_file(folder + "syscall", ec);
  const bool is_hidden = ec || state.activity.empty();
  const std::string function = read_file(folder + "wchan", ec);
  state.waits = function.find("sigtimedwait") != function.npos;
  if (is_hidden)
  {
    state.known = !ec && !function.empty() && function != "0";
    state.activity = function;
    return state;
  }
  const char* const call = state.activity.c_str();
  char* next;
  const long number = std::strtol(call, &next, 10);
  state.known = true;
  if (next != call && number == SYS_rt_sigtimedwait)
    state.waits = true; // also where the kernel has no names of functions
  else if (state.waits) // unless it began to wait in between
    state.waits = read_file(folder + "syscall", ec) == state.activity;
  if (!state.waits)
    return state;
  ::sigset_t set;
  ::sigemptyset(&set);
  if (read_set(folder + "mem", std::strtoul(next, nullptr, 16), set))
  {
    state.set.emplace();
    for (const int n : mask)
      if (::sigismember(&set, n) == 1)
        state.set->add(n);
  }
  return state;
}

} // namespace detail

thread_audit::thread_audit(const signal_mask& mask, ::pid_t pid)
  : mask_(mask),
    pid_(pid)
{
  const boost::system::error_code ec = look();
  if (ec)
    detail::throw_error(
        ec, std::string("thread_audit of process ") + std::to_string(pid));
}

thread_audit::thread_audit(
    const signal_mask& mask, ::pid_t pid, boost::system::error_code& ec)
  : mask_(mask),
    pid_(pid)
{
  ec = look();
  if (ec)
    clear();
}

std::vector<thread_state> thread_audit::unblocked() const
{
  return threads_with(&thread_state::unblocked);
}

std::vector<thread_state> thread_audit::stranded() const
{
  return threads_with(&thread_state::stranded);
}

boost::system::error_code thread_audit::look()
{
  if (pid_ < 1)
    return detail::system_error_code(EINVAL);
  boost::system::error_code ec;
  const std::vector<int> ids = detail::numbers_in(folder(), ec);
  if (detail::is_gone(ec))
    return why_absent();
  std::vector<::pid_t> guessed;
  for (auto id = ids.begin(); id != ids.end() && !ec; ++id)
    ec = look_at_thread(*id, guessed);
  for (thread_state& thread : threads_)
    if (std::find(guessed.begin(), guessed.end(), thread.id) != guessed.end())
      limit_guess(thread);
  // The main thread has the process's ID, not always the lowest.
  const auto main = std::find_if(threads_.begin(), threads_.end(),
      [this](const thread_state& thread) { return thread.id == pid_; });
  if (main != threads_.end())
    std::rotate(threads_.begin(), main, main + 1);
  if (!ec && threads_.empty() && ::kill(pid_, 0) == -1)
    ec = detail::system_error_code(errno);
  // A thread that has ended meanwhile has none: the next one has the same.
  for (auto thread = threads_.begin(); thread != threads_.end() && !ec;
      ++thread)
  {
    ec = look_at_descriptors(thread->id);
    if (!detail::is_gone(ec))
      break;
    ec = {};
  }
  if (!ec)
    look_for_bypassed();
  return ec;
}

boost::system::error_code thread_audit::look_at_thread(
    ::pid_t id, std::vector<::pid_t>& guessed)
{
  const std::string path = folder(id);
  detail::sigwait_state wait;
  std::string status;
  signal_mask blocked;
  // What the kernel shows to be unblocked while a thread waits stays so until
  // the thread has woken up, when nobody tells any more that it waited. Certain
  // is what is seen of a thread that sleeps all the while; of another, all that
  // it is ever seen to block is taken for blocked, and what it is seen to wait
  // for for awaited.
  std::string first;
  for (int attempt = 0; attempt < 50; ++attempt)
  {
    boost::system::error_code ec;
    const std::string before = detail::read_file(path + "status", ec);
    const detail::sigwait_state now = detail::sigwait_of(path, mask_);
    if (!ec)
      status = detail::read_file(path + "status", ec);
    const detail::sigwait_state then = detail::sigwait_of(path, mask_);
    if (ec)
      return detail::is_gone(ec) ? boost::system::error_code() : ec;
    const bool certain = id == ::gettid()
        || (detail::slept(before, status) && now.activity == then.activity
            && now.activity.substr(0, 7) != "running");
    if (certain)
      blocked.clear();
    for (const detail::sigwait_state& seen : {now, then})
      if (certain || seen.waits || !wait.known)
        wait = seen;
    blocked = blocked
        | detail::signals_in(detail::field(status, "SigBlk"), mask_);
    if (certain || blocked == mask_)
      break;
    // One that has not slept for a while does not wait by turns.
    if (attempt == 0)
      first = status;
    if (attempt >= 7 && detail::has_same_sleeps(first, status))
      break;
    ::usleep(1000);
  }
  const std::string_view state = detail::field(status, "State");
  if (state.empty() || state[0] == 'Z' || state[0] == 'X')
    return {};

  const auto signals = [&](const char* key) {
    return detail::signals_in(detail::field(status, key), mask_);
  };
  const signal_mask none;
  thread_state thread;
  thread.id = id;
  thread.name = detail::unescaped(detail::field(status, "Name"));
  thread.blocked = blocked;
  if (wait.waits)
    thread.awaited = wait.set ? *wait.set : mask_ - thread.blocked;
  else if (wait.known)
    thread.awaited.emplace();
  if (wait.waits && !wait.set)
    guessed.push_back(id);
  thread.blocked = thread.blocked | thread.awaited.value_or(none);
  thread.unblocked = mask_ - thread.blocked;
  thread.pending = signals("SigPnd");
  thread.stranded = thread.pending - thread.unblocked
      - thread.awaited.value_or(none);
  threads_.push_back(std::move(thread));
  // The same in every thread's file.
  pending_ = signals("ShdPnd");
  caught_ = signals("SigCgt");
  ignored_ = signals("SigIgn");
  return {};
}

void thread_audit::limit_guess(thread_state& thread) const
{
  const signal_mask guess = *thread.awaited;
  for (const thread_state& other : threads_)
  {
    const signal_mask elsewhere = guess & other.unblocked;
    *thread.awaited = *thread.awaited - elsewhere;
    thread.blocked = thread.blocked - elsewhere;
    thread.unblocked = thread.unblocked | elsewhere;
  }
}

boost::system::error_code thread_audit::look_at_descriptors(::pid_t id)
{
  const std::string path = folder(id) + "fdinfo";
  boost::system::error_code ec;
  const std::vector<int> descriptors = detail::numbers_in(path, ec);
  if (ec)
    return ec;
  for (const int descriptor : descriptors)
  {
    boost::system::error_code closed;
    const std::string info = detail::read_file(
        path + '/' + std::to_string(descriptor), closed);
    if (closed && !detail::is_gone(closed))
      return closed;
    const signal_mask mask = detail::signals_in(
        detail::field(info, "sigmask"), mask_);
    if (!mask.empty())
      signalfds_.push_back({descriptor, mask});
  }
  return {};
}

void thread_audit::look_for_bypassed()
{
  signal_mask taken;
  signal_mask unblocked;
  for (const signalfd_state& fd : signalfds_)
    taken = taken | fd.mask;
  for (const thread_state& thread : threads_)
  {
    taken = taken | thread.awaited.value_or(signal_mask());
    unblocked = unblocked | thread.unblocked;
  }
  taken = taken & caught_;
  bypassed_ = taken - unblocked;
  if (pid_ != ::getpid())
    return;
  const signal_mask called = detail::mask_of(detail::watchers().handled());
  bypassed_.clear();
  for (const int n : taken - called)
    if (const auto own = detail::handlers.program_action_of(n);
        own.has_handler() && (own.is_under_ours || !unblocked.contains(n)))
      bypassed_.add(n);
}

boost::system::error_code thread_audit::why_absent() const noexcept
{
  // /proc may be missing, or hide the processes of others (proc(5), hidepid).
  return detail::system_error_code(::kill(pid_, 0) == -1 ? errno : ENOENT);
}

std::vector<thread_state> thread_audit::threads_with(
    signal_mask thread_state::* member) const
{
  std::vector<thread_state> found;
  for (const thread_state& thread : threads_)
    if (!(thread.*member).empty())
      found.push_back(thread);
  return found;
}

std::string thread_audit::folder() const
{
  std::string path("/proc/");
  path += std::to_string(pid_);
  path += "/task/";
  return path;
}

std::string thread_audit::folder(::pid_t id) const
{
  return folder() + std::to_string(id) + '/';
}

void thread_audit::clear() noexcept
{
  threads_.clear();
  signalfds_.clear();
  pending_.clear();
  caught_.clear();
  bypassed_.clear();
  ignored_.clear();
}

} // namespace sigfd

#endif // SIGFD_IMPL_THREAD_AUDIT_IPP
