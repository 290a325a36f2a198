// The copy of the library in the object file that includes this, once.

#ifndef SIGFD_TEST_PLUGIN_THIS_COPY_HPP
#define SIGFD_TEST_PLUGIN_THIS_COPY_HPP

#include <sigfd/signal_fd.hpp>
#include <sigfd/stray_counts.hpp>

#include "copy.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>
#include <memory>

namespace plugin_test {
namespace {

// On the heap, so that unloading destroys nothing.
struct object
{
  boost::asio::io_context context;
  sigfd::signal_fd signals{context};
  sigfd::signal_info info;
};

object* current = nullptr;

object& get()
{
  if (current == nullptr)
    current = new object;
  return *current;
}

received describe(const sigfd::signal_info& info)
{
  const auto value = info.value();
  return {info.number(), info.code(), value ? value->sival_int : 0};
}

constexpr copy this_copy{
    .open =
        [](int number, bool pipe) {
          get().signals.open({number},
              {.source = pipe ? sigfd::source::pipe : sigfd::source::kernel});
        },
    .open_to_compete =
        [](int number, bool pipe) {
          get().signals.open({number},
              {.source = pipe ? sigfd::source::pipe : sigfd::source::kernel,
                  .delivery = sigfd::delivery_policy::one});
        },
    .add_with_flags =
        [](int number, int f) {
          boost::system::error_code ec;
          get().signals.add(
              number, static_cast<sigfd::signal_fd::flags>(f), ec);
          return ec.value();
        },
    .close =
        [] {
          delete current;
          current = nullptr;
        },
    .native_handle = [] { return get().signals.native_handle(); },
    .start_wait =
        [] {
          get().info = {};
          get().signals.async_wait(
              [](boost::system::error_code, const sigfd::signal_info& info) {
                current->info = info;
              });
          get().context.restart();
          get().context.poll();
        },
    .finish_wait =
        [](received& taken) {
          get().context.restart();
          get().context.run_for(support::patience());
          taken = describe(get().info);
          return taken.number != 0;
        },
    .try_wait =
        [](received& taken) {
          const auto info = get().signals.try_wait();
          if (info)
            taken = describe(*info);
          return info.has_value();
        },
    .caught = [] { return sigfd::count_strays().caught; }};

} // namespace
} // namespace plugin_test

#endif // SIGFD_TEST_PLUGIN_THIS_COPY_HPP
