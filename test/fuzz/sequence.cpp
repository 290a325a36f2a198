// Drives several objects by a sequence of bytes, and compares what they hear
// with a model of what must arrive. Each byte, or a few, is an operation: see
// scene::step(). The model knows of each real-time signal, which has a value of
// its own, who has to hear it; at the end each was delivered, to every object
// that watched it, or is found pending.
//
// SIGFD_FUZZ_TRACE=1 prints the operations.

#include <sigfd/signal_fd.hpp>
#include <sigfd/signal_mask.hpp>
#include <sigfd/signal_name.hpp>

#include "target.hpp"

#include "support/sanitizer.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/version.hpp>

#if BOOST_VERSION >= 107700
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#endif

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using fuzz::check;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;
using std::chrono::steady_clock;

using typed_signal_fd = sigfd::basic_signalfd<net::io_context::executor_type>;

// What is watched: real-time signals first, which are counted.
constexpr std::size_t realtime = 3;
constexpr std::size_t count = 6;
const std::array<int, count> numbers = {
    SIGRTMIN, SIGRTMIN + 1, SIGRTMIN + 2, SIGHUP, SIGURG, SIGPWR};

// How long the machine may take for what does not depend on time.
constexpr std::chrono::seconds bound{40};

const bool traces = std::getenv("SIGFD_FUZZ_TRACE") != nullptr;

template <typename... Parts>
void trace(const Parts&... parts)
{
  if (traces)
    (std::cerr << ... << parts) << std::endl;
}

signal_mask all_signals()
{
  signal_mask mask;
  for (const int n : numbers)
    mask.add(n);
  return mask;
}

std::size_t index_of(int number)
{
  const auto found = std::find(numbers.begin(), numbers.end(), number);
  check(found != numbers.end(), "a signal that nobody watches: ", number);
  return static_cast<std::size_t>(found - numbers.begin());
}

bool is_pipe(const sigfd::open_options& options)
{
  return options.source == sigfd::source::pipe;
}

// The source that the test is about; without it, the input says.
sigfd::source main_source(bool pipe)
{
  if (const char* name = std::getenv("SIGFD_TEST_SOURCE"))
    pipe = *name == 'p';
  return pipe ? sigfd::source::pipe : sigfd::source::kernel;
}

// The soft limit of queued signals. At 0 the kernel queues no more.
void limit_queue(bool full)
{
  ::rlimit limit;
  ::getrlimit(RLIMIT_SIGPENDING, &limit);
  limit.rlim_cur = full ? 0 : limit.rlim_max;
  ::setrlimit(RLIMIT_SIGPENDING, &limit);
}

// The program's own handler: which values it was called with, and how often for
// each number.
struct handler_log
{
  std::vector<int> values;
  std::array<int, count> calls{};
};

handler_log handled;

void log_handler(int number, ::siginfo_t* info, void*)
{
  const std::size_t i = index_of(number);
  ++handled.calls[i];
  if (i < realtime && info->si_code == SI_QUEUE)
    handled.values.push_back(info->si_value.sival_int);
}

enum class first_action
{
  standard,
  ignored,
  handler
};

void set_action(int number, first_action what)
{
  struct ::sigaction action{};
  action.sa_handler = SIG_DFL;
  if (what == first_action::ignored)
    action.sa_handler = SIG_IGN;
  if (what == first_action::handler)
  {
    action.sa_sigaction = &log_handler;
    action.sa_flags = SA_SIGINFO;
  }
  ::sigaction(number, &action, nullptr);
}

// A real-time signal that was sent.
struct sent_signal
{
  std::size_t index;
  bool is_delivered = false;
  std::size_t delivered_at = 0; // by the model's clock
  bool is_handled = false; // by an object with handler_policy::call
  bool may_be_dropped = false; // an object with drop_oldest watched it
  bool was_watched = false; // the thread of a pipe may have it
};

// What became of a standard signal.
struct standard_signal
{
  std::size_t sent = 0;
  std::size_t consumed = 0; // at least so many
  bool is_heard = true; // since it was sent last
};

// What the model knows of an object, from its opening to its closing.
struct object
{
  int id;
  sigfd::open_options options;
  std::array<bool, count> watches{};
  std::array<std::size_t, count> began{};
  std::set<int> must; // the values that it has to hear
  std::set<int> may_drop; // and those that it may drop
  std::set<int> heard;
  std::array<bool, count> must_standard{};
  std::array<std::size_t, count> heard_standard{};
  std::array<int, count> last_value{};

  bool hears_all() const
  {
    return options.delivery == sigfd::delivery_policy::every;
  }

  bool drops() const
  {
    return hears_all()
        && options.overflow == sigfd::overflow_policy::drop_oldest;
  }
};

// An asynchronous wait.
struct wait
{
  int owner; // the id of its object; 0 if that was not open
  bool is_aborted = false;
  bool is_complete = false;
  std::size_t then = 0; // what its handler does
  std::vector<signal_info> infos; // of async_wait_some
  std::weak_ptr<int> handler; // as long as there is a handler
#if BOOST_VERSION >= 107700
  net::cancellation_signal cancellation;
#endif
};

class scene
{
public:
  explicit scene(fuzz::bytes input)
    : input_(input)
  {
    ::pthread_sigmask(SIG_UNBLOCK, &all_signals().native(), nullptr);
    handled = {};
    const unsigned header = input_.next();
    source_ = main_source((header & 1) != 0);
    unsigned actions = input_.next();
    for (std::size_t i = 0; i < count; ++i, actions /= 3)
    {
      actions_[i] = static_cast<first_action>(actions % 3);
      if (header & 2)
        set_action(numbers[i], actions_[i]);
      else
        actions_[i] = first_action::standard;
    }
    for (auto& fd : objects_)
      fd.emplace(context_->get_executor());
  }

