//
// detail/wait_handle.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_WAIT_HANDLE_HPP
#define SIGFD_DETAIL_WAIT_HANDLE_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/wait_memory.hpp>

#include <boost/system/error_code.hpp>

#include <utility>

namespace sigfd::detail {

class wait_op;

// What Asio has of an operation: one pointer, that owns it. It may be moved and
// allocated for while the object's mutex is held: no code of the user's. Its
// type is always the same, so Asio's code for it exists once in a program.
class wait_handle
{
public:
  using allocator_type = wait_allocator<void>;

  explicit wait_handle(wait_op* op) noexcept
    : op_(op)
  {
  }

  wait_handle(wait_handle&& other) noexcept
    : op_(other.release())
  {
  }

  ~wait_handle()
  {
    if (op_ != nullptr)
      destroy(release());
  }

  wait_op* release() noexcept
  {
    return std::exchange(op_, nullptr);
  }

  allocator_type get_allocator() const noexcept;

  // Goes on with the operation.
  void operator()(const boost::system::error_code& ec = {});

private:
  // Only where the operation's context ends before it.
  [[gnu::cold]] static void destroy(wait_op* op) noexcept;

  wait_op* op_;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_WAIT_HANDLE_HPP
