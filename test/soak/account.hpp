// What arrived: each signal by its sender and its position.

#ifndef SIGFD_TEST_SOAK_ACCOUNT_HPP
#define SIGFD_TEST_SOAK_ACCOUNT_HPP

#include <sigfd/signal_info.hpp>

#include "board.hpp"
#include "plan.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace soak {

inline bool is_stop(const sigfd::signal_info& info)
{
  const auto value = info.value();
  return value && value->sival_int == stop_value && info.code() == SI_QUEUE;
}

// Something that must not be.
struct finding
{
  std::string what; // lost, stuck, twice, out of order, not sent
  std::string by;   // which object
  std::size_t stream;
  std::uint32_t position;
};

// Keeps the first ones, and counts them all.
class findings
{
public:
  void add(const std::string& what, const std::string& by, std::size_t stream,
      std::uint32_t position)
  {
    const std::lock_guard lock(mutex_);
    ++counts_[{what, streams_of(stream)}];
    if (kept_.size() < 1000)
      kept_.push_back({what, by, stream, position});
  }

  std::uint64_t count(const std::string& what, std::size_t c) const
  {
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find({what, c});
    return found == counts_.end() ? 0 : found->second;
  }

  std::uint64_t count() const
  {
    const std::lock_guard lock(mutex_);
    std::uint64_t sum = 0;
    for (const auto& [key, value] : counts_)
      sum += value;
    return sum;
  }

  std::vector<finding> all() const
  {
    const std::lock_guard lock(mutex_);
    return kept_;
  }

private:
  // Its channel.
  static std::size_t streams_of(std::size_t stream)
  {
    return stream == no_stream ? channels
                               : static_cast<std::size_t>(streams[stream].to);
  }

  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::size_t>, std::uint64_t> counts_;
  std::vector<finding> kept_;
};

// What all objects of a run have in common.
struct run_state
{
  board& shared;
  findings& found;
  std::array<::pid_t, 2> pids; // of the second process, and this one
  std::atomic<bool> stops{false}; // guests and children end
  std::atomic<unsigned> ended{0};  // residents that have
  std::atomic<std::uint64_t> deliveries{0};
  // Everywhere together: at the residents, and at those who come and go; what
  // competes is counted with the residents.
  std::array<std::atomic<std::uint64_t>, channels> delivered{};
  std::array<std::atomic<std::uint64_t>, channels> delivered_to_guests{};
  std::array<std::uint64_t, channels> pending{}; // at the end
  std::array<std::uint64_t, channels> objects{}; // where each is to arrive
  std::array<std::string, board::max_accounts> names{}; // of the accounts
  std::atomic<std::uint64_t> coalesced{0};
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<std::uint64_t> opened{0};
  std::atomic<std::uint64_t> changed{0};
  std::atomic<std::uint64_t> cancelled{0};
  std::atomic<std::uint64_t> timeouts{0};
  std::atomic<std::uint64_t> stray_threads{0};

  run_state(board& b, findings& f, ::pid_t second)
    : shared(b),
      found(f),
      pids{second, ::getpid()}
  {
  }

  // The stream of a signal, if its siginfo is as it was sent.
  std::size_t identify(const sigfd::signal_info& info, const std::string& by)
  {
    const auto value = info.value();
    const std::size_t s = value && value->sival_int >= 0
        ? stream_of(value->sival_int)
        : no_stream;
    if (s < streams.size())
    {
      const auto sender = info.sender();
      if (info.number() == number_of(streams[s].to) && info.code() == SI_QUEUE
          && sender && sender->uid == ::getuid()
          && sender->pid == pids[streams[s].from == sender::process ? 0 : 1])
      {
        ++deliveries;
        return s;
      }
    }
    std::ostringstream text;
    text << by << ": " << info;
    found.add("not sent", text.str(), no_stream, 0);
    return no_stream;
  }
};

// What is to arrive exactly once, at one object or at several that compete.
class account
{
public:
  account(run_state& run, std::size_t index, std::string name, bool every)
    : run_(run),
      index_(index),
      name_(std::move(name)),
      every_(every)
  {
    run.names[index] = name_;
    (every ? run.shared.counts_every : run.shared.counts_one)[index] = true;
  }

  const std::string& name() const
  {
    return name_;
  }

  run_state& run()
  {
    return run_;
  }

  // False for the last signal of all.
  bool enter(const sigfd::signal_info& info)
  {
    if (const auto value = info.value();
        value && value->sival_int == stop_value && info.code() == SI_QUEUE)
    {
      end();
      return false;
    }
    const std::size_t s = run_.identify(info, name_);
    if (s != no_stream && count(s, position_of(info.value()->sival_int)))
      ++run_.delivered[static_cast<std::size_t>(streams[s].to)];
    return true;
  }

