// What a scenario has to play with: a context, objects, handlers, signals.

#ifndef SIGFD_TEST_REPLAY_SCENE_HPP
#define SIGFD_TEST_REPLAY_SCENE_HPP

#include <sigfd/signal_fd.hpp>

#include "support/mortal_context.hpp"
#include "support/source.hpp"
#include "tally.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/version.hpp>

#if BOOST_VERSION >= 107700
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#endif

#include <signal.h>

#include <array>
#include <cstddef>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace replay {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;
using concrete_fd = sigfd::basic_signalfd<net::io_context::executor_type>;

// The signals of all scenarios.
inline const int first_number = SIGRTMIN;
inline const int second_number = SIGRTMIN + 1;
inline const int standard_number = SIGUSR1;

inline signal_mask both()
{
  return {first_number, standard_number};
}

inline signal_mask all_numbers()
{
  return {first_number, second_number, standard_number};
}

// In which order the parts of a scene end.
enum class ending
{
  object_first,
  context_first,
  drained // what the objects have is taken from them, then as object_first
};

class scene
{
public:
  // An object, and the number by which the books know it.
  struct object
  {
    std::optional<signal_fd> fd;
    int id = -1;
  };

  explicit scene(tally& t);
  scene(const scene&) = delete;
  scene& operator=(const scene&) = delete;
  ~scene();

  // What scenarios do.

  void open(object& o, const signal_mask& mask = both(),
      const sigfd::open_options& options = support::options());
  void reopen(object& o);
  void close(object& o);
  void destroy(object& o);
  void update(object& o, const signal_mask& mask);

  // Opens one with another type of executor, which is to become the first one,
  // and starts a wait.
  void open_concrete();

  // Takes what an object has, without waiting.
  void take(object& o);

  // Sends a signal to the process.
  void send(int number = first_number);

  // Sends one to a thread that does not block it, where it is caught.
  void send_stray();

  // Starts a wait, with a handler that does nothing but to count, or with what
  // a function makes of that.
  template <typename Decorate>
  void wait(object& o, Decorate decorate);
  void wait(object& o);

  template <typename Decorate>
  void wait_some(object& o, Decorate decorate);
  void wait_some(object& o);

  // Starts a wait whose handler starts the next one, until one ends with an
  // error.
  void wait_on_and_on(object& o);

  void wait_for_future(object& o);

  // A handler that goes by the executor of the other context.
  auto by_other()
  {
    return [this](auto handler) {
      return net::bind_executor(other->get_executor(), std::move(handler));
    };
  }

  // A handler on the strand of whoever acts on the objects.
  auto by_owner()
  {
    return [this](auto handler) {
      return net::bind_executor(*owner, std::move(handler));
    };
  }

#if BOOST_VERSION >= 107700
  // With a slot of the signal that was added last.
  auto by_slot()
  {
    return [this](auto handler) {
      return net::bind_cancellation_slot(
          cancellations.back()->slot(), std::move(handler));
    };
  }

  // The same, with one that is added. Such waits can be cancelled in order.
  void wait_with_slot(object& o);
  void wait_some_with_slot(object& o);
  void emit(std::size_t which, net::cancellation_type type);

  std::vector<std::unique_ptr<net::cancellation_signal>> cancellations;
#endif

  // What the replay does.

  // Runs one handler; whether there was one. False only if no handler waits for
  // anything that was sent.
  bool step();

  // The same, and sends a signal if there are handlers that wait for one; so it
  // is false when all is done.
  bool advance();

  // Sends a signal for a handler that waits, but not for ever.
  bool feed();

  // Takes note of futures that are ready; of all, if told to wait.
  void note_futures(bool wait = false);

  void end(ending e);

  tally& books;
  support::mortal_context context;
  std::optional<net::io_context> other{std::in_place};
  std::optional<net::strand<net::io_context::executor_type>> owner;
  object first;
  object second;
  std::optional<concrete_fd> concrete; // becomes the first one
  std::function<void()> later; // an operation that has not started
  bool other_first = false; // runs the handlers of that first
  int feed_number = first_number;

  // In a child of fork(2): does what is left to do; whether all was well.
  std::function<bool()> play_to_the_end;

private:
  struct future
  {
    std::future<signal_info> result;
    std::unique_ptr<counted> count;
    int object;
  };

  bool poll_one();
  bool has_pipe() const;
  void settle();
  void end_objects();
  void end_contexts();
  void drain(object& o);

  std::list<std::array<signal_info, 4>> rooms_;
  std::list<future> futures_;
  std::vector<int> with_slot_; // handlers
  std::size_t fed_ = 0;
};

// The handlers.

class one_handler
{
public:
  one_handler(tally& t, int object)
    : count_(t, object)
  {
  }

  void operator()(error_code ec, const signal_info& info)
  {
    if (!ec)
      count_.deliver(info);
    else if (info.number() != 0)
      count_.books().complain("a wait fails with a signal in its hands");
    count_.call(ec);
  }

private:
  counted count_;
};

class some_handler
{
public:
  some_handler(tally& t, int object, std::array<signal_info, 4>& infos)
    : count_(t, object),
      infos_(&infos)
  {
  }

  void operator()(error_code ec, std::size_t count)
  {
    if (ec && count != 0)
      count_.books().complain("a wait fails with signals in its hands");
    for (std::size_t i = 0; i < count; ++i)
      count_.deliver((*infos_)[i]);
    count_.call(ec);
  }

private:
  counted count_;
  std::array<signal_info, 4>* infos_;
};

template <typename Decorate>
void scene::wait(object& o, Decorate decorate)
{
  o.fd->async_wait(decorate(one_handler(books, o.id)));
}

template <typename Decorate>
void scene::wait_some(object& o, Decorate decorate)
{
  auto& room = rooms_.emplace_back();
  o.fd->async_wait_some(room, decorate(some_handler(books, o.id, room)));
}

} // namespace replay

#endif // SIGFD_TEST_REPLAY_SCENE_HPP
