//
// detail/signal_bits.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_SIGNAL_BITS_HPP
#define SIGFD_DETAIL_SIGNAL_BITS_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/signal_number.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <bit>
#include <cstdint>

namespace sigfd::detail {

// A set of signals where it is asked for with every signal: a bit for each.
using signal_bits = std::uint64_t;

static_assert(last_signal_number <= 64);

constexpr signal_bits bit_of(int number) noexcept
{
  return signal_bits{1} << (number - 1);
}

// The lowest number; there must be one.
constexpr int lowest_of(signal_bits bits) noexcept
{
  return std::countr_zero(bits) + 1;
}

// Calls a function with each number, the lowest first.
template <typename Function>
constexpr void for_each_number(signal_bits bits, Function function)
{
  for (; bits != 0; bits &= bits - 1)
    function(lowest_of(bits));
}

inline signal_bits bits_of(const signal_mask& mask) noexcept
{
  signal_bits bits = 0;
  for (const int number : mask)
    bits |= bit_of(number);
  return bits;
}

inline signal_mask mask_of(signal_bits bits) noexcept
{
  signal_mask mask;
  boost::system::error_code ec;
  for_each_number(bits, [&](int number) { mask.add(number, ec); });
  return mask;
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_SIGNAL_BITS_HPP
