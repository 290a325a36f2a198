// What Boost.Asio offers: signal_set, and a signalfd in a stream_descriptor.

#include "in_coroutine.hpp"
#include "io_context_contestant.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

namespace {

namespace net = boost::asio;
using boost::system::error_code;

// As nearly everywhere here: any_io_executor, the default, costs more.
using context_executor = net::io_context::executor_type;

class signal_set : public bench::io_context_contestant
{
public:
  explicit signal_set(bench::receiver& receive,
      bench::context_ptr context = std::make_shared<net::io_context>())
    : io_context_contestant(std::move(context)),
      receive_(receive)
  {
  }

  void subscribe(int signal_number) override
  {
    signals_.add(signal_number);
  }

private:
  void start_waiting() override
  {
    signals_.async_wait([this](const error_code& ec, int) {
      if (ok(ec) && receive_.record())
        start_waiting();
    });
  }

  void cancel() override
  {
    signals_.cancel();
  }

  bench::receiver& receive_;
  net::basic_signal_set<context_executor> signals_{context_};
};

// A signalfd by hand.
template <typename Executor>
class signalfd_descriptor : public bench::io_context_contestant
{
public:
  explicit signalfd_descriptor(bench::receiver& receive)
    : receive_(receive)
  {
  }

  void subscribe(int signal_number) override
  {
    ::sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, signal_number);
    bench::block(signal_number);
    descriptor_.assign(bench::checked(
        ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC), "signalfd"));
  }

protected:
  void cancel() override
  {
    descriptor_.cancel();
  }

  // Where it is known to be readable.
  bool read()
  {
    ::signalfd_siginfo info;
    return ::read(descriptor_.native_handle(), &info, sizeof info)
        != sizeof info
        || receive_.record(info.ssi_int);
  }

  bench::receiver& receive_;
  net::posix::basic_stream_descriptor<Executor> descriptor_{context_};
};

// Reads when the operation starts, so a record can be lost with the operation.
template <std::size_t Records, typename Executor = context_executor>
class read_some : public signalfd_descriptor<Executor>
{
public:
  using signalfd_descriptor<Executor>::signalfd_descriptor;

private:
  void start_waiting() override
  {
    this->descriptor_.async_read_some(
        net::buffer(infos_), [this](const error_code& ec, std::size_t size) {
          if (this->ok(ec) && record(size / sizeof(::signalfd_siginfo)))
            start_waiting();
        });
  }

  bool record(std::size_t count)
  {
    for (std::size_t i = 0; i < count; ++i)
      if (!this->receive_.record(infos_[i].ssi_int))
        return false;
    return true;
  }

  std::array<::signalfd_siginfo, Records> infos_;
};

class awaitable_read1
  : public bench::in_coroutine<signalfd_descriptor<context_executor>>
{
public:
  using in_coroutine::in_coroutine;

private:
  template <typename Token>
  auto read_one(Token as)
  {
    return descriptor_.async_read_some(net::buffer(&info_, sizeof info_), as);
  }

  awaitable watch() override
  {
    do
      co_await read_one(token());
    while (receive_.record(info_.ssi_int));
  }

  awaitable watch_and_cancel() override
  {
    return cancel_each([this](auto as) { return read_one(as); });
  }

  ::signalfd_siginfo info_;
};

// Reads when the descriptor is known to be readable.
class wait_read1 : public signalfd_descriptor<context_executor>
{
public:
  using signalfd_descriptor::signalfd_descriptor;

private:
  void start_waiting() override
  {
    descriptor_.async_wait(
        net::posix::descriptor_base::wait_read, [this](const error_code& ec) {
          if (ok(ec) && read())
            start_waiting();
        });
  }
};

class awaitable_wait_read1
  : public bench::in_coroutine<signalfd_descriptor<context_executor>>
{
public:
  using in_coroutine::in_coroutine;

private:
  template <typename Token>
  auto wait(Token as)
  {
    return descriptor_.async_wait(net::posix::descriptor_base::wait_read, as);
  }

  awaitable watch() override
  {
    do
      co_await wait(token());
    while (read());
  }

  awaitable watch_and_cancel() override
  {
    return cancel_each([this](auto as) { return wait(as); });
  }
};

} // namespace

// One of these is the program: the one that CMakeLists.txt names. With others
// in its unit, a compiler would inline other functions, and what one costs
// would change with which others there are.
namespace contestants {

inline bench::entry signal_set()
{
  return {"signal_set", bench::make<::signal_set>, bench::sees::number,
      bench::taken_by::loop, bench::make_beside<::signal_set>};
}

inline bench::entry read_some1()
{
  return {"read_some1", bench::make<read_some<1>>};
}

inline bench::entry read_some1_any()
{
  return {"read_some1_any", bench::make<read_some<1, net::any_io_executor>>};
}

inline bench::entry awaitable_read1()
{
  return {"awaitable_read1", bench::make<::awaitable_read1>};
}

inline bench::entry read_some64()
{
  return {"read_some64", bench::make<read_some<64>>};
}

inline bench::entry wait_read1()
{
  return {"wait_read1", bench::make<::wait_read1>};
}

inline bench::entry awaitable_wait_read1()
{
  return {"awaitable_wait_read1", bench::make<::awaitable_wait_read1>};
}

} // namespace contestants

int main(int argc, char** argv)
{
  return bench::run(argc, argv, {contestants::SIGFD_BENCH_CONTESTANT()});
}
