// An object that watches signals, without Asio: what the table of watchers and
// the thread of the pipe source do for one.

#ifndef SIGFD_TEST_SUPPORT_PLAIN_WATCHER_HPP
#define SIGFD_TEST_SUPPORT_PLAIN_WATCHER_HPP

#include <sigfd/detail/pipe_thread.hpp>
#include <sigfd/detail/watcher.hpp>
#include <sigfd/detail/watcher_table.hpp>
#include <sigfd/open_options.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace support {

class plain_watcher : public sigfd::detail::watcher
{
public:
  plain_watcher(const sigfd::signal_mask& mask,
      const sigfd::open_options& options = {}, plain_watcher* former = nullptr)
    : is_pipe_(options.source == sigfd::source::pipe)
  {
    if (is_pipe_)
      sigfd::detail::the_pipe_thread().add_user(ec);
    if (!ec)
      table_.add(*this, mask, options, is_pipe_, former, ec);
  }

  ~plain_watcher()
  {
    close();
  }

  void update(const sigfd::signal_mask& mask)
  {
    const auto pause = stop();
    table_.update(*this, mask, ec);
  }

  void close()
  {
    {
      const auto pause = stop();
      table_.remove(*this);
    }
    if (std::exchange(is_pipe_, false))
      sigfd::detail::the_pipe_thread().remove_user();
  }

  // In a child, where it was told of that.
  void restart()
  {
    table_.restart(*this);
  }

  // What it has, at most so many.
  std::vector<sigfd::signal_info> take(std::size_t most = 100'000)
  {
    std::vector<sigfd::signal_info> infos(most);
    const std::lock_guard lock(table_);
    to_handle = 0;
    infos.resize(table_.take(*this, infos, to_handle));
    table_.note_room(*this);
    return infos;
  }

  // The values of what it has.
  std::vector<int> take_values(std::size_t most = 100'000)
  {
    std::vector<int> values;
    for (const sigfd::signal_info& info : take(most))
      values.push_back(info.value() ? info.value()->sival_int : -1);
    return values;
  }

  // As if it had taken them from the kernel.
  void distribute(std::span<const sigfd::signal_info> infos)
  {
    const std::lock_guard lock(table_);
    if (table_.room(*this, infos.size()) > 0)
      table_.distribute(infos, *this);
  }

  // How many it may take from the kernel at once.
  std::ptrdiff_t room(std::size_t most)
  {
    const std::lock_guard lock(table_);
    return table_.room(*this, most);
  }

  sigfd::signal_mask takes() const
  {
    return sigfd::detail::mask_of(from_kernel.load());
  }

  boost::system::error_code ec;
  std::uint64_t to_handle = 0;
  std::atomic<int> wakes{0};
  std::atomic<sigfd::detail::signal_bits> from_kernel{0};

private:
  std::unique_lock<sigfd::detail::pipe_thread> stop()
  {
    return is_pipe_ ? std::unique_lock(sigfd::detail::the_pipe_thread())
                    : std::unique_lock<sigfd::detail::pipe_thread>();
  }

  void wake() noexcept override
  {
    ++wakes;
  }

  void set_access(
      sigfd::detail::signal_bits bits, bool is_alone) noexcept override
  {
    from_kernel = bits;
    is_alone_ = is_alone;
  }

  sigfd::detail::watcher_table& table_ = sigfd::detail::watchers();
  bool is_pipe_;
};

} // namespace support

#endif // SIGFD_TEST_SUPPORT_PLAIN_WATCHER_HPP