  void run()
  {
    while (!input_.empty())
      step();
    finish();
  }

private:
  static constexpr std::size_t slots = 4;

  // Operations.

  void step()
  {
    ++clock_;
    switch (input_.next() % 24)
    {
    case 0:
    case 1:
      return open();
    case 2:
      return close();
    case 3:
      return add();
    case 4:
      return remove();
    case 5:
      return update();
    case 6:
      return clear();
    case 7:
    case 8:
      return async_wait();
    case 9:
      return try_wait();
    case 10:
      return cancel();
    case 11:
      return cancel_by_slot();
    case 12:
      return move();
    case 13:
      return poll();
    case 14:
    case 15:
    case 16:
      return send();
    case 17:
      return stray();
    case 18:
      return settle();
    case 19:
      return blocking_wait();
    case 20:
      return limit();
    case 21:
      return convert();
    case 22:
      return fork_told();
    case 23:
      return fork_untold();
    }
  }

  sigfd::open_options read_options()
  {
    const unsigned bits = input_.next();
    sigfd::open_options options;
    options.source = source_;
    if (bits & 1)
      options.source = is_pipe(options) ? sigfd::source::kernel
                                        : sigfd::source::pipe;
    if (bits & 2)
      options.delivery = sigfd::delivery_policy::one;
    if (bits & 4)
      options.backlog = (bits >> 6) + 1;
    if (bits & 8)
      options.overflow = sigfd::overflow_policy::drop_oldest;
    if (bits & 16)
      options.handlers = sigfd::handler_policy::call;
    if ((bits & 0xe0) == 0x20)
      options.mask = sigfd::mask_policy::require;
    if ((bits & 0xe0) == 0x60)
      options.stray = sigfd::stray_policy::ignore;
    return options;
  }

  signal_mask read_mask()
  {
    unsigned bits = input_.next();
    signal_mask mask;
    for (const int n : numbers)
    {
      if (bits & 1)
        mask.add(n);
      bits /= 2;
    }
    return mask;
  }

  // The errors that the documentation has for watching more. Whether there is
  // to be one is known beforehand.
  struct expected_error
  {
    bool conflict = false;
    bool not_blocked = false;
  };

  expected_error expect(const object& o, const signal_mask& added) const
  {
    expected_error result;
    for (const int n : added)
    {
      const std::size_t i = index_of(n);
      if (!blocked_[i] && o.options.mask == sigfd::mask_policy::require)
        result.not_blocked = true;
      for (const auto& other : models_)
        if (other && other->id != o.id && other->watches[i]
            && other->hears_all() != o.hears_all())
          result.conflict = true;
    }
    return result;
  }

  // Compares the two, and returns whether it worked.
  bool check_error(const error_code& ec, const expected_error& expected,
      const signal_mask& added) const
  {
    if (!expected.conflict && !expected.not_blocked)
    {
      check(!ec, "an error out of nothing: ", ec.message());
      return true;
    }
    bool is_right = false;
    for (const int n : added)
      is_right = is_right
          || (expected.conflict && ec == sigfd::make_delivery_conflict_error(n))
          || (expected.not_blocked && ec == sigfd::make_not_blocked_error(n));
    check(is_right, "not the right error: ", ec.message());
    return false;
  }

  bool is_watched_by_other(const object& o, std::size_t i) const
  {
    return std::any_of(models_.begin(), models_.end(), [&](const auto& other) {
      return other && other->id != o.id && other->watches[i];
    });
  }

  bool is_watched(std::size_t i) const
  {
    return std::any_of(models_.begin(), models_.end(),
        [&](const auto& o) { return o && o->watches[i]; });
  }

  int value_of(std::size_t sent_index) const
  {
    return base_ + static_cast<int>(sent_index);
  }

  // An object has begun to watch a signal.
  void begin(object& o, std::size_t i)
  {
    const bool is_first = !is_watched_by_other(o, i);
    o.watches[i] = true;
    o.began[i] = clock_;
    o.last_value[i] = -1;
    o.heard_standard[i] = standard_[i].consumed;
    if (o.options.mask == sigfd::mask_policy::block)
      blocked_[i] = true;
    for (std::size_t k = 0; k < sent_.size(); ++k)
    {
      sent_signal& s = sent_[k];
      if (s.index != i || s.is_delivered)
        continue;
      s.was_watched = true;
      // Nobody can have taken it.
      if (is_first && o.hears_all() && !o.drops() && !s.may_be_dropped)
        o.must.insert(value_of(k));
      s.may_be_dropped = s.may_be_dropped || o.drops();
    }
    if (is_first && o.hears_all() && !standard_[i].is_heard)
      o.must_standard[i] = true;
  }

  // It has ceased to.
  void end(object& o, std::size_t i)
  {
    o.watches[i] = false;
    o.must_standard[i] = false;
    const auto is_of = [&](int value) {
      return sent_[static_cast<std::size_t>(value - base_)].index == i;
    };
    std::erase_if(o.must, is_of);
    std::erase_if(o.may_drop, is_of);
    // What the thread had goes back behind what is queued.
    if (used_pipe_)
      is_ordered_[i] = false;
  }

  void watch(object& o, const signal_mask& mask)
  {
    for (std::size_t i = 0; i < count; ++i)
      if (mask.contains(numbers[i]) && !o.watches[i])
        begin(o, i);
      else if (!mask.contains(numbers[i]) && o.watches[i])
        end(o, i);
  }

  signal_mask mask_of(const object& o) const
  {
    signal_mask mask;
    for (std::size_t i = 0; i < count; ++i)
      if (o.watches[i])
        mask.add(numbers[i]);
    return mask;
  }

