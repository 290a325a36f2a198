// Waits for signals one after the other, and counts them.

#ifndef SIGFD_TEST_SUPPORT_ARRIVALS_HPP
#define SIGFD_TEST_SUPPORT_ARRIVALS_HPP

#include <sigfd/signal_fd.hpp>

#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

namespace support {

// What arrived, by number and value.
class arrivals
{
public:
  explicit arrivals(sigfd::signal_fd& signals)
    : signals_(signals)
  {
    wait();
  }

  // The pipe of acknowledgements, if the sender waits for them.
  void acknowledge_to(int descriptor)
  {
    acknowledge_ = descriptor;
  }

  std::size_t total() const
  {
    return total_;
  }

  // How often a value came with a number.
  int count(int number, int value) const
  {
    const auto found = counts_.find({number, value});
    return found == counts_.end() ? 0 : found->second;
  }

  // How many came that were not sent by sigqueue(3) from this process.
  int strangers(::pid_t sender) const
  {
    return static_cast<int>(std::count_if(others_.begin(), others_.end(),
               [](const sigfd::signal_info&) { return true; }))
        + wrong_senders(sender);
  }

  const std::vector<sigfd::signal_info>& others() const
  {
    return others_;
  }

private:
  int wrong_senders(::pid_t sender) const
  {
    int wrong = 0;
    for (const auto& [pid, count] : senders_)
      wrong += pid == sender ? 0 : count;
    return wrong;
  }

  void wait()
  {
    signals_.async_wait(
        [this](boost::system::error_code ec, const sigfd::signal_info& info) {
          if (ec)
            return;
          ++total_;
          const auto value = info.value();
          if (value && info.code() == SI_QUEUE)
          {
            ++counts_[{info.number(), value->sival_int}];
            ++senders_[info.sender()->pid];
          }
          else
            others_.push_back(info);
          if (acknowledge_ != -1)
            BOOST_REQUIRE(::write(acknowledge_, "", 1) == 1);
          wait();
        });
  }

  sigfd::signal_fd& signals_;
  int acknowledge_ = -1;
  std::size_t total_ = 0;
  std::map<std::pair<int, int>, int> counts_;
  std::map<::pid_t, int> senders_;
  std::vector<sigfd::signal_info> others_;
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_ARRIVALS_HPP
