//
// impl/stray_counts.ipp
// ~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_IMPL_STRAY_COUNTS_IPP
#define SIGFD_IMPL_STRAY_COUNTS_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/handler_table.hpp>
#include <sigfd/stray_counts.hpp>

namespace sigfd {

stray_counts count_strays() noexcept
{
  return {detail::handlers.caught(), detail::handlers.lost()};
}

} // namespace sigfd

#endif // SIGFD_IMPL_STRAY_COUNTS_IPP