  void check_state(std::size_t slot)
  {
    const signal_fd& fd = *objects_[slot];
    const auto& model = models_[slot];
    if (ended_)
      return;
    check(fd.is_open() == (model != nullptr), "open, or not");
    if (model)
    {
      check(fd.signals() == mask_of(*model), "watches ", fd.signals(),
          " and not ", mask_of(*model));
      check(fd.source() == model->options.source, "has another source");
    }
    ::sigset_t blocked;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    for (std::size_t i = 0; i < count; ++i)
      check((::sigismember(&blocked, numbers[i]) == 1) == blocked_[i],
          sigfd::signal_name(numbers[i]), " is blocked, or not");
  }

  std::unique_ptr<object> make_model(const sigfd::open_options& options)
  {
    auto model = std::make_unique<object>();
    model->id = ++last_id_;
    model->options = options;
    return model;
  }

  void opened(std::size_t slot, std::unique_ptr<object> model)
  {
    models_[slot] = std::move(model);
    used_pipe_ = used_pipe_ || is_pipe(models_[slot]->options);
  }

  void open()
  {
    const std::size_t slot = input_.below(slots);
    const auto options = read_options();
    const signal_mask mask = read_mask();
    trace("open ", slot, ' ', mask, is_pipe(options) ? " pipe" : " kernel",
        options.delivery == sigfd::delivery_policy::one ? " one" : "",
        options.overflow == sigfd::overflow_policy::drop_oldest ? " drop" : "",
        options.handlers == sigfd::handler_policy::call ? " call" : "",
        options.mask == sigfd::mask_policy::require ? " require" : "",
        options.stray == sigfd::stray_policy::ignore ? " ignore" : "",
        " backlog ", options.backlog);
    error_code ec;
    if (models_[slot])
    {
      objects_[slot]->open(mask, options, ec);
      check(ec == net::error::already_open, "opened twice: ", ec.message());
      return;
    }
    auto model = make_model(options);
    const auto expected = expect(*model, mask);
    objects_[slot]->open(mask, options, ec);
    if (check_error(ec, expected, mask))
    {
      watch(*model, mask);
      opened(slot, std::move(model));
    }
    check_state(slot);
  }

  void abort_waits(int owner)
  {
    for (auto& w : waits_)
      if (w->owner == owner)
        w->is_aborted = true;
  }

  // The model of what was closed, in whatever way.
  void closed(std::size_t slot)
  {
    auto& model = models_[slot];
    if (!model)
      return;
    for (std::size_t i = 0; i < count; ++i)
      if (model->watches[i])
        end(*model, i);
    abort_waits(model->id);
    model.reset();
  }

  void close()
  {
    const std::size_t slot = input_.below(slots);
    trace("close ", slot);
    close(slot);
  }

  void close(std::size_t slot)
  {
    objects_[slot]->close();
    closed(slot);
    check_state(slot);
  }

  void add()
  {
    const std::size_t slot = input_.below(slots);
    const unsigned what = input_.next();
    const std::size_t i = what % count;
    const int number = numbers[i];
    error_code ec;
    if (what >= 0xf0)
    {
      const int wrong[] = {0, -1, SIGKILL, SIGSTOP, SIGSEGV, 32, 65, 1 << 30};
      trace("add ", slot, ' ', wrong[what % 8]);
      objects_[slot]->add(wrong[what % 8], ec);
      check(ec == net::error::invalid_argument, "added: ", ec.message());
      return check_state(slot);
    }
    using flags = signal_fd::flags;
    const flags all_flags[] = {
        flags::dont_care, flags::none, flags::restart, flags::no_child_stop};
    const flags f = what < 0x80 ? flags::dont_care : all_flags[what / 8 % 4];
    trace("add ", slot, ' ', sigfd::signal_name(number), ' ', int(f));
    std::unique_ptr<object> fresh;
    object* o = models_[slot].get();
    if (o == nullptr)
    {
      // With default options, which ask for the kernel first.
      sigfd::open_options options;
      options.source = sigfd::source::kernel;
      fresh = make_model(options);
      o = fresh.get();
    }
    const signal_mask added = o->watches[i] ? signal_mask{}
                                            : signal_mask{number};
    const auto expected = expect(*o, added);
    objects_[slot]->add(number, f, ec);
    const bool refuses = o->options.stray == sigfd::stray_policy::ignore
        && f != flags::none && f != flags::dont_care;
    const bool may_conflict = f != flags::dont_care && is_watched(i);
    if (refuses && ec == net::error::operation_not_supported)
      return check_state(slot);
    if (may_conflict && ec == net::error::invalid_argument)
      return check_state(slot);
    if (check_error(ec, expected, added))
    {
      check(!refuses, "flags without an action");
      if (!added.empty())
        begin(*o, i);
      if (fresh)
        opened(slot, std::move(fresh));
    }
    check_state(slot);
  }

  void remove()
  {
    const std::size_t slot = input_.below(slots);
    const unsigned what = input_.next();
    const std::size_t i = what % count;
    error_code ec;
    if (what >= 0xf8)
    {
      objects_[slot]->remove(what % 2 ? 0 : SIGRTMAX + 1, ec);
      check(ec == net::error::invalid_argument, "removed: ", ec.message());
      return check_state(slot);
    }
    trace("remove ", slot, ' ', sigfd::signal_name(numbers[i]));
    objects_[slot]->remove(numbers[i], ec);
    check(!ec, "remove: ", ec.message());
    if (models_[slot] && models_[slot]->watches[i])
      end(*models_[slot], i);
    check_state(slot);
  }

