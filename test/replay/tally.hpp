// What a scenario sent, what became of each signal, and of each handler.

#ifndef SIGFD_TEST_REPLAY_TALLY_HPP
#define SIGFD_TEST_REPLAY_TALLY_HPP

#include <sigfd/open_options.hpp>
#include <sigfd/signal_info.hpp>
#include <sigfd/signal_mask.hpp>

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace replay {

// The books of one replay. Objects are known by a number, which goes with what
// is moved; an object that is opened again has a new one. Functions may be
// called by any thread.
class tally
{
public:
  // With one thread it is known which waits a cancellation has to reach, so
  // those that it does not reach are told from the others.
  tally(sigfd::delivery_policy delivery, bool is_one_thread);
  tally(const tally&) = delete;
  tally& operator=(const tally&) = delete;

  // Objects.

  int add_object();
  void watch(int object, const sigfd::signal_mask& mask);
  void unwatch(int object, const sigfd::signal_mask& mask);

  // It is closed: it watches nothing any more, and its waits end.
  void close(int object);

  // Its waits so far end without a signal.
  void cancel(int object);

  // Signals. Each has a value of its own, also among those of other replays.

  int send(int number);

  // To a caller that is no handler.
  void deliver(int object, const sigfd::signal_info& info);

  // What an object has that was opened after the end of all others.
  void find(const sigfd::signal_info& info);

  // Handlers, by a number. What may lose can end without a signal, though
  // nobody has cancelled it here.

  int add_handler(int object, bool may_lose = false);
  int last_handler() const;
  void cancel_handler(int handler);
  void deliver_to(int handler, const sigfd::signal_info& info);
  void call(int handler, const boost::system::error_code& ec);
  void destroy(int handler);

  // What the program's own handler of a signal was called for.
  void handle(int value);

  // A child of fork(2) has none of the signals so far.
  void begin_child();

  // Something that must not be.
  void complain(std::string what);

  // Questions.

  std::size_t live_handlers() const;
  bool were_all_called() const;

  // Whether a signal was sent that an object is to get, and has not; with a
  // handler waiting, if it is asked so.
  bool is_owed(bool to_a_handler = true) const;
  bool is_owed(int object) const;

  // How many signals nobody has yet.
  std::size_t missing() const;

  struct totals
  {
    std::size_t sent = 0;
    std::size_t delivered = 0; // to one object or more
    std::size_t left = 0;
  };

  totals sum() const;

  // What is watched by any object.
  sigfd::signal_mask watched() const;

  // Whether nobody has to tell of signals that are held back.
  void may_hold_back();

  // At the very end: what is wrong with the balance, and the handlers.
  std::vector<std::string> check(bool handles);

private:
  struct object_entry
  {
    std::set<int> numbers;
    std::set<int> due; // values sent while it watched, not delivered
    std::size_t handlers = 0;
    bool is_closed = false;
  };

  struct signal_entry
  {
    int number = 0;
    std::map<int, int> delivered; // how often to each object
    int found = 0;
    int handled = 0;
  };

  struct handler_entry
  {
    int object = 0;
    bool may_lose = false;
    bool is_cancelled = false;
    int calls = 0;
    int destructions = 0;
  };

  signal_entry* look_up(const sigfd::signal_info& info);
  void deliver_locked(int object, const sigfd::signal_info& info);
  bool owes(const object_entry& o) const;
  void add_complaint(std::string what);

  const sigfd::delivery_policy delivery_;
  const bool is_one_thread_;
  mutable std::mutex mutex_;
  std::map<int, signal_entry> signals_;
  std::map<int, object_entry> objects_;
  std::vector<handler_entry> handlers_;
  std::size_t live_ = 0;
  std::size_t called_ = 0;
  bool may_hold_back_ = false;
  std::vector<std::string> complaints_;
};

// A part of a handler: knows that it was called, and destroyed.
class counted
{
public:
  counted(tally& t, int object, bool may_lose = false)
    : tally_(&t),
      id_(t.add_handler(object, may_lose))
  {
  }

  counted(counted&& other) noexcept
    : tally_(std::exchange(other.tally_, nullptr)),
      id_(other.id_)
  {
  }

  counted& operator=(counted&&) = delete;

  ~counted()
  {
    if (tally_ != nullptr)
      tally_->destroy(id_);
  }

  tally& books() const
  {
    return *tally_;
  }

  void deliver(const sigfd::signal_info& info)
  {
    tally_->deliver_to(id_, info);
  }

  void call(const boost::system::error_code& ec)
  {
    tally_->call(id_, ec);
  }

private:
  tally* tally_;
  int id_;
};

} // namespace replay

#endif // SIGFD_TEST_REPLAY_TALLY_HPP
