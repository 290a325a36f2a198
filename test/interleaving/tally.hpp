// Who got what, and what hangs.

#ifndef SIGFD_TEST_INTERLEAVING_TALLY_HPP
#define SIGFD_TEST_INTERLEAVING_TALLY_HPP

#include <sigfd/signal_info.hpp>

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <thread>
#include <vector>

// What the whole run has counted.
struct balance
{
  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> expected{0}; // deliveries
  std::atomic<std::uint64_t> received{0};
  std::atomic<std::uint64_t> twice{0};
  std::atomic<std::uint64_t> incomplete{0};
  std::atomic<std::uint64_t> bare{0}; // at the limit, where they may come
  std::atomic<std::uint64_t> wrong{0}; // anything else
};

inline balance total;

inline void report_wrong(const char* what)
{
  if (total.wrong.fetch_add(1) < 10)
    std::printf("WRONG: %s\n", what);
}

// All that the kernel keeps of a signal without room.
inline bool is_bare(int code, ::pid_t pid)
{
  return code == SI_USER && pid == 0;
}

// Which of the values 0 to count - 1 have arrived. Safe in several threads, and
// note() with numbers in a signal handler.
class tally
{
public:
  tally(int count, ::pid_t process, ::pid_t other_process, int first_of_other,
      bool may_be_bare)
    : times_(static_cast<std::size_t>(count)),
      process_(process),
      other_process_(other_process),
      first_of_other_(first_of_other),
      may_be_bare_(may_be_bare)
  {
    total.expected += static_cast<std::uint64_t>(count);
  }

  void note(const sigfd::signal_info& info)
  {
    const auto sender = info.sender();
    const auto value = info.value();
    note(info.code(), sender ? sender->pid : 0, sender ? sender->uid : 0,
        value ? value->sival_int : -1);
  }

  void note(int code, ::pid_t pid, ::uid_t uid, int value)
  {
    if (is_bare(code, pid) && may_be_bare_)
    {
      ++total.bare;
      return;
    }
    const auto index = static_cast<std::size_t>(value);
    const bool is_complete = code == SI_QUEUE && value >= 0
        && index < times_.size() && uid == ::getuid()
        && pid == (value < first_of_other_ ? process_ : other_process_.load());
    if (!is_complete)
      ++total.incomplete;
    else if (times_[index].fetch_add(1) != 0)
      ++total.twice;
    else
    {
      ++total.received;
      ++received_;
    }
  }

  bool is_full() const
  {
    return received_ == times_.size();
  }

  std::size_t received() const
  {
    return received_;
  }

  std::size_t size() const
  {
    return times_.size();
  }

private:
  std::vector<std::atomic<unsigned char>> times_;
  std::atomic<std::size_t> received_{0};
  const ::pid_t process_; // that sends the first ones, and the others
  std::atomic<::pid_t> other_process_;
  const int first_of_other_;
  const bool may_be_bare_;
};

// Says what hangs, and ends the process: when nothing has gone on for so long
// that a busy machine is no excuse.
class watchdog
{
public:
  explicit watchdog(std::chrono::seconds patience)
    : patience_(patience),
      thread_([this] { run(); })
  {
  }

  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;

  ~watchdog()
  {
    stop_ = true;
    thread_.join();
  }

  // What goes on now; a text that stays.
  void enter(const char* stage)
  {
    stage_ = stage;
    ++entered_;
  }

private:
  std::uint64_t progress() const
  {
    return entered_ + total.received + total.bare;
  }

  void run()
  {
    auto last = std::chrono::steady_clock::now();
    std::uint64_t before = progress();
    while (!stop_)
    {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      const auto now = std::chrono::steady_clock::now();
      if (const std::uint64_t current = progress(); current != before)
      {
        before = current;
        last = now;
      }
      else if (now - last > patience_)
      {
        std::printf("HANGS: %s\n"
                    "sent %ju, to be delivered %ju, received %ju, twice %ju, "
                    "incomplete %ju\n",
            stage_.load(), std::uintmax_t{total.sent},
            std::uintmax_t{total.expected}, std::uintmax_t{total.received},
            std::uintmax_t{total.twice}, std::uintmax_t{total.incomplete});
        std::fflush(stdout);
        ::_exit(1);
      }
    }
  }

  const std::chrono::seconds patience_;
  std::atomic<const char*> stage_{"the start"};
  std::atomic<std::uint64_t> entered_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

#endif // SIGFD_TEST_INTERLEAVING_TALLY_HPP
