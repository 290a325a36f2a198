//
// detail/signal_source.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~~
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_SIGNAL_SOURCE_HPP
#define SIGFD_DETAIL_SIGNAL_SOURCE_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/kernel_source.hpp>
#include <sigfd/detail/unique_fd.hpp>
#include <sigfd/open_options.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <span>

namespace sigfd::detail {

// Chooses, when it is opened, what fills the descriptor. Nothing above this
// file knows what there is to choose from.
//
// All sources fill a descriptor with records laid out as signal_info and have
// the same verbs; kernel_source.hpp says what each does.
class signal_source
{
public:
  // Makes the descriptor. The caller owns it and keeps it until after close().
  unique_fd open(const signal_mask& mask, sigfd::source,
      boost::system::error_code& ec) noexcept
  {
    return kernel_.open(mask, ec);
  }

  void update(const signal_mask& mask, boost::system::error_code& ec) noexcept
  {
    kernel_.update(mask, ec);
  }

  std::size_t take(
      std::span<signal_info> infos, boost::system::error_code& ec) noexcept
  {
    return kernel_.take(infos, ec);
  }

  void close() noexcept
  {
    kernel_.close();
  }

  // What was chosen.
  sigfd::source kind() const noexcept
  {
    return sigfd::source::kernel;
  }

private:
  kernel_source kernel_;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_SIGNAL_SOURCE_HPP
