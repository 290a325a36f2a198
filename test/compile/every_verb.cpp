// Every verb by its overload with an error_code, in a program that may be
// compiled with -fno-exceptions and -fno-rtti: so without Boost.Test, which
// needs both.

#include <sigfd.hpp>

#include "compile/ends_with.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <sstream>
#include <string_view>
#include <type_traits>
#include <utility>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_info;
using sigfd::signal_mask;

void check(bool condition, std::string_view what)
{
  if (condition)
    return;
  std::cout << "failed: " << what << std::endl;
  std::exit(1);
}

void send(int signal_number)
{
  check(::kill(::getpid(), signal_number) == 0, "kill");
}

void check_masks()
{
  error_code ec;
  signal_mask mask;
  mask.add(SIGKILL, ec);
  check(ec == net::error::invalid_argument, "SIGKILL is refused");
  mask.add(SIGUSR1, ec);
  check(!ec && mask.contains(SIGUSR1), "SIGUSR1 is accepted");
  std::ostringstream text;
  text << mask;
  check(text.str() == "{SIGUSR1}", "a mask is printed");
}

template <typename Signals>
void check_members(Signals& signals, sigfd::source source)
{
  error_code ec;
  signals.open({SIGUSR1}, {.source = source}, ec);
  check(!ec && signals.is_open(), "open");
  signals.open({SIGUSR1}, {.source = source}, ec);
  check(ec == net::error::already_open, "not open twice");
  check(signals.source() == source, "source");
  check(signals.native_handle() >= 0, "native_handle");
  signals.add(SIGUSR2, ec);
  check(!ec && signals.signals().contains(SIGUSR2), "add");
  signals.add(SIGCHLD, Signals::flags::no_child_stop, ec);
  check(!ec, "add with flags");
  signals.remove(SIGCHLD, ec);
  check(!ec && !signals.signals().contains(SIGCHLD), "remove");
  signals.clear(ec);
  check(!ec && signals.signals().empty(), "clear");
  signals.update({SIGUSR1, SIGUSR2}, ec);
  check(!ec && signals.signals().size() == 2, "update");
  check(signals.dropped() == 0, "dropped");
}

void run(net::io_context& context)
{
  context.restart();
  context.run();
}

template <typename Signals>
void check_waits(net::io_context& context, Signals& signals)
{
  error_code ec;
  send(SIGUSR1);
  check(signals.wait(ec) == SIGUSR1 && !ec, "wait");
  check(!signals.try_wait(ec) && !ec, "nothing else is there");
  std::array<signal_info, 2> infos;
  send(SIGUSR1);
  check(signals.wait_some(infos, ec) == 1 && !ec, "wait_some");
  check(signals.try_wait_some(infos, ec) == 0 && !ec, "try_wait_some");

  int heard = 0;
  signals.async_wait([&](const error_code& error, const signal_info& info) {
    heard = error ? -1 : info.number();
  });
  send(SIGUSR1);
  run(context);
  check(heard == SIGUSR1, "async_wait");
  signals.async_wait([&](const error_code& error, int number) {
    heard = error ? -1 : number;
  });
  send(SIGUSR2);
  run(context);
  check(heard == SIGUSR2, "async_wait that takes a number");

  std::size_t count = 0;
  signals.async_wait_some(infos,
      [&](const error_code& error, std::size_t n) { count = error ? 0 : n; });
  send(SIGUSR1);
  run(context);
  check(count == 1, "async_wait_some");

  error_code aborted;
  signals.async_wait(
      [&](const error_code& error, const signal_info&) { aborted = error; });
  signals.cancel(ec);
  run(context);
  check(!ec && aborted == net::error::operation_aborted, "cancel");
}

// Two objects hear of each other's signals.
template <typename Signals>
void check_two(net::io_context& context, Signals& first)
{
  error_code ec;
  Signals second(first.get_executor());
  second.open(first.signals(), {.source = first.source()}, ec);
  check(!ec, "a second object");
  send(SIGUSR1);
  int heard = 0;
  for (auto* signals : {&first, &second})
    signals->async_wait([&](const error_code& error, const signal_info&) {
      heard += error ? 0 : 1;
    });
  run(context);
  check(heard == 2, "both hear it");
}

template <typename Signals>
void check_all(net::io_context& context, Signals signals, sigfd::source source)
{
  check_members(signals, source);
  check_waits(context, signals);
  check_two(context, signals);
  Signals moved(std::move(signals));
  check(moved.is_open() && !signals.is_open(), "moved"); // NOLINT
  error_code ec;
  moved.close(ec);
  check(!ec && !moved.is_open(), "close");
}

void check_information()
{
  error_code ec;
  const signal_mask mask{SIGUSR1};
  const sigfd::thread_audit audit(mask, ::getpid(), ec);
  check(!ec && !audit.threads().empty(), "thread_audit");
  check(audit.unblocked().empty(), "what is watched is blocked");
  check(sigfd::count_strays().lost == 0, "count_strays");
  check(sigfd::signal_name(SIGTERM) == "SIGTERM", "signal_name");
}

void check_children()
{
  error_code ec;
  const sigfd::spawn_attributes attributes(ec);
  check(!ec, "spawn_attributes");
  const ::pid_t child = ::fork();
  if (child == 0)
  {
    sigfd::reset_signals();
    ::sigset_t blocked;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    ::_exit(sigismember(&blocked, SIGUSR1));
  }
  int status = 1;
  check(::waitpid(child, &status, 0) == child && status == 0, "reset_signals");
}

} // namespace

int main()
{
  check_masks();
  for (const auto source : {sigfd::source::kernel, sigfd::source::pipe})
  {
    net::io_context context;
    check_all(context, sigfd::signal_fd(context), source);
    check_all(context,
        sigfd::basic_signalfd<net::io_context::executor_type>(context), source);
    const auto strand = net::make_strand(context.get_executor());
    check_all(context,
        sigfd::basic_signalfd<std::remove_cv_t<decltype(strand)>>(strand),
        source);
  }
  check_information();
  check_children();
  // Last, since it may not return.
  return ends_with(
      [] { signal_mask().add(SIGKILL); }, "SIGKILL (9) cannot be caught");
}
