//
// detail/wait_op.hpp
// ~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_WAIT_OP_HPP
#define SIGFD_DETAIL_WAIT_OP_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/signalfd_impl.hpp>
#include <sigfd/detail/started_wait.hpp>
#include <sigfd/detail/wait_handle.hpp>
#include <sigfd/detail/wait_memory.hpp>
#include <sigfd/signal_info.hpp>

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <span>
#include <utility>

namespace sigfd::detail {

// The wait, as far as it is the same for all handlers: the only place that
// takes a record out of an open object on behalf of an operation.
//
// The invariant: a record is taken in the very call that completes the
// operation, after the last look at whether it was cancelled. So nothing that
// was taken can be thrown away by a cancellation, and a wait that loses
// against another operation leaves its signal pending. That is why the start
// takes nothing.
class wait_op : public started_wait
{
public:
  wait_op(const wait_op&) = delete;
  wait_op& operator=(const wait_op&) = delete;

  // Goes by the object's executor to the handler's and looks there, or waits at
  // once where nothing is expected.
  SIGFD_DECL void start();

  // Where Asio goes on with the operation: in the object's executor, in the
  // reactor's thread, or when that was another, in the handler's executor.
  SIGFD_DECL void resume(const boost::system::error_code& ec);

  // Ends without calling the handler.
  void destroy() noexcept
  {
    if (!starts) // else wait() does it
      complete_(*this, false);
  }

protected:
  // Goes to the handler's executor to look, or ends what there was for it.
  enum class step
  {
    dispatch,
    finish
  };

  using go_function = void (*)(wait_op& op, step next);

  // Destroys the operation, gives back its memory, which the handler may be the
  // last to need, and calls the handler.
  using complete_function = void (*)(wait_op& op, bool call);

  SIGFD_DECL wait_op(complete_function complete, const signalfd_impl_ptr& impl,
      std::span<signal_info> infos) noexcept;

  ~wait_op() = default;

  // For a handler whose executor is not in the reactor's threads.
  SIGFD_DECL void go_by(go_function go);

  // What the implementation is to know no longer; the memory is still its.
  signalfd_impl_ptr leave() noexcept
  {
    if (go_ != nullptr || id != 0 || waits)
      end_relations();
    return std::move(impl_);
  }

  const signalfd_impl_ptr& impl() const noexcept
  {
    return impl_;
  }

  // How the operation ended: how many records it has, or the error.
  std::size_t count() const noexcept
  {
    return result_ > 0 ? static_cast<std::size_t>(result_) : 0;
  }

  SIGFD_DECL boost::system::error_code error() const noexcept;

private:
  friend wait_handle;

  [[gnu::cold]] SIGFD_DECL void end_relations() noexcept;

  SIGFD_DECL void look();

  // Waits in the reactor; false if there may be something, or it was cancelled.
  SIGFD_DECL bool wait();

  wait_memory memory_;
  complete_function complete_;
  go_function go_ = nullptr; // none where the reactor's threads will do
  signalfd_impl_ptr impl_;
  std::span<signal_info> infos_;
  std::ptrdiff_t result_ = 0; // the count, or an error, negative
  const boost::system::error_category* category_ = nullptr; // not the system's
  bool is_away_ = false; // posted, or in the reactor
  bool looks_first_ = false; // without a wait before
};

inline void wait_handle::destroy(wait_op* op) noexcept
{
  op->destroy();
}

inline wait_handle::allocator_type wait_handle::get_allocator() const noexcept
{
  return allocator_type(op_ != nullptr ? &op_->memory_ : nullptr);
}

inline void wait_handle::operator()(const boost::system::error_code& ec)
{
  release()->resume(ec);
}

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/wait_op.ipp)

#endif // SIGFD_DETAIL_WAIT_OP_HPP
