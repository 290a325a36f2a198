//
// detail/free_list.hpp
// ~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_FREE_LIST_HPP
#define SIGFD_DETAIL_FREE_LIST_HPP

#include <sigfd/detail/config.hpp>

#include <boost/core/no_exceptions_support.hpp>

#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace sigfd::detail {

// Objects of a type that has a pointer `next`, for those who must not fail when
// they need one: they reserve before. The memory stays until clear().
template <typename T>
class free_list
{
public:
  // Has so many ready; false if there is no memory.
  bool reserve(std::size_t count) noexcept
  {
    return count <= size_ || grow(count - size_);
  }

  // Takes one that was reserved.
  T& take() noexcept
  {
    --size_;
    return *std::exchange(first_, first_->next);
  }

  void give(T& object) noexcept
  {
    object.next = std::exchange(first_, &object);
    ++size_;
  }

  // When all are here again.
  void clear() noexcept
  {
    blocks_.clear();
    first_ = nullptr;
    size_ = 0;
  }

private:
  static constexpr std::size_t least = 64;

  [[gnu::cold]] bool grow(std::size_t count) noexcept
  {
    count = count < least ? least : count;
    bool done = true;
    BOOST_TRY
    {
      blocks_.push_back(std::make_unique<T[]>(count));
      for (std::size_t i = count; i != 0; --i)
        give(blocks_.back()[i - 1]);
    }
    BOOST_CATCH(const std::bad_alloc&)
    {
      done = false;
    }
    BOOST_CATCH_END
    return done;
  }

  std::vector<std::unique_ptr<T[]>> blocks_;
  T* first_ = nullptr;
  std::size_t size_ = 0;
};

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_FREE_LIST_HPP
