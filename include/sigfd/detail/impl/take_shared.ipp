//
// detail/impl/take_shared.ipp
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IMPL_TAKE_SHARED_IPP
#define SIGFD_DETAIL_IMPL_TAKE_SHARED_IPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/signal_source.hpp>
#include <sigfd/detail/take_shared.hpp>
#include <sigfd/detail/watcher.hpp>
#include <sigfd/detail/watcher_table.hpp>
#include <sigfd/signal_info.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace sigfd::detail {

enum class origin
{
  kept,
  kernel
};

// Takes what nobody has taken before, as the stores of all have room.
inline std::ptrdiff_t take_fresh(origin from, watcher& object,
    signal_source& source, std::span<signal_info> infos) noexcept
{
  const std::ptrdiff_t room = watchers().room(object, infos.size());
  if (room <= 0)
    return room;
  infos = infos.first(static_cast<std::size_t>(room));
  return from == origin::kept
      ? source.take_kept(watchers().takeable(object), infos)
      : source.read(infos);
}

std::ptrdiff_t take_shared(watcher& object, signal_source& source,
    std::span<signal_info> infos, std::uint64_t& to_handle) noexcept
{
  std::size_t count = 0;
  std::ptrdiff_t taken = 0;
  const auto deliver = [&](origin from) {
    const auto room = infos.subspan(count);
    taken = take_fresh(from, object, source, room);
    if (taken <= 0)
      return;
    const auto fresh = room.first(static_cast<std::size_t>(taken));
    watchers().distribute(fresh, object);
    if (watchers().calls_handlers(object))
      to_handle |= bits_to_handle(count, count + fresh.size());
    count += fresh.size();
  };

  if (source.may_have_kept()) // older than anything else
    deliver(origin::kept);
  if (count == infos.size())
    return static_cast<std::ptrdiff_t>(count);

  const auto rest = infos.subspan(count);
  if (watchers().is_kernel_due(object))
  {
    taken = take_fresh(origin::kernel, object, source, rest.first(1));
    if (taken > 0)
      watchers().distribute(rest.first(static_cast<std::size_t>(taken)));
  }
  std::uint64_t to_handle_of_rest = 0;
  const std::size_t stored = watchers().take(object, rest, to_handle_of_rest);
  to_handle |= to_handle_of_rest << count % max_handled;
  count += stored;
  if (count < infos.size() && !source.is_pipe())
    deliver(origin::kernel);
  return count != 0 ? static_cast<std::ptrdiff_t>(count) : taken;
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IMPL_TAKE_SHARED_IPP
