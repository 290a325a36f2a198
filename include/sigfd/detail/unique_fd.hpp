//
// detail/unique_fd.hpp
// ~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_UNIQUE_FD_HPP
#define SIGFD_DETAIL_UNIQUE_FD_HPP

#include <sigfd/detail/config.hpp>

#include <unistd.h>

#include <utility>

namespace sigfd::detail {

// Owns a file descriptor until it is released.
class unique_fd
{
public:
  // Owns nothing.
  unique_fd() noexcept = default;

  // Owns fd, or nothing if fd is -1.
  explicit unique_fd(int fd) noexcept
    : fd_(fd)
  {
  }

  unique_fd(unique_fd&& other) noexcept
    : fd_(other.release())
  {
  }

  unique_fd& operator=(unique_fd&& other) noexcept
  {
    reset(other.release());
    return *this;
  }

  ~unique_fd()
  {
    reset();
  }

  // Whether a descriptor is owned.
  explicit operator bool() const noexcept
  {
    return fd_ != -1;
  }

  // The descriptor, or -1.
  int get() const noexcept
  {
    return fd_;
  }

  // Gives the descriptor up to the caller.
  int release() noexcept
  {
    return std::exchange(fd_, -1);
  }

  // Closes what is owned and owns fd instead.
  void reset(int fd = -1) noexcept
  {
    if (const int old = std::exchange(fd_, fd); old != -1)
      ::close(old);
  }

private:
  int fd_ = -1;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_UNIQUE_FD_HPP
