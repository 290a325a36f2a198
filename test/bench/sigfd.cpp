// sigfd itself.

#include <sigfd/signal_fd.hpp>

#include "in_coroutine.hpp"
#include "io_context_contestant.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_info;

using context_executor = net::io_context::executor_type;

// The value that came with a signal. Unlike info.value(), this does not check
// that there is one: the handlers of the other contestants do not, either.
int value_of(const signal_info& info)
{
  return info.native().ssi_int;
}

// A signal_fd, before it is known how it is waited for.
template <typename Executor, sigfd::source Source>
class open_signals : public bench::io_context_contestant
{
public:
  explicit open_signals(bench::receiver& receive,
      bench::context_ptr context = std::make_shared<net::io_context>())
    : io_context_contestant(std::move(context)),
      receive_(receive)
  {
  }

  void subscribe(int signal_number) override
  {
    signals_.open({signal_number}, {.source = Source});
  }

protected:
  void cancel() override
  {
    signals_.cancel();
  }

  bench::receiver& receive_;
  sigfd::basic_signalfd<Executor> signals_{context_};
};

template <typename Executor, sigfd::source Source = sigfd::source::automatic>
class callback : public open_signals<Executor, Source>
{
public:
  using open_signals<Executor, Source>::open_signals;

private:
  void start_waiting() override
  {
    this->signals_.async_wait(
        [this](const error_code& ec, const signal_info& info) {
          if (this->ok(ec) && this->receive_.record(value_of(info)))
            start_waiting();
        });
  }
};

class awaitable : public bench::in_coroutine<
                      open_signals<context_executor, sigfd::source::automatic>>
{
public:
  using in_coroutine::in_coroutine;

private:
  in_coroutine::awaitable watch() override
  {
    for (;;)
    {
      // g++ 12 makes wrong code where this is in the condition of a loop.
      const signal_info info = co_await signals_.async_wait(token());
      if (!receive_.record(value_of(info)))
        co_return;
    }
  }

  in_coroutine::awaitable watch_and_cancel() override
  {
    return cancel_each([this](auto as) { return signals_.async_wait(as); });
  }
};

template <sigfd::source Source>
class some64 : public open_signals<context_executor, Source>
{
public:
  using open_signals<context_executor, Source>::open_signals;

private:
  void start_waiting() override
  {
    this->signals_.async_wait_some(
        infos_, [this](const error_code& ec, std::size_t count) {
          if (this->ok(ec) && record(std::span(infos_).first(count)))
            start_waiting();
        });
  }

  bool record(std::span<const signal_info> infos)
  {
    for (const signal_info& info : infos)
      if (!this->receive_.record(value_of(info)))
        return false;
    return true;
  }

  std::array<signal_info, 64> infos_;
};

} // namespace

// One of these is the program: the one that CMakeLists.txt names. With others
// in its unit, a compiler would inline other functions, and what one costs
// would change with which others there are.
namespace contestants {

using bench::make;
using bench::make_beside;
using bench::sees;
using bench::taken_by;
using sigfd::source;

inline bench::entry callback()
{
  using type = ::callback<context_executor>;
  return {
      "callback", make<type>, sees::value, taken_by::loop, make_beside<type>};
}

inline bench::entry callback_any()
{
  return {"callback_any", make<::callback<net::any_io_executor>>};
}

inline bench::entry awaitable()
{
  return {"awaitable", make<::awaitable>};
}

inline bench::entry some64()
{
  return {"some64", make<::some64<source::automatic>>};
}

inline bench::entry pipe()
{
  using type = ::callback<context_executor, source::pipe>;
  return {"pipe", make<type>, sees::value, taken_by::thread, make_beside<type>};
}

inline bench::entry pipe_some64()
{
  return {"pipe_some64", make<::some64<source::pipe>>, sees::value,
      taken_by::thread};
}

} // namespace contestants

int main(int argc, char** argv)
{
  return bench::run(argc, argv, {contestants::SIGFD_BENCH_CONTESTANT()});
}