  void update()
  {
    const std::size_t slot = input_.below(slots);
    const signal_mask mask = read_mask();
    trace("update ", slot, ' ', mask);
    error_code ec;
    if (!models_[slot])
    {
      objects_[slot]->update(mask, ec);
      check(ec == net::error::bad_descriptor, "update: ", ec.message());
      return;
    }
    object& o = *models_[slot];
    const signal_mask added = mask - mask_of(o);
    const auto expected = expect(o, added);
    objects_[slot]->update(mask, ec);
    if (check_error(ec, expected, added))
      watch(o, mask);
    check_state(slot);
  }

  void clear()
  {
    const std::size_t slot = input_.below(slots);
    trace("clear ", slot);
    objects_[slot]->clear();
    if (models_[slot])
      watch(*models_[slot], {});
    check_state(slot);
  }

  // Waits.

  struct handler
  {
    scene* self;
    wait* w;
    std::shared_ptr<int> life;

    void operator()(error_code ec, const signal_info& info)
    {
      self->complete(*w, ec, {&info, ec ? 0u : 1u});
      check(!ec || info.number() == 0, "an error and a signal");
    }

    void operator()(error_code ec, std::size_t n)
    {
      check(n <= w->infos.size(), "more than fit");
      check(!ec || n == 0, "an error and signals");
      check(ec || n != 0 || w->infos.empty(), "success without a signal");
      self->complete(*w, ec, std::span(w->infos).first(n));
    }
  };

  template <typename Handler>
  void start(std::size_t slot, wait& w, Handler h)
  {
    if (w.infos.empty())
      objects_[slot]->async_wait(std::move(h));
    else
      objects_[slot]->async_wait_some(w.infos, std::move(h));
  }

  template <typename Handler>
  void start_with_slot(
      std::size_t slot, wait& w, [[maybe_unused]] bool cancellable, Handler h)
  {
#if BOOST_VERSION >= 107700
    if (cancellable)
      return start(slot, w,
          net::bind_cancellation_slot(w.cancellation.slot(), std::move(h)));
#endif
    start(slot, w, std::move(h));
  }

  void async_wait()
  {
    const std::size_t slot = input_.below(slots);
    const unsigned how = input_.next();
    trace("async_wait ", slot, ' ', how);
    start_wait(slot, how);
  }

  void start_wait(std::size_t slot, unsigned how)
  {
    waits_.push_back(std::make_unique<wait>());
    wait& w = *waits_.back();
    w.owner = models_[slot] ? models_[slot]->id : 0;
    if (how & 1)
      w.infos.resize(how % 5 + 1);
    w.then = how >> 5;
    auto life = std::make_shared<int>(0);
    w.handler = life;
    handler h{this, &w, std::move(life)};
    if (how & 4)
      start_with_slot(slot, w, (how & 8) != 0,
          net::bind_executor(handlers_->get_executor(), std::move(h)));
    else
      start_with_slot(slot, w, (how & 8) != 0, std::move(h));
    check(!w.is_complete, "completed within the initiating function");
  }

  std::optional<std::size_t> slot_of(int id) const
  {
    for (std::size_t slot = 0; slot < slots; ++slot)
      if (models_[slot] && models_[slot]->id == id)
        return slot;
    return std::nullopt;
  }

  void complete(wait& w, error_code ec, std::span<const signal_info> infos)
  {
    ++clock_;
    trace("  a wait of object ", w.owner, " completes: ", ec.message(), ", ",
        infos.size());
    check(!std::exchange(w.is_complete, true), "completed twice");
    if (w.owner == 0)
    {
      check(ec == net::error::bad_descriptor, "not open: ", ec.message());
      return;
    }
    if (w.is_aborted)
    {
      check(ec == net::error::operation_aborted,
          "cancelled, and yet: ", ec.message());
      return;
    }
    check(!ec, "a wait failed: ", ec.message());
    const auto slot = slot_of(w.owner);
    check(slot.has_value(), "a wait without an object has a signal");
    for (const signal_info& info : infos)
      deliver(*models_[*slot], info);
    switch (w.then)
    {
    case 1:
      return start_wait(*slot, 1u << 5);
    case 2:
      trace("  closes ", *slot);
      return close(*slot);
    case 3:
      trace("  cancels ", *slot);
      return cancel(*slot);
    case 4:
      trace("  clears ", *slot);
      objects_[*slot]->clear();
      return watch(*models_[*slot], {});
    default:
      return;
    }
  }

  // An object has a signal.
  void deliver(object& o, const signal_info& info)
  {
    const std::size_t i = index_of(info.number());
    trace("  object ", o.id, ": ", info);
    check(o.watches[i], info, " delivered, and not watched");
    if (i < realtime)
      deliver_realtime(o, i, info);
    else
      deliver_standard(o, i, info);
  }

  bool calls(const object& o, std::size_t i) const
  {
    return o.options.handlers == sigfd::handler_policy::call
        && actions_[i] == first_action::handler;
  }

  void deliver_realtime(object& o, std::size_t i, const signal_info& info)
  {
    if (!info.value() && used_limit_)
      return; // a wake-up signal, see doc/limitations.md
    check(info.value().has_value(), "without a value: ", info);
    check(info.code() == SI_QUEUE && info.sender()
            && info.sender()->pid == ::getpid()
            && info.sender()->uid == ::getuid(),
        "not as it was sent: ", info);
    const int value = info.value()->sival_int;
    const auto k = static_cast<std::size_t>(value - base_);
    check(value >= base_ && k < sent_.size(), "never sent here: ", info);
    sent_signal& s = sent_[k];
    check(s.index == i, "sent as another: ", info);
    check(o.heard.insert(value).second, "twice to one object: ", info);
    check(!s.is_delivered || o.hears_all(), "to two that compete: ", info);
    check(!s.is_delivered || s.delivered_at >= o.began[i],
        "delivered already before the object watched it: ", info);
    check(!is_ordered_[i] || value > o.last_value[i], "out of order: ", info);
    o.last_value[i] = value;
    o.must.erase(value);
    o.may_drop.erase(value);
    if (!std::exchange(s.is_delivered, true))
      s.delivered_at = clock_;
    s.is_handled = s.is_handled || calls(o, i);
    const auto calls = std::count(
        handled.values.begin(), handled.values.end(), value);
    check(calls == (s.is_handled ? 1 : 0), "handled ", calls, " times: ", info);
  }

