//
// detail/impl/signalfd_service.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_SIGNALFD_SERVICE_IPP
#define SIGFD_DETAIL_IMPL_SIGNALFD_SERVICE_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/fork_reset.hpp>
#include <sigfd/detail/signalfd_service.hpp>
#include <sigfd/detail/system_error.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/system/error_code.hpp>

#include <mutex>
#include <new>
#include <vector>

namespace sigfd::detail {

signalfd_service::signalfd_service(boost::asio::execution_context& context)
  : boost::asio::execution_context::service(context),
    owner_(this_process())
{
}

void signalfd_service::add(service_member& member)
{
  const std::lock_guard lock(mutex_);
  members_.push_back(&member);
}

void signalfd_service::remove(service_member& member) noexcept
{
  const std::lock_guard lock(mutex_);
  std::erase(members_, &member);
}

// In a child of fork(2) that nobody told, the list may be in any state.
void signalfd_service::shutdown()
{
  if (owner_ != this_process())
    ::new (&members_) std::vector<service_member*>;
  while (!members_.empty())
  {
    service_member* const member = members_.back();
    members_.pop_back();
    member->shutdown();
  }
}

void signalfd_service::notify_fork(
    boost::asio::execution_context::fork_event event)
{
  if (event == boost::asio::execution_context::fork_child)
    owner_ = this_process();
  boost::system::error_code error;
  {
    const std::lock_guard lock(mutex_);
    for (service_member* member : members_)
      if (const auto ec = member->notify_fork(event))
        error = ec;
  }
  throw_error(error, "signal_fd::notify_fork");
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_SIGNALFD_SERVICE_IPP
