//
// detail/io_executor.hpp
// ~~~~~~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_IO_EXECUTOR_HPP
#define SIGFD_DETAIL_IO_EXECUTOR_HPP

#include <sigfd/detail/config.hpp>
#include <sigfd/detail/wait_handle.hpp>

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/is_executor.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>

#include <memory>
#include <optional>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace sigfd::detail {

// The execution context of any executor.
template <typename Executor>
boost::asio::execution_context& context_of(const Executor& executor)
{
  if constexpr (requires {
                  boost::asio::query(executor, boost::asio::execution::context);
                })
    return boost::asio::query(executor, boost::asio::execution::context);
  else
    return executor.context(); // an executor of the Networking TS
}

using io_context_executor = boost::asio::io_context::executor_type;

// The io_context's own executor that an executor is, or that it wraps; null if
// it is another.
template <typename Executor>
const io_context_executor* as_io_context_executor(
    const Executor& executor) noexcept
{
  if constexpr (std::is_same_v<Executor, io_context_executor>)
    return &executor;
  else if constexpr (requires {
                       executor.template target<io_context_executor>();
                     })
    return SIGFD_HOLDS(executor, io_context_executor)
        ? executor.template target<io_context_executor>()
        : nullptr;
  else
    return nullptr;
}

// The io_context in whose threads an executor runs functions, without any
// further condition; null if it is no such executor.
template <typename Executor>
const boost::asio::execution_context* io_context_of(
    const Executor& executor) noexcept
{
  const io_context_executor* const own = as_io_context_executor(executor);
  return own != nullptr ? &context_of(*own) : nullptr;
}

// Keeps an executor's context at work.
template <typename Executor>
struct work_of
{
  using guard = boost::asio::executor_work_guard<Executor>;
};

// That of Asio does not compile for a strand of an any_io_executor, which only
// pretends to be an executor of the Networking TS.
template <typename Executor>
  requires(
      !boost::asio::is_executor<typename Executor::inner_executor_type>::value)
struct work_of<Executor>
{
  class guard
  {
  public:
    explicit guard(const Executor& executor)
      : executor_(executor),
        work_(boost::asio::prefer(
            executor, boost::asio::execution::outstanding_work.tracked))
    {
    }

    const Executor& get_executor() const noexcept
    {
      return executor_;
    }

  private:
    Executor executor_;
    std::decay_t<decltype(boost::asio::prefer(std::declval<const Executor&>(),
        boost::asio::execution::outstanding_work.tracked))>
        work_;
  };
};

// An object's executor, as far as its operations need it, whatever its type.
class io_executor
{
public:
  io_executor() noexcept = default;
  io_executor(const io_executor&) = delete;
  io_executor& operator=(const io_executor&) = delete;
  virtual ~io_executor() = default;

  // Goes on with an operation in the executor, never from here. As
  // boost::asio::post(), which itself would go on to the handler's executor,
  // and at once: that of use_future is the system's thread pool.
  virtual void post(wait_handle&& op) = 0;

  // Keeps the executor's context at work, from the first to the second; calls
  // are not counted.
  virtual void start_work() = 0;
  virtual void finish_work() noexcept = 0;
};

template <typename Executor>
class io_executor_for final : public io_executor
{
public:
  explicit io_executor_for(const Executor& executor)
    : executor_(executor),
      posting_(posting(executor))
  {
  }

  void post(wait_handle&& op) override
  {
    if constexpr (has_properties)
      boost::asio::prefer(
          posting_, boost::asio::execution::allocator(op.get_allocator()))
          .execute(std::move(op));
    else
    {
      const auto allocator = op.get_allocator();
      posting_.post(std::move(op), allocator);
    }
  }

  void start_work() override
  {
    if (!work_)
      work_.emplace(executor_);
  }

  void finish_work() noexcept override
  {
    work_.reset();
  }

private:
  // Not those of the Networking TS.
  static constexpr bool has_properties = requires(const Executor& executor) {
    boost::asio::require(executor, boost::asio::execution::blocking.never);
  };

  static auto posting(const Executor& executor)
  {
    namespace execution = boost::asio::execution;
    if constexpr (has_properties)
      return boost::asio::prefer(
          boost::asio::require(executor, execution::blocking.never),
          execution::relationship.fork);
    else
      return executor;
  }

  using posting_type
      = std::decay_t<decltype(posting(std::declval<const Executor&>()))>;

  Executor executor_;
  posting_type posting_;
  std::optional<typename work_of<Executor>::guard> work_;
};

// An io_context's own executor is used as such, also where it is wrapped.
template <typename Executor>
std::unique_ptr<io_executor> make_io_executor(const Executor& executor)
{
  if (const auto* const own = as_io_context_executor(executor))
    return std::make_unique<io_executor_for<io_context_executor>>(*own);
  return std::make_unique<io_executor_for<Executor>>(executor);
}

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_IO_EXECUTOR_HPP