  void deliver_standard(object& o, std::size_t i, const signal_info& info)
  {
    standard_signal& s = standard_[i];
    ++o.heard_standard[i];
    s.consumed = o.hears_all() ? std::max(s.consumed, o.heard_standard[i])
                               : s.consumed + 1;
    check(s.consumed <= s.sent, "more often than sent: ", info);
    s.is_heard = true;
    o.must_standard[i] = false;
    check(!calls(o, i) || handled.calls[i] > 0, "not handled: ", info);
    check(handled.calls[i] <= static_cast<int>(s.sent),
        "handled too often: ", info);
  }

  void try_wait()
  {
    const std::size_t slot = input_.below(slots);
    const std::size_t n = input_.below(6);
    trace("try_wait ", slot, ' ', n);
    try_wait(slot, n);
  }

  // Whether there was something.
  bool try_wait(std::size_t slot, std::size_t n)
  {
    ++clock_;
    std::array<signal_info, 8> infos;
    error_code ec;
    const std::size_t taken = objects_[slot]->try_wait_some(
        std::span(infos).first(n), ec);
    check(taken <= n, "more than fit");
    if (!models_[slot])
      check(ec == net::error::bad_descriptor, "try_wait: ", ec.message());
    else
    {
      check(!ec, "try_wait: ", ec.message());
      for (const signal_info& info : std::span(infos).first(taken))
        deliver(*models_[slot], info);
    }
    return taken != 0;
  }

  void cancel()
  {
    const std::size_t slot = input_.below(slots);
    trace("cancel ", slot);
    cancel(slot);
  }

  void cancel(std::size_t slot)
  {
    objects_[slot]->cancel();
    if (models_[slot])
      abort_waits(models_[slot]->id);
  }

  void cancel_by_slot()
  {
    const std::size_t back = input_.below(8);
    [[maybe_unused]] const std::size_t type = input_.below(3);
    trace("cancel_by_slot ", back);
#if BOOST_VERSION >= 107700
    if (back >= waits_.size())
      return;
    wait& w = *waits_[waits_.size() - 1 - back];
    const net::cancellation_type types[] = {net::cancellation_type::terminal,
        net::cancellation_type::partial, net::cancellation_type::total};
    const bool has_slot = w.cancellation.slot().has_handler();
    w.cancellation.emit(types[type]);
    if (has_slot && !w.is_complete && w.owner != 0)
      w.is_aborted = true;
#endif
  }

  void move()
  {
    const std::size_t from = input_.below(slots);
    const std::size_t to = input_.below(slots);
    trace("move ", from, " to ", to);
    if (from == to)
    {
      signal_fd other(std::move(*objects_[from]));
      check(!objects_[from]->is_open(), "open after it was moved");
      objects_[from].emplace(std::move(other));
    }
    else
    {
      *objects_[to] = std::move(*objects_[from]);
      closed(to);
      models_[to] = std::move(models_[from]);
    }
    check_state(from);
    check_state(to);
  }

  // Opens an object of another type, and moves it here.
  void convert()
  {
    const std::size_t slot = input_.below(slots);
    const auto options = read_options();
    const signal_mask mask = read_mask();
    const unsigned how = input_.next();
    trace(
        "convert ", slot, ' ', mask, ' ', is_pipe(options) ? "pipe" : "kernel");
    auto model = make_model(options);
    const auto expected = expect(*model, mask);
    typed_signal_fd typed(context_->get_executor());
    error_code ec;
    typed.open(mask, options, ec);
    if (!check_error(ec, expected, mask))
      return;
    closed_by_assignment(slot);
    watch(*model, mask);
    opened(slot, std::move(model));
    if (how & 1)
      send(how / 2 % count, 0);
    bool is_moved = false;
    int completions = 0;
    if (how & 16)
      typed.async_wait([&](error_code e, const signal_info& info) {
        ++completions;
        check(!e || (is_moved && e == net::error::operation_aborted),
            "a wait of another type: ", e.message());
        check(!is_moved || e, "delivered by an object that was moved");
        if (!e)
          deliver(*models_[slot], info);
      });
    if (how & 32)
      while (context_->poll_one() != 0)
        continue;
    if (how & 64)
    {
      ++clock_;
      if (const auto info = typed.try_wait())
        deliver(*models_[slot], *info);
    }
    is_moved = true;
    objects_[slot].emplace(std::move(typed));
    check(!typed.is_open(), "open after it was moved");
    poll_all();
    check(completions == ((how & 16) != 0 ? 1 : 0), "completed ", completions,
        " times");
    check_state(slot);
  }

  void closed_by_assignment(std::size_t slot)
  {
    objects_[slot]->close();
    closed(slot);
  }

  // Runs what there is to run; whether anything was.
  bool poll_all()
  {
    bool result = false;
    for (const auto context : {context_.get(), handlers_.get()})
    {
      ++clock_;
      context->restart();
      result = context->poll() != 0 || result;
    }
    return result;
  }

