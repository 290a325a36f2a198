// What Boost.Asio offers: signal_set, and a signalfd in a stream_descriptor.

#include "io_context_contestant.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cstddef>

namespace {

namespace net = boost::asio;
using boost::system::error_code;

// With the executor of an io_context, as everywhere here: any_io_executor, the
// default, costs more.
class signal_set : public bench::io_context_contestant
{
public:
  explicit signal_set(bench::receiver& receive)
    : receive_(receive)
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
  net::basic_signal_set<net::io_context::executor_type> signals_{context_};
};

// A signalfd by hand.
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

  bench::receiver& receive_;
  net::posix::basic_stream_descriptor<net::io_context::executor_type>
      descriptor_{context_};
};

// Reads when the operation starts, so a record can be lost with the operation.
template <std::size_t Records>
class read_some : public signalfd_descriptor
{
public:
  using signalfd_descriptor::signalfd_descriptor;

private:
  void start_waiting() override
  {
    descriptor_.async_read_some(net::buffer(infos_),
        [this](const error_code& ec, std::size_t size) {
          if (ok(ec) && record(size / sizeof(::signalfd_siginfo)))
            start_waiting();
        });
  }

  bool record(std::size_t count)
  {
    for (std::size_t i = 0; i < count; ++i)
      if (!receive_.record(infos_[i].ssi_int))
        return false;
    return true;
  }

  std::array<::signalfd_siginfo, Records> infos_;
};

// Reads when the descriptor is known to be readable.
class wait_read1 : public signalfd_descriptor
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

  bool read()
  {
    ::signalfd_siginfo info;
    return ::read(descriptor_.native_handle(), &info, sizeof info)
        != sizeof info
        || receive_.record(info.ssi_int);
  }
};

} // namespace

int main(int argc, char** argv)
{
  using bench::make;
  return bench::run(argc, argv,
      {{"signal_set", make<signal_set>, bench::sees::number},
          {"read_some1", make<read_some<1>>},
          {"read_some64", make<read_some<64>>},
          {"wait_read1", make<wait_read1>}});
}