  // Whether it is one that was missing.
  bool count(std::size_t s, std::uint32_t position)
  {
    const std::lock_guard lock(mutex_);
    track& t = tracks_[s];
    if (streams[s].to == channel::coalesced)
      return count_coalesced(t, s, position);
    if (position >= t.next)
    {
      for (; t.next < position; ++t.next)
        t.missing.insert(t.next);
      t.next = position + 1;
    }
    else if (t.missing.erase(position) == 0)
    {
      run_.found.add("twice", name_, s, position);
      return false;
    }
    else if (streams[s].to == channel::ordered)
      run_.found.add("out of order", name_, s, position);
    run_.shared.received[index_][s] = t.next
        - static_cast<std::uint32_t>(t.missing.size());
    return true;
  }

  // At the end: what has not arrived of what was sent.
  void close()
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t s = 0; s < streams.size(); ++s)
    {
      if (plan_of(streams[s].to).to_every != every_)
        continue;
      track& t = tracks_[s];
      const std::uint32_t sent = run_.shared.sent[s];
      if (streams[s].to == channel::coalesced)
      {
        if (sent > t.next)
          explain(t, s, sent);
        continue;
      }
      for (const std::uint32_t position : t.missing)
        run_.found.add("lost", name_, s, position);
      for (std::uint32_t p = t.next; p < sent; ++p)
        run_.found.add("lost", name_, s, p);
    }
  }

private:
  // Once, although one that takes many may get it more than once.
  void end()
  {
    if (!std::exchange(has_ended_, true))
      ++run_.ended;
  }

  struct track
  {
    std::uint32_t next = 0;
    std::set<std::uint32_t> missing;
    std::int64_t last_ns = 0; // coalesced: when the last one was delivered
  };

  // The kernel, and an object's store, have a standard signal once: one that is
  // sent meanwhile is dropped. So whatever is left out was sent before the one
  // before it was delivered; else it is lost.
  bool count_coalesced(track& t, std::size_t s, std::uint32_t position)
  {
    if (position < t.next)
    {
      run_.found.add(position + 1 == t.next ? "twice" : "out of order", name_,
          s, position);
      return false;
    }
    if (position > t.next)
      explain(t, s, position);
    t.next = position + 1;
    t.last_ns = now_ns();
    run_.shared.received[index_][s] = t.next;
    return true;
  }

  // Those before a position.
  void explain(track& t, std::size_t s, std::uint32_t position)
  {
    for (std::uint32_t p = t.next; p < position; ++p)
      if (run_.shared.start_ns[p % board::starts_known] <= t.last_ns)
        ++run_.coalesced;
      else
        run_.found.add("lost", name_, s, p);
  }

  run_state& run_;
  std::size_t index_;
  std::string name_;
  bool every_;
  bool has_ended_ = false;
  std::mutex mutex_;
  std::array<track, streams.size()> tracks_;
};

// What an object gets that comes and goes: of each ordered stream a range
// without a gap, unless it drops what it has no room for.
class range_account
{
public:
  range_account(run_state& run, std::string name)
    : run_(run),
      name_(std::move(name))
  {
  }

  void begin()
  {
    for (auto& t : tracks_)
      t = {};
    gaps_ = 0;
  }

  // Of a number that is removed and added, the range begins anew.
  void forget(channel c)
  {
    for (std::size_t s = 0; s < streams.size(); ++s)
      if (streams[s].to == c)
        tracks_[s].has_begun = false;
  }

  bool enter(const sigfd::signal_info& info, bool may_drop)
  {
    if (const auto value = info.value();
        value && value->sival_int == stop_value && info.code() == SI_QUEUE)
    {
      end();
      return false;
    }
    const std::size_t s = run_.identify(info, name_);
    if (s == no_stream)
      return true;
    ++received_;
    ++run_.delivered_to_guests[static_cast<std::size_t>(streams[s].to)];
    const std::uint32_t position = position_of(info.value()->sival_int);
    track& t = tracks_[s];
    if (streams[s].to == channel::ordered && t.has_begun)
    {
      if (position <= t.last)
        run_.found.add(
            position == t.last ? "twice" : "out of order", name_, s, position);
      else if (may_drop)
        gaps_ += position - t.last - 1;
      else
        for (std::uint32_t p = t.last + 1; p < position; ++p)
          run_.found.add("lost", name_, s, p);
    }
    t.has_begun = true;
    t.last = position;
    return true;
  }

  std::uint64_t received() const
  {
    return received_;
  }

  std::uint64_t gaps() const
  {
    return gaps_;
  }

  std::uint32_t next(std::size_t s) const
  {
    return tracks_[s].has_begun ? tracks_[s].last + 1 : 0;
  }

  run_state& run()
  {
    return run_;
  }

  const std::string& name() const
  {
    return name_;
  }

private:
  void end()
  {
    if (!std::exchange(has_ended_, true))
      ++run_.ended;
  }

  struct track
  {
    bool has_begun = false;
    std::uint32_t last = 0;
  };

  run_state& run_;
  std::string name_;
  std::array<track, streams.size()> tracks_;
  std::uint64_t gaps_ = 0;
  std::uint64_t received_ = 0;
  bool has_ended_ = false;
};

} // namespace soak

#endif // SIGFD_TEST_SOAK_ACCOUNT_HPP