  void poll()
  {
    const unsigned how = input_.next();
    trace("poll ", how);
    if ((how & 1) == 0)
      poll_all();
    else
    {
      auto& context = (how & 2) != 0 ? context_ : handlers_;
      for (unsigned k = 0; k <= how / 4 % 4; ++k)
      {
        ++clock_;
        context->restart();
        context->poll_one();
      }
    }
  }

  // Signals.

  void block(std::size_t i)
  {
    if (!blocked_[i])
      sigfd::block_signals({numbers[i]});
    blocked_[i] = true;
  }

  void send()
  {
    const std::size_t i = input_.below(count);
    const unsigned how = input_.next();
    for (unsigned k = 0; k <= how % 16 / 5; ++k)
      send(i, how / 16);
  }

  // The model of a signal that was sent.
  void sent(std::size_t i)
  {
    ++clock_;
    if (i < realtime)
    {
      const int value = value_of(sent_.size());
      sent_.push_back({i});
      for (auto& o : models_)
        if (o && o->watches[i])
        {
          sent_.back().was_watched = true;
          if (o->drops())
          {
            sent_.back().may_be_dropped = true;
            o->may_drop.insert(value);
          }
          else if (o->hears_all())
            o->must.insert(value);
        }
    }
    else
    {
      ++standard_[i].sent;
      standard_[i].is_heard = false;
      for (auto& o : models_)
        if (o && o->watches[i] && o->hears_all())
          o->must_standard[i] = true;
    }
  }

  ::sigval next_value() const
  {
    ::sigval value{};
    value.sival_int = value_of(sent_.size());
    return value;
  }

  void send(std::size_t i, unsigned how)
  {
    block(i); // or it ends the process, if nobody watches it
    const int number = numbers[i];
    int result = 0;
    if (i < realtime)
      result = ::sigqueue(::getpid(), number, next_value());
    else if (how % 2 == 0)
      result = ::kill(::getpid(), number);
    else
      result = ::sigqueue(::getpid(), number, ::sigval{});
    trace("send ", sigfd::signal_name(number), ' ', next_value().sival_int,
        result == 0 ? "" : ": refused");
    if (result == 0)
      sent(i);
    else
      check(is_full_ && i < realtime && errno == EAGAIN, "cannot send");
  }

  // A thread that does not block a signal receives it.
  void stray()
  {
    const std::size_t i = input_.below(count);
    const unsigned how = input_.next();
    const bool has_handler = std::any_of(
        models_.begin(), models_.end(), [&](const auto& o) {
          return o && o->watches[i]
              && o->options.stray == sigfd::stray_policy::forward;
        });
    if (!has_handler || support::has_thread_sanitizer)
      return;
    block(i);
    const int number = numbers[i];
    const ::sigval value = next_value();
    bool is_sent = false;
    const bool fills = (how & 2) != 0 && !is_full_;
    trace("stray ", sigfd::signal_name(number), ' ', value.sival_int,
        (how & 1) != 0 ? " of the process" : "", fills ? " at the limit" : "");
    is_ordered_[i] = false;
    used_limit_ = used_limit_ || fills;
    std::thread([&] {
      // It inherits that the signal is blocked.
      const int result = (how & 1) != 0
          ? ::sigqueue(::getpid(), number, value)
          : ::pthread_sigqueue(::pthread_self(), number, value);
      is_sent = result == 0;
      if (fills)
        limit_queue(true);
      const signal_mask mask{number};
      ::pthread_sigmask(SIG_UNBLOCK, &mask.native(), nullptr);
      if (fills && (how & 4) != 0)
        limit_queue(false);
    }).join();
    if (fills && (how & 4) == 0)
      is_full_ = true;
    if (is_sent)
      sent(i);
    else
      check(is_full_, "cannot send");
  }

  // The kernel's queue is full, or no longer.
  void limit()
  {
    is_full_ = !is_full_;
    used_limit_ = true;
    is_ordered_ = {};
    trace("limit ", is_full_);
    limit_queue(is_full_);
  }

  // Arrivals.

  bool has_outstanding_wait(const object& o) const
  {
    return std::any_of(waits_.begin(), waits_.end(), [&](const auto& w) {
      return w->owner == o.id && !w->is_complete && !w->is_aborted;
    });
  }

  // Whether a signal may be held back, because somebody does not take it.
  bool may_be_held_back(std::size_t i) const
  {
    return i < realtime
        && std::any_of(
            models_.begin(), models_.end(),
            [&](const auto& o) {
              return o && o->watches[i] && o->options.backlog < 16;
            });
  }

  bool has_undelivered(std::size_t i) const
  {
    if (i >= realtime)
      return !standard_[i].is_heard;
    return std::any_of(sent_.begin(), sent_.end(), [&](const sent_signal& s) {
      return s.index == i && !s.is_delivered && !s.may_be_dropped;
    });
  }

  // Whether an object has to hear a number that nothing holds back.
  bool must_hear_now(const object& o, std::size_t i) const
  {
    if (!o.watches[i] || may_be_held_back(i))
      return false;
    if (!o.hears_all())
      return has_undelivered(i);
    if (i >= realtime)
      return o.must_standard[i];
    return std::any_of(o.must.begin(), o.must.end(), [&](int value) {
      return sent_[static_cast<std::size_t>(value - base_)].index == i;
    });
  }

  bool must_hear_now(const object& o) const
  {
    for (std::size_t i = 0; i < count; ++i)
      if (must_hear_now(o, i))
        return true;
    return false;
  }

  // Whether waits are still to complete by the context alone.
  bool is_waiting() const
  {
    for (const auto& w : waits_)
      if (!w->is_complete && (w->is_aborted || w->owner == 0))
        return true;
    if (used_limit_) // what was kept does not make a descriptor readable
      return false;
    return std::any_of(models_.begin(), models_.end(), [&](const auto& o) {
      return o && has_outstanding_wait(*o) && must_hear_now(*o);
    });
  }

