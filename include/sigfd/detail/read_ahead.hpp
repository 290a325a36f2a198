//
// detail/read_ahead.hpp
// ~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_READ_AHEAD_HPP
#define SIGFD_DETAIL_READ_AHEAD_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/read_siginfo.hpp>
#include <sigfd/signal_info.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace sigfd::detail {

// Records that were read from a descriptor before somebody asked for them, so
// that one read(2) serves many. In their order; they are undelivered, and who
// ends this has to see to them.
class read_ahead
{
public:
  // How many it holds: as many as are written to a pipe in one piece (PIPE_BUF,
  // pipe(7)).
  static constexpr std::size_t capacity = 32;

  bool empty() const noexcept
  {
    return begin_ == end_;
  }

  // When empty: reads what there is; how many, or -errno.
  std::ptrdiff_t fill(int fd) noexcept
  {
    const std::ptrdiff_t count = read_siginfo(fd, infos_);
    begin_ = 0;
    end_ = count > 0 ? static_cast<std::size_t>(count) : 0;
    return count;
  }

  // Moves as many as there are and fit to the front of infos; how many.
  std::size_t take(std::span<signal_info> infos) noexcept
  {
    const std::size_t count = std::min(infos.size(), end_ - begin_);
    std::copy_n(infos_.data() + begin_, count, infos.data());
    begin_ += count;
    return count;
  }

private:
  std::array<signal_info, capacity> infos_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_READ_AHEAD_HPP
