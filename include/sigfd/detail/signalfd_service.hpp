//
// detail/signalfd_service.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_SIGNALFD_SERVICE_HPP
#define SIGFD_DETAIL_SIGNALFD_SERVICE_HPP

#include <sigfd/detail/config.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>
#include <mutex>
#include <vector>

namespace sigfd::detail {

// What an execution_context has to reach: an open object, in the list of the
// context's signalfd_service.
class service_member
{
public:
  service_member() noexcept = default;
  service_member(const service_member&) = delete;
  service_member& operator=(const service_member&) = delete;

  // The context is being destroyed. Called once, without locks, and no longer
  // a member by then; everything that belongs to the context has to go now.
  virtual void shutdown() noexcept = 0;

  // The process forks: see boost::asio::execution_context::notify_fork. An
  // error says that the member is closed now.
  virtual boost::system::error_code notify_fork(
      boost::asio::execution_context::fork_event event) noexcept
      = 0;

protected:
  virtual ~service_member() = default; // virtual only to please compilers
};

// Knows the open objects of an execution_context.
//
// Services are shut down and told of a fork in the order of their creation,
// newest first for shutdown and before a fork, oldest first after it. Whoever
// makes this one must have made the reactor's before, by constructing a
// descriptor: so the reactor is still there when the open objects are shut
// down, and there again when they are told that this is the child.
class signalfd_service final : public boost::asio::execution_context::service
{
public:
  using key_type = signalfd_service;

  static inline boost::asio::execution_context::id id;

  SIGFD_DECL explicit signalfd_service(boost::asio::execution_context& context);

  // Adds a member.
  SIGFD_DECL void add(service_member& member);

  // Takes a member out of the list again.
  SIGFD_DECL void remove(service_member& member) noexcept;

private:
  SIGFD_DECL void shutdown() override;

  SIGFD_DECL void notify_fork(
      boost::asio::execution_context::fork_event event) override;

  std::uint32_t owner_;
  std::mutex mutex_;
  std::vector<service_member*> members_;
};

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/signalfd_service.ipp)

#endif // SIGFD_DETAIL_SIGNALFD_SERVICE_HPP
