//
// stray_counts.hpp
// ~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_STRAY_COUNTS_HPP
#define SIGFD_STRAY_COUNTS_HPP

#include <sigfd/detail/config.hpp>

#include <cstdint>

namespace sigfd {

/// What became of signals that reached threads which did not block them.
/**
 * Counted for the whole process under @c stray_policy::forward; the child of
 * fork(2) goes on from the counts of its parent.
 *
 * A thread blocks a signal from when it caught one, so it is counted once for
 * each signal, unless it unblocks it again or waits with a mask of its own
 * (ppoll(2)): a large number says that threads do that, or come and go.
 */
struct stray_counts
{
  /// The signals that were caught to be forwarded.
  std::uint64_t caught;

  /// The caught signals that could not be forwarded.
  /**
   * They are queued to the process again. Where the kernel refuses that, as it
   * does with real-time signals at RLIMIT_SIGPENDING (getrlimit(2)), there is
   * room in the process for 512 of them; what comes beyond is lost.
   */
  std::uint64_t lost;
};

/// Counts the signals that reached threads which did not block them.
SIGFD_DECL stray_counts count_strays() noexcept;

} // namespace sigfd

#include SIGFD_SOURCE(sigfd/impl/stray_counts.ipp)

#endif // SIGFD_STRAY_COUNTS_HPP
