//
// detail/handler_registration.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_HANDLER_REGISTRATION_HPP
#define SIGFD_DETAIL_HANDLER_REGISTRATION_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/signal_mask.hpp>
#include <sigfd/signalfd_base.hpp>

#include <boost/system/error_code.hpp>

namespace sigfd::detail {

// The signals of an open object for which the handler of strays is installed on
// its behalf, and removed with it.
class handler_registration
{
public:
  handler_registration() noexcept = default;
  handler_registration(const handler_registration&) = delete;
  handler_registration& operator=(const handler_registration&) = delete;

  ~handler_registration()
  {
    set(signal_mask());
  }

  // To be called before the first registration; see handler_table.
  SIGFD_DECL static void stay_mapped() noexcept;

  // Adds a signal with flags for its action; EINVAL if they are in conflict
  // with those of another object.
  SIGFD_DECL void add(int number, signalfd_base::flags f,
      boost::system::error_code& ec) noexcept;

  // Registers these signals and no others.
  SIGFD_DECL void set(const signal_mask& mask) noexcept;

private:
  signal_mask mask_;
};

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/handler_registration.ipp)

#endif // SIGFD_DETAIL_HANDLER_REGISTRATION_HPP
