//
// detail/impl/wait_op.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_WAIT_OP_IPP
#define SIGFD_DETAIL_IMPL_WAIT_OP_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/signalfd_impl.hpp>
#include <sigfd/detail/system_error.hpp>
#include <sigfd/detail/wait_handle.hpp>
#include <sigfd/detail/wait_op.hpp>
#include <sigfd/signal_info.hpp>

#include <boost/core/no_exceptions_support.hpp>
#include <boost/system/error_code.hpp>

#include <errno.h>

#include <cstddef>
#include <span>
#include <utility>

namespace sigfd::detail {

void wait_op::start()
{
  if (!infos_.empty() && !impl_->is_look_due() && wait())
    return;
  looks_first_ = true;
  is_away_ = true;
  impl_->post(wait_handle(this));
}

void wait_op::resume(const boost::system::error_code& ec)
{
  if (std::exchange(is_away_, false))
  {
    if (ec)
    {
      result_ = -ec.value();
      category_ = &ec.category();
    }
    if (go_ != nullptr)
    {
      go_(*this, step::dispatch);
      return;
    }
  }
  look();
}

wait_op::wait_op(complete_function complete, const signalfd_impl_ptr& impl,
    std::span<signal_info> infos) noexcept
  : complete_(complete),
    impl_(impl),
    infos_(infos)
{
  generation = impl->current_generation();
}

void wait_op::go_by(go_function go)
{
  go_ = go;
  impl_->add_work(*this);
}

void wait_op::end_relations() noexcept
{
  impl_->remove(*this);
  if (go_ != nullptr)
    go_(*this, step::finish);
}

boost::system::error_code wait_op::error() const noexcept
{
  if (result_ >= 0)
    return {};
  return {errno_of(result_),
      category_ != nullptr ? *category_ : boost::system::system_category()};
}

// On the handler's executor: completes, or waits until there may be
// something. What an operation is told of the reactor's wait does not count
// if it is ECANCELED: there may be another descriptor after a fork.
void wait_op::look()
{
  while (result_ == 0 || result_ == -ECANCELED)
  {
    result_ = impl_->take(*this, infos_);
    if (looks_first_)
      impl_->note_look(result_ > 0);
    looks_first_ = false;
    if (result_ != 0 || infos_.empty())
      break;
    if (wait())
      return;
  }
  complete_(*this, true);
}

bool wait_op::wait()
{
  SIGFD_PREEMPTION_POINT(about_to_wait);
  const signalfd_impl_ptr impl = impl_; // as long as this goes on
  is_away_ = true;
  wait_handle self(this);
  bool started = false;
  BOOST_TRY
  {
    started = impl->async_wait_readable(*this, self);
  }
  BOOST_CATCH(...)
  {
    self.release();
    complete_(*this, false);
    BOOST_RETHROW
  }
  BOOST_CATCH_END
  if (started)
    return true;
  self.release();
  is_away_ = false;
  return false;
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_WAIT_OP_IPP
