//
// impl/src.hpp
// ~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_IMPL_SRC_HPP
#define SIGFD_IMPL_SRC_HPP

// To be included in exactly one source file of a program that is compiled with
// SIGFD_SEPARATE_COMPILATION.

#include <sigfd/detail/config.hpp>

static_assert(SIGFD_IS_SEPARATELY_COMPILED,
    "<sigfd/impl/src.hpp> is for programs that are compiled with "
    "-DSIGFD_SEPARATE_COMPILATION: without it, each header has everything");

#include <sigfd/impl/signal_info.ipp>
#include <sigfd/impl/thread_audit.ipp>

#endif // SIGFD_IMPL_SRC_HPP