  // What is still to come, as a text; empty if nothing is.
  std::string missing()
  {
    std::string text;
    for (std::size_t slot = 0; slot < slots; ++slot)
      if (const auto& o = models_[slot])
      {
        for (const int value : o->must)
          text += " value " + std::to_string(value) + " for object "
              + std::to_string(o->id);
        for (std::size_t i = 0; i < count; ++i)
          if (o->must_standard[i])
            text += ' ' + std::string(sigfd::signal_name(numbers[i]))
                + " for object " + std::to_string(o->id);
        if (o->may_drop.size() > objects_[slot]->dropped())
          text += " more than dropped for object " + std::to_string(o->id);
      }
    for (std::size_t i = 0; i < count; ++i)
      if (is_watched(i) && has_undelivered(i))
        text += ' ' + std::string(sigfd::signal_name(numbers[i]))
            + " for anybody";
    return text;
  }

  template <typename Condition>
  static bool wait_until(Condition condition)
  {
    const auto end = steady_clock::now() + bound;
    for (int tries = 0; !condition(); ++tries)
    {
      if (steady_clock::now() > end)
        return false;
      if (tries > 3)
        ::usleep(tries > 100 ? 1000 : 20);
      else
        ::sched_yield();
    }
    return true;
  }

  // All that must arrive arrives: first by the waits, then because we ask.
  void settle()
  {
    trace("settle");
    if (is_full_)
      limit();
    if (used_limit_) // what was kept comes with the next one
      for (std::size_t i = 0; i < count; ++i)
        if (is_watched(i))
          send(i, 0);
    check(wait_until([&] {
      poll_all();
      return !is_waiting();
    }),
        "a wait does not complete:", missing());
    std::string text;
    check(wait_until([&] {
      poll_all();
      for (std::size_t slot = 0; slot < slots; ++slot)
        if (models_[slot])
          try_wait(slot, 8);
      return missing().empty();
    }),
        "does not arrive:", missing());
  }

  void blocking_wait()
  {
    const std::size_t slot = input_.below(slots);
    trace("wait ", slot);
    error_code ec;
    if (!models_[slot])
    {
      objects_[slot]->wait(ec);
      check(ec == net::error::bad_descriptor, "wait: ", ec.message());
      return;
    }
    if (used_limit_ || !must_hear_now(*models_[slot]))
      return;
    if (!models_[slot]->hears_all() && is_used_elsewhere())
      return;
    ++clock_;
    const signal_info info = objects_[slot]->wait(ec);
    check(!ec, "wait: ", ec.message());
    deliver(*models_[slot], info);
  }

  // What an object competes for may be told of by a model that is too simple.
  bool is_used_elsewhere() const
  {
    return std::count_if(models_.begin(), models_.end(), [](const auto& o) {
      return o != nullptr;
    }) > 1;
  }

  // Forks.

  // A child that goes on with the rest of the input, and has to end well.
  void fork_told()
  {
    if (is_child_ || is_full_ || std::exchange(has_forked_, true)
        || (support::has_thread_sanitizer && used_pipe_))
      return;
    trace("fork");
    for (const auto context : {context_.get(), handlers_.get()})
      context->notify_fork(net::io_context::fork_prepare);
    const ::pid_t pid = ::fork();
    check(pid != -1, "cannot fork");
    const auto event = pid == 0 ? net::io_context::fork_child
                                : net::io_context::fork_parent;
    for (const auto context : {context_.get(), handlers_.get()})
      context->notify_fork(event);
    if (pid != 0)
      return await(pid);
    become_child();
    run();
    ::_exit(0);
  }

  // What was sent to the parent, and what others had taken there, is not the
  // child's.
  void become_child()
  {
    is_child_ = true;
    base_ += 1'000'000;
    sent_.clear();
    handled = {};
    standard_ = {};
    for (auto& o : models_)
      if (o)
      {
        o->must.clear();
        o->may_drop.clear();
        o->heard.clear();
        o->must_standard = {};
        o->heard_standard = {};
        o->last_value = {};
      }
  }

  // A child that nobody tells of the fork: it closes what it has, or not, and
  // may have objects of its own.
  void fork_untold()
  {
    const unsigned how = input_.next();
    if (is_child_ || is_full_ || std::exchange(has_forked_untold_, true)
        || (support::has_thread_sanitizer && used_pipe_))
      return;
    trace("fork untold ", how);
    const ::pid_t pid = ::fork();
    check(pid != -1, "cannot fork");
    if (pid != 0)
      return await(pid);
    for (std::size_t slot = 0; slot < slots; ++slot)
      if (how & 1u << slot)
        objects_[slot].reset();
    const std::size_t i = how / 32 % realtime;
    sigfd::open_options options;
    options.source = source_;
    for (const auto& o : models_)
      if (o && o->watches[i])
        options.delivery = o->options.delivery;
    if (how & 16)
    {
      net::io_context context;
      signal_fd own(context, {numbers[i]}, options);
      ::sigval value{};
      value.sival_int = 42;
      check(::sigqueue(::getpid(), numbers[i], value) == 0, "cannot send");
      std::optional<signal_info> info;
      check(wait_until([&] {
        info = own.try_wait();
        return info.has_value();
      }),
          "a child that was not told does not hear");
      check(info->value() && info->value()->sival_int == 42, "a child hears ",
          *info);
    }
    ::_exit(0);
  }

