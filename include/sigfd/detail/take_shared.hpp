//
// detail/take_shared.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_TAKE_SHARED_HPP
#define SIGFD_DETAIL_TAKE_SHARED_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/signal_source.hpp>
#include <sigfd/detail/watcher.hpp>
#include <sigfd/signal_info.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace sigfd::detail {

// For how many signals at once it can be said whether to call a handler.
inline constexpr std::size_t max_handled = 64;

// That it is to be called for those from one to before another.
constexpr std::uint64_t bits_to_handle(
    std::size_t first, std::size_t end) noexcept
{
  const std::uint64_t below_end = end >= max_handled
      ? ~std::uint64_t{0}
      : (std::uint64_t{1} << end) - 1;
  return below_end & ~std::uint64_t{0} << first % max_handled;
}

// Takes for an object that is not alone on its signals, with the lock of
// watchers(): as many as there are and fit; how many, or -errno. First what is
// kept, then what others have put into its store, then what its source has; and
// has the others hear what nobody took before. Where the program's handlers are
// to be called, a bit of to_handle is set for each, and infos has room for no
// more than there are bits.
SIGFD_DECL std::ptrdiff_t take_shared(watcher& object, signal_source& source,
    std::span<signal_info> infos, std::uint64_t& to_handle) noexcept;

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/take_shared.ipp)

#endif // SIGFD_DETAIL_TAKE_SHARED_HPP
