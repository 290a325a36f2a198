//
// detail/read_siginfo.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_READ_SIGINFO_HPP
#define SIGFD_DETAIL_READ_SIGINFO_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/signal_info.hpp>

#include <cstddef>
#include <span>

namespace sigfd::detail {

// Takes up to infos.size() records, which must not be 0, by one read(2) from a
// non-blocking descriptor that a source fills; how many, or -errno. 0 says that
// nothing is there.
SIGFD_DECL std::ptrdiff_t read_siginfo(
    int fd, std::span<signal_info> infos) noexcept;

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/read_siginfo.ipp)

#endif // SIGFD_DETAIL_READ_SIGINFO_HPP
