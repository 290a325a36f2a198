//
// detail/keep_mapped.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_KEEP_MAPPED_HPP
#define SIGFD_DETAIL_KEEP_MAPPED_HPP

#include <sigfd/detail/config.hpp>

namespace sigfd::detail {

// Keeps the shared object that a function is in mapped for good, so that it can
// be called after dlclose(3). No effect on the program itself. Not to be called
// with a lock: the loader has one, with which it runs code of the user's.
SIGFD_DECL void keep_mapped(void* function) noexcept;

} // namespace sigfd::detail

#include SIGFD_SOURCE(sigfd/detail/impl/keep_mapped.ipp)

#endif // SIGFD_DETAIL_KEEP_MAPPED_HPP
