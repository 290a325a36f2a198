// A process that receives signals, to which others do something meanwhile.

#ifndef SIGFD_TEST_ENVIRONMENT_RECEIVER_HPP
#define SIGFD_TEST_ENVIRONMENT_RECEIVER_HPP

#include <sigfd/signal_fd.hpp>

#include "support/source.hpp"

#include <boost/asio/io_context.hpp>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <stdexcept>
#include <vector>

namespace environment {

// A pipe to tell another process numbers.
class channel
{
public:
  channel()
  {
    if (::pipe2(ends_.data(), O_CLOEXEC) == -1)
      throw std::runtime_error("pipe2 failed");
  }

  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;

  ~channel()
  {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  bool tell(int value = 0) const
  {
    return ::write(ends_[1], &value, sizeof value) == sizeof value;
  }

  // What was told; -1 if that fails.
  int hear() const
  {
    int value = 0;
    return ::read(ends_[0], &value, sizeof value) == sizeof value ? value : -1;
  }

private:
  std::array<int, 2> ends_{};
};

// How a process waits: in epoll_wait(2), or in poll(2). With source::pipe its
// thread waits beside that, in rt_sigtimedwait(2).
enum class way
{
  asynchronous,
  blocking
};

inline constexpr std::initializer_list<way> ways{
    way::asynchronous, way::blocking};

// The values of so many signals, as they come; fewer at an error.
inline std::vector<int> receive(boost::asio::io_context& context,
    sigfd::signal_fd& signals, way how, std::size_t count)
{
  std::vector<int> values;
  boost::system::error_code ec;
  while (values.size() < count && !ec)
  {
    sigfd::signal_info info;
    if (how == way::blocking)
      info = signals.wait(ec);
    else
    {
      signals.async_wait(
          [&](boost::system::error_code error, const sigfd::signal_info& i) {
            ec = error;
            info = i;
          });
      context.restart();
      context.run();
    }
    const auto value = info.value();
    if (!ec)
      values.push_back(value ? value->sival_int : -1);
  }
  return values;
}

// Whether they are 0, 1, 2 and so on, each once.
inline bool are_all(std::vector<int> values, std::size_t count)
{
  std::sort(values.begin(), values.end());
  if (values.size() != count)
    return false;
  for (std::size_t i = 0; i < count; ++i)
    if (values[i] != static_cast<int>(i))
      return false;
  return true;
}

} // namespace environment

#endif // SIGFD_TEST_ENVIRONMENT_RECEIVER_HPP
