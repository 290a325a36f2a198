// What tests of opening and closing have to do with an object.

#ifndef SIGFD_TEST_SUPPORT_OPEN_CLOSE_HPP
#define SIGFD_TEST_SUPPORT_OPEN_CLOSE_HPP

#include <sigfd/signal_fd.hpp>

#include "unblock.hpp"
#include "wait_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/error_code.hpp>

#include <signal.h>
#include <unistd.h>

namespace support {

// Sends a signal to this process, and takes it from the object.
inline bool gets(sigfd::signal_fd& signals, int number)
{
  if (::kill(::getpid(), number) == -1)
    return false;
  boost::system::error_code ec;
  return wait_until([&] {
    const auto info = signals.try_wait(ec);
    return ec || (info && info->number() == number);
  }) && !ec;
}

// A context that has its descriptors. Unblocks what a test made the library
// block.
struct open_close_fixture
{
  boost::asio::io_context context;
  // Makes the reactor and its descriptors, which stay.
  boost::asio::posix::stream_descriptor unused{context};

  ~open_close_fixture()
  {
    unblock_all();
  }
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_OPEN_CLOSE_HPP
