// A use of every part of the library, for the units of compile.two_units.

#ifndef SIGFD_TEST_COMPILE_EVERYTHING_HPP
#define SIGFD_TEST_COMPILE_EVERYTHING_HPP

#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>

#include <unistd.h>

#include <array>
#include <cstddef>
#include <sstream>
#include <string>

namespace everything {

// What a unit sees that has to be the same in every unit.
struct identity
{
  const boost::system::error_category* category;
  const boost::asio::execution_context::id* service_id;
  const void* service;

  friend bool operator==(const identity&, const identity&) = default;
};

inline identity identify(boost::asio::execution_context& context)
{
  using service = sigfd::detail::signalfd_service;
  return {&sigfd::error_category(), &service::id,
      &boost::asio::use_service<service>(context)};
}

// Hears a signal in every way there is; what was printed of it.
inline std::string hear(boost::asio::io_context& context, int signal_number)
{
  using boost::system::error_code;

  sigfd::signal_mask mask;
  mask.add(signal_number);
  sigfd::scoped_signal_block block(mask);
  sigfd::signal_fd signals(
      context, mask, {.mask = sigfd::mask_policy::require});
  std::ostringstream os;
  const auto send = [&] { ::kill(::getpid(), signal_number); };
  const auto print = [&](const sigfd::signal_info& info) {
    os << info.name() << ' ' << info.sender().has_value() << ' ';
  };

  send();
  print(signals.wait());
  send();
  print(*signals.try_wait());
  send();
  signals.async_wait(
      [&](error_code, const sigfd::signal_info& info) { print(info); });
  context.restart();
  context.run();
  send();
  std::array<sigfd::signal_info, 2> infos;
  signals.async_wait_some(
      infos, [&](error_code, std::size_t count) { os << count << ' '; });
  context.restart();
  context.run();
  print(infos[0]);

  signals.clear();
  signals.add(signal_number);
  signals.remove(signal_number);
  signals.update(mask);
  signals.cancel();
  sigfd::signal_fd moved(std::move(signals));
  if (sigfd::thread_audit(mask).threads().empty())
    os << " nobody ";
  os << moved.signals().contains(signal_number);
  return os.str();
}

} // namespace everything

#endif // SIGFD_TEST_COMPILE_EVERYTHING_HPP
