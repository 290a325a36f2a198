// What an asynchronous operation completed with, if it did.

#ifndef SIGFD_TEST_SUPPORT_OUTCOME_HPP
#define SIGFD_TEST_SUPPORT_OUTCOME_HPP

#include <boost/asio/error.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <utility>

namespace support {

template <typename Result>
struct outcome
{
  int completions = 0;
  boost::system::error_code error;
  Result result{};

  // A handler that fills this object, which must outlive it.
  auto handler()
  {
    return [this](boost::system::error_code ec, Result r) {
      ++completions;
      error = ec;
      result = std::move(r);
    };
  }

  // Whether it completed once, without an error.
  bool succeeded() const
  {
    return completions == 1 && !error;
  }

  // Whether it completed once, with this error and nothing taken.
  bool failed_with(const boost::system::error_code& ec) const
  {
    return completions == 1 && error == ec && result == Result{};
  }

  // Whether it completed once, cancelled.
  bool aborted() const
  {
    return failed_with(boost::asio::error::operation_aborted);
  }
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_OUTCOME_HPP
