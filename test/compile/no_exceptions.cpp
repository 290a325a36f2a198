// Compiled with -fno-exceptions: the library is used by its overloads with an
// error_code, and what would be thrown goes to boost::throw_exception, which is
// defined here. Without Boost.Test, which throws.

#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/assert/source_location.hpp>
#include <boost/throw_exception.hpp>

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <string_view>

namespace {

// What boost::throw_exception has to contain, from here on.
std::string_view expected;

[[noreturn]] void end(const std::exception& e)
{
  const std::string_view what = e.what();
  std::cout << "thrown: " << what << std::endl;
  std::exit(expected.empty() || what.find(expected) == what.npos ? 1 : 0);
}

void check(bool condition, const char* what)
{
  if (condition)
    return;
  std::cout << "failed: " << what << std::endl;
  std::exit(1);
}

} // namespace

void boost::throw_exception(const std::exception& e)
{
  end(e);
}

void boost::throw_exception(
    const std::exception& e, const boost::source_location&)
{
  end(e);
}

int main()
{
  boost::system::error_code ec;
  sigfd::signal_mask mask;
  mask.add(SIGKILL, ec);
  check(ec == boost::asio::error::invalid_argument, "SIGKILL is refused");
  mask.add(SIGUSR1, ec);
  check(!ec, "SIGUSR1 is accepted");

  for (const auto source : {sigfd::source::kernel, sigfd::source::pipe})
  {
    boost::asio::io_context context;
    sigfd::signal_fd signals(context);
    signals.open(mask, {.source = source}, ec);
    check(!ec, "open");
    signals.open(mask, {.source = source}, ec);
    check(ec == boost::asio::error::already_open, "not open twice");

    ::kill(::getpid(), SIGUSR1);
    check(signals.wait(ec) == SIGUSR1 && !ec, "wait");
    check(!signals.try_wait(ec) && !ec, "nothing else is there");

    int heard = 0;
    signals.async_wait(
        [&](boost::system::error_code error, const sigfd::signal_info& info) {
          heard = error ? -1 : info.number();
        });
    ::kill(::getpid(), SIGUSR1);
    context.run();
    check(heard == SIGUSR1, "async_wait");

    std::array<sigfd::signal_info, 2> infos;
    ::kill(::getpid(), SIGUSR1);
    check(signals.wait_some(infos, ec) == 1 && !ec, "wait_some");
    signals.close(ec);
    check(!ec, "close");
  }

  // Last, since it does not return.
  expected = "SIGKILL (9) cannot be caught";
  mask.add(SIGKILL);
  check(false, "an exception was thrown");
}
