//
// sigfd.hpp
// ~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_HPP
#define SIGFD_HPP

#include <sigfd/basic_signalfd.hpp>
#include <sigfd/error.hpp>
#include <sigfd/open_options.hpp>
#include <sigfd/signal_fd.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>
#include <sigfd/signal_name.hpp>
#include <sigfd/spawn.hpp>
#include <sigfd/stray_counts.hpp>
#include <sigfd/thread_audit.hpp>
#include <sigfd/version.hpp>

#endif // SIGFD_HPP
