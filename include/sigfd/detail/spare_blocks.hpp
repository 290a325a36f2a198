//
// detail/spare_blocks.hpp
// ~~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_SPARE_BLOCKS_HPP
#define SIGFD_DETAIL_SPARE_BLOCKS_HPP

#include <sigfd/detail/config.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <new>

namespace sigfd::detail {

// Memory for operations: that of the last two which ended is kept for the next,
// in whatever threads that is, if both are of usual size.
class spare_blocks
{
public:
  spare_blocks() noexcept = default;
  spare_blocks(const spare_blocks&) = delete;
  spare_blocks& operator=(const spare_blocks&) = delete;

  ~spare_blocks()
  {
    for (const std::atomic<void*>& block : blocks_)
      ::operator delete(block.load());
  }

  void* allocate(std::size_t size)
  {
    if (size <= usual_size)
      if (void* const block = blocks_[0].exchange(nullptr))
        return block;
    return allocate_another(size);
  }

  void deallocate(void* block, std::size_t size) noexcept
  {
    if (size <= usual_size)
      block = blocks_[0].exchange(block);
    if (block != nullptr)
      deallocate_another(block, size);
  }

private:
  static constexpr std::size_t usual_size = 768;

  [[gnu::cold]] void* allocate_another(std::size_t size)
  {
    if (size > usual_size)
      return ::operator new(size);
    void* const block = blocks_[1].exchange(nullptr);
    return block != nullptr ? block : ::operator new(usual_size);
  }

  [[gnu::cold]] void deallocate_another(void* block, std::size_t size) noexcept
  {
    if (size <= usual_size)
      block = blocks_[1].exchange(block);
    ::operator delete(block);
  }

  std::array<std::atomic<void*>, 2> blocks_{};
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_SPARE_BLOCKS_HPP
