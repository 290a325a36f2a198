//
// detail/signalfd_service.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_SIGNALFD_SERVICE_HPP
#define SIGFD_DETAIL_SIGNALFD_SERVICE_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/system_error.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/system/error_code.hpp>

#include <mutex>

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
      boost::asio::execution_context::fork_event event) noexcept = 0;

protected:
  virtual ~service_member() = default; // virtual only to please compilers

private:
  friend class signalfd_service;

  service_member* previous_ = nullptr;
  service_member* next_ = nullptr;
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

  explicit signalfd_service(boost::asio::execution_context& context)
    : boost::asio::execution_context::service(context)
  {
  }

  // Adds a member.
  void enroll(service_member& member) noexcept
  {
    const std::lock_guard lock(mutex_);
    member.next_ = first_;
    if (first_ != nullptr)
      first_->previous_ = &member;
    first_ = &member;
  }

  // Takes a member out of the list again; it must be in it.
  void withdraw(service_member& member) noexcept
  {
    const std::lock_guard lock(mutex_);
    unlink(member);
  }

private:
  void unlink(service_member& member) noexcept
  {
    if (member.next_ != nullptr)
      member.next_->previous_ = member.previous_;
    if (member.previous_ != nullptr)
      member.previous_->next_ = member.next_;
    else
      first_ = member.next_;
    member.previous_ = member.next_ = nullptr;
  }

  void shutdown() override
  {
    while (service_member* member = first_)
    {
      withdraw(*member);
      member->shutdown();
    }
  }

  void notify_fork(
      boost::asio::execution_context::fork_event event) override
  {
    boost::system::error_code error;
    {
      const std::lock_guard lock(mutex_);
      for (auto* member = first_; member != nullptr; member = member->next_)
        if (const auto ec = member->notify_fork(event))
          error = ec;
    }
    throw_error(error, "signal_fd::notify_fork");
  }

  std::mutex mutex_;
  service_member* first_ = nullptr;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_SIGNALFD_SERVICE_HPP