  void await(::pid_t pid)
  {
    int status = 0;
    const bool has_ended = wait_until(
        [&] { return ::waitpid(pid, &status, WNOHANG) == pid; });
    if (!has_ended)
    {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &status, 0);
    }
    check(has_ended, "the child hangs");
    check(status == 0, "the child ends with status ", status);
  }

  // The end.

  void finish()
  {
    const unsigned how = last_;
    trace("the end");
    if (how & 1)
      settle();
    if (is_full_)
      limit();
    ended_ = true;
    if (how & 2)
    {
      // The contexts first, which takes the waits along.
      context_.reset();
      handlers_.reset();
      for (auto& w : waits_)
        check(w->handler.expired(), "a handler outlives its context");
      for (std::size_t slot = 0; slot < slots; ++slot)
      {
        check(!objects_[slot]->is_open(), "open after its context has ended");
        closed(slot);
        objects_[slot].reset();
      }
    }
    else
    {
      for (std::size_t slot = 0; slot < slots; ++slot)
      {
        objects_[slot].reset();
        closed(slot);
      }
      check(wait_until([&] {
        poll_all();
        return !is_waiting();
      }),
          "a wait does not end with its object");
      for (auto& w : waits_)
        check(w->is_complete && w->handler.expired(), "a wait is forgotten");
    }
    find_the_rest();
    check_actions();
  }

  // What nobody has heard is pending, and nothing else is.
  void find_the_rest()
  {
    std::set<int> found;
    // In the kernel, unless there was no room.
    if (!used_limit_)
      for (std::size_t i = 0; i < realtime; ++i)
      {
        const signal_mask mask{numbers[i]};
        const ::timespec at_once{};
        ::siginfo_t raw;
        block(i);
        while (::sigtimedwait(&mask.native(), &raw, &at_once) == numbers[i])
          find(signal_info(raw), found);
      }
    net::io_context context;
    sigfd::open_options options;
    options.source = sigfd::source::kernel;
    signal_fd rest(context, all_signals(), options);
    while (const auto info = rest.try_wait())
    {
      check(used_limit_ || index_of(*info) >= realtime,
          "kept, and not pending: ", *info);
      find(*info, found);
    }
    for (std::size_t k = 0; k < sent_.size(); ++k)
      check(sent_[k].is_delivered || sent_[k].may_be_dropped
              || found.contains(value_of(k)),
          "lost: ", sigfd::signal_name(numbers[sent_[k].index]), " value ",
          value_of(k));
    for (std::size_t i = realtime; i < count; ++i)
      check(standard_[i].is_heard || found.contains(-numbers[i]),
          "lost: ", sigfd::signal_name(numbers[i]));
  }

  void find(const signal_info& info, std::set<int>& found)
  {
    trace("  found ", info);
    const std::size_t i = index_of(info);
    if (i >= realtime)
    {
      found.insert(-info.number());
      check(++standard_[i].consumed <= standard_[i].sent,
          "found more often than sent: ", info);
      return;
    }
    if (used_limit_ && !info.value())
      return;
    check(info.value().has_value(), "found without a value: ", info);
    const int value = info.value()->sival_int;
    const auto k = static_cast<std::size_t>(value - base_);
    check(value >= base_ && k < sent_.size(), "never sent here: ", info);
    check(!sent_[k].is_delivered, "delivered, and still pending: ", info);
    check(found.insert(value).second, "pending twice: ", info);
  }

  void check_actions() const
  {
    for (std::size_t i = 0; i < count; ++i)
    {
      struct ::sigaction action{};
      ::sigaction(numbers[i], nullptr, &action);
      bool is_right = false;
      if (actions_[i] == first_action::handler)
        is_right = action.sa_sigaction == &log_handler;
      else if (actions_[i] == first_action::ignored)
        is_right = action.sa_handler == SIG_IGN;
      else // the default one of SIGURG is replaced by one that does nothing
        is_right = action.sa_handler == SIG_DFL || numbers[i] == SIGURG;
      check(is_right, sigfd::signal_name(numbers[i]),
          " does not have its action again");
      ::signal(numbers[i], SIG_DFL);
    }
  }

  fuzz::bytes input_;
  const unsigned last_ = input_.last();
  sigfd::source source_;
  std::array<first_action, count> actions_{};

  std::unique_ptr<net::io_context> context_
      = std::make_unique<net::io_context>();
  std::unique_ptr<net::io_context> handlers_
      = std::make_unique<net::io_context>();
  std::array<std::optional<signal_fd>, slots> objects_;
  std::array<std::unique_ptr<object>, slots> models_;
  std::vector<std::unique_ptr<wait>> waits_;

  // What was sent; the value of a signal is its place behind base_.
  std::vector<sent_signal> sent_;
  std::array<standard_signal, count> standard_{};
  int base_ = 1000;

  std::array<bool, count> blocked_{};
  std::array<bool, count> is_ordered_{true, true, true};
  std::size_t clock_ = 0;
  int last_id_ = 0;
  bool used_pipe_ = false;
  bool is_full_ = false;
  bool used_limit_ = false;
  bool is_child_ = false;
  bool has_forked_ = false;
  bool has_forked_untold_ = false;
  bool ended_ = false;
};

// The number of the next descriptor: it tells whether one was left open.
int next_descriptor()
{
  const int fd = ::dup(STDERR_FILENO);
  ::close(fd);
  return fd;
}

} // namespace

// The threads of libFuzzer and of the sanitizers block what the main thread
// blocks here.
int LLVMFuzzerInitialize(int*, char***)
{
  sigfd::block_signals(all_signals());
  // What ignores signals for its children, as nohup(1) does, may have begun it.
  for (const int n : numbers)
    set_action(n, first_action::standard);
  return 0;
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
  static bool is_first = true; // it may open what the process keeps
  const int before = next_descriptor();
  scene(fuzz::bytes(data, size)).run();
  check(std::exchange(is_first, false) || next_descriptor() == before,
      "a descriptor is left open");
  return 0;
}
