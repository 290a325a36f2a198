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

/// Counts what became of strays: signals that threads did not block.
/**
 * Counted for the whole process under @c stray_policy::forward; the child of
 * fork(2) goes on from the counts of its parent.
 *
 * A thread that caught a signal blocks it from then on, so it is counted once
 * for each signal, unless it unblocks it again or waits with a mask of its own
 * (ppoll(2)). A large number says that threads do that, or come and go.
 *
 * @since 0.1.0
 *
 * @see count_strays(), stray_policy
 */
struct stray_counts
{
  /// How many signals were caught, to be forwarded.
  std::uint64_t caught;

  /// How many of those could not be forwarded, and are lost.
  /**
   * A caught signal is queued to the process again. Where the kernel refuses
   * that, as it does with real-time signals at RLIMIT_SIGPENDING
   * (getrlimit(2)), the process keeps 512 of them; what comes beyond is lost.
   */
  std::uint64_t lost;
};

/// Gets the counts of signals that reached threads which did not block them.
/**
 * @returns The counts since the process began.
 *
 * @par Thread Safety
 * Safe. The two numbers are read one after the other.
 *
 * @par Example
 * @code
 * if (sigfd::count_strays().caught != 0)
 *   for (const auto& thread : sigfd::thread_audit({SIGTERM}).unblocked())
 *     std::cerr << thread.name << " does not block SIGTERM\n";
 * @endcode
 *
 * @since 0.1.0
 *
 * @see stray_policy, thread_audit
 */
SIGFD_DECL stray_counts count_strays() noexcept;

} // namespace sigfd

#include SIGFD_SOURCE(sigfd/impl/stray_counts.ipp)

#endif // SIGFD_STRAY_COUNTS_HPP
