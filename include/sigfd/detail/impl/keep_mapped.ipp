//
// detail/impl/keep_mapped.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_KEEP_MAPPED_IPP
#define SIGFD_DETAIL_IMPL_KEEP_MAPPED_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/keep_mapped.hpp>

#include <dlfcn.h>

namespace sigfd::detail {

void keep_mapped(void* function) noexcept
{
  ::Dl_info object;
  if (::dladdr(function, &object) == 0)
    return;
  void* const handle = ::dlopen(
      object.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  if (handle != nullptr)
    ::dlclose(handle);
  else
    ::dlerror(); // it was the program: that is nobody's error
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_KEEP_MAPPED_IPP
