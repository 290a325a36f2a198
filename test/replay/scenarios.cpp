#include "scenarios.hpp"

#include "support/process.hpp"
#include "support/source.hpp"
#include "support/take_all.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <boost/version.hpp>

#if BOOST_VERSION >= 107800
#include <boost/asio/experimental/awaitable_operators.hpp>
#endif
#if BOOST_VERSION >= 108100
#include <boost/asio/deferred.hpp>
#endif

#include <signal.h>

#include <chrono>
#include <memory>
#include <span>
#include <utility>

namespace replay {
namespace {

using sigfd::delivery_policy;
using traits = scenario::traits;

// How scenarios start.

// One object with a wait of each kind, and fewer signals than they can take.
void start_waits(scene& s)
{
  s.open(s.first);
  s.wait(s.first);
  s.wait_some(s.first);
  s.send();
}

void start_two(scene& s, const sigfd::open_options& options)
{
  s.open(s.first, both(), options);
  s.open(s.second, both(), options);
  s.wait(s.first);
  s.wait(s.second);
  s.wait_some(s.second);
  s.send();
  s.send();
  s.send(standard_number);
}

// Two objects that hear the same, both with waits.
void start_every(scene& s)
{
  start_two(s, support::options());
}

// Two that compete.
void start_one(scene& s)
{
  auto options = support::options();
  options.delivery = delivery_policy::one;
  start_two(s, options);
}

constexpr traits compete{.delivery = delivery_policy::one};

// The first one waits, and the second one has what the first one takes.
void start_with_one_behind(scene& s)
{
  s.open(s.first);
  s.open(s.second);
  for (int i = 0; i < 3; ++i)
    s.wait(s.first);
  s.send();
  s.send();
  s.send(standard_number);
}

// The same, but it has room for one signal.
void start_with_no_room(scene& s)
{
  auto options = support::options();
  options.backlog = 1;
  s.books.may_hold_back();
  s.open(s.first);
  s.open(s.second, both(), options);
  for (int i = 0; i < 3; ++i)
    s.wait(s.first);
  for (int i = 0; i < 3; ++i)
    s.send();
}

void start_with_both_sources(scene& s)
{
  auto other = support::options();
  other.source = support::test_source() == sigfd::source::pipe
      ? sigfd::source::kernel
      : sigfd::source::pipe;
  s.open(s.first);
  s.open(s.second, both(), other);
  s.wait(s.first);
  s.wait(s.second);
  s.wait_some(s.second);
  s.send();
  s.send();
}

void start_by_other(scene& s)
{
  s.open(s.first);
  s.wait(s.first, s.by_other());
  s.wait_some(s.first, s.by_other());
  s.wait(s.first);
  s.send();
  s.send();
}

void start_by_strand(scene& s)
{
  s.open(s.first);
  s.wait(s.first, s.by_owner());
  s.wait_some(s.first, s.by_owner());
  s.send();
}

void start_on_strand(scene& s)
{
  s.first.fd.emplace(*s.owner, both(), support::options());
  s.first.id = s.books.add_object();
  s.books.watch(s.first.id, both());
  s.wait(s.first);
  s.wait_some(s.first);
  s.wait(s.first, s.by_other());
  s.send();
}

void start_on_and_on(scene& s)
{
  s.open(s.first);
  s.wait_on_and_on(s.first);
  s.send();
  s.send();
  s.send(standard_number);
}

void start_futures(scene& s)
{
  s.open(s.first);
  s.wait_for_future(s.first);
  s.wait_for_future(s.first);
  s.send();
}

// What happens then.

void nothing(scene&)
{
}

void cancel(scene& s)
{
  s.books.cancel(s.first.id);
  s.first.fd->cancel();
  s.send();
}

void close(scene& s)
{
  s.close(s.first);
  s.send();
}

void close_second(scene& s)
{
  s.close(s.second);
  s.send();
}

void destroy(scene& s)
{
  s.destroy(s.first);
  s.send();
}

void destroy_second(scene& s)
{
  s.destroy(s.second);
  s.send();
}

void cancel_and_wait(scene& s)
{
  s.books.cancel(s.first.id);
  s.first.fd->cancel();
  s.wait(s.first);
  s.wait_some(s.first);
}

void open_again(scene& s)
{
  s.close(s.first);
  s.send();
  s.reopen(s.first);
  s.wait(s.first);
}

void move_construct(scene& s)
{
  s.second.fd.emplace(std::move(*s.first.fd));
  s.second.id = std::exchange(s.first.id, -1);
  s.destroy(s.first);
  s.send();
}

void move_and_cancel(scene& s)
{
  move_construct(s);
  s.books.cancel(s.second.id);
  s.second.fd->cancel();
}

// The second one's waits end, and the first one's belong to it now.
void move_assign(scene& s)
{
  s.books.close(s.second.id);
  *s.second.fd = std::move(*s.first.fd);
  s.second.id = std::exchange(s.first.id, -1);
  s.destroy(s.first);
  s.send();
}

void move_to_other_type(scene& s)
{
  s.books.cancel(s.first.id);
  s.first.fd.emplace(std::move(*s.concrete));
  s.concrete.reset();
  s.wait(s.first);
}

void remove_and_add(scene& s)
{
  s.books.unwatch(s.first.id, {first_number});
  s.first.fd->remove(first_number);
  s.send();
  s.first.fd->add(first_number);
  s.books.watch(s.first.id, {first_number});
}

void remove_and_leave(scene& s)
{
  s.feed_number = standard_number;
  s.books.unwatch(s.first.id, {first_number});
  s.first.fd->remove(first_number);
  s.send();
  s.books.cancel(s.first.id);
  s.first.fd->cancel();
}

void add(scene& s)
{
  s.first.fd->add(second_number);
  s.books.watch(s.first.id, {second_number});
  s.wait(s.first);
  s.feed_number = second_number;
}

void update(scene& s)
{
  s.update(s.first, {second_number});
  s.feed_number = second_number;
}

void clear_and_update(scene& s)
{
  s.books.unwatch(s.first.id, both());
  s.first.fd->clear();
  s.send();
  s.update(s.first, both());
}

void take_beside(scene& s)
{
  s.take(s.first);
}

void open_second(scene& s)
{
  s.open(s.second);
  s.wait(s.second);
  s.send();
}

void open_second_to_compete(scene& s)
{
  auto options = support::options();
  options.delivery = delivery_policy::one;
  s.destroy(s.second);
  s.open(s.second, both(), options);
  s.wait(s.second);
}

void notify(scene& s, net::execution_context::fork_event event)
{
  s.context->notify_fork(event);
  s.other->notify_fork(event);
}

// The child goes on with everything, and has signals of its own.
void fork_and_notify(scene& s)
{
  notify(s, net::execution_context::fork_prepare);
  support::process child([&] {
    notify(s, net::execution_context::fork_child);
    s.books.begin_child();
    s.send();
    return s.play_to_the_end() ? 0 : 1;
  });
  notify(s, net::execution_context::fork_parent);
  if (child.wait_for(support::child_bound()) != 0)
    s.books.complain("not all is well in the child");
}

// The child ends objects of which nobody told it.
void fork_and_end(scene& s)
{
  support::process child([&] {
    s.destroy(s.second);
    s.destroy(s.first);
    return 0;
  });
  if (child.wait_for(support::child_bound()) != 0)
    s.books.complain("not all is well in the child");
}

// Handlers of the program's.

scene* handling = nullptr;
void (*in_handler)(scene& s) = nullptr;

void handle(int, ::siginfo_t* info, void*)
{
  handling->books.handle(info->si_value.sival_int);
  in_handler(*handling);
}

void start_calling(scene& s, void (*function)(scene& s))
{
  handling = &s;
  in_handler = function;
  auto options = support::options();
  options.handlers = sigfd::handler_policy::call;
  s.open(s.first, both(), options);
  s.wait(s.first, s.by_owner());
  s.wait_some(s.first, s.by_owner());
  s.wait(s.first, s.by_owner());
  s.send(standard_number);
  s.send();
}

constexpr traits calling{.calls_handlers = true};

#if BOOST_VERSION >= 107700

void start_with_slot(scene& s)
{
  s.open(s.first);
  s.wait_some_with_slot(s.first);
  s.wait_with_slot(s.first);
  s.wait(s.first);
  s.send();
}

template <net::cancellation_type Type>
void emit(scene& s)
{
  s.emit(1, Type);
}

void emit_both(scene& s)
{
  s.emit(1, net::cancellation_type::all);
  s.emit(0, net::cancellation_type::all);
}

void emit_and_use_again(scene& s)
{
  s.emit(1, net::cancellation_type::total);
  s.wait(s.first, s.by_slot());
}

void emit_and_go(scene& s)
{
  s.emit(1, net::cancellation_type::total);
  s.cancellations.clear();
}

void close_and_emit(scene& s)
{
  s.destroy(s.first);
  emit_both(s);
}

#endif
#if BOOST_VERSION >= 107800

using namespace net::experimental::awaitable_operators;

// A part of a coroutine that ends, whether by its end or by an exception.
template <typename Function>
net::awaitable<void> counting(scene& s, int object, Function function)
{
  counted count(s.books, object, true);
  error_code ec;
  try
  {
    co_await function();
  }
  catch (const boost::system::system_error& error)
  {
    ec = error.code();
  }
  count.call(ec);
}

bool is_open(const scene::object& o)
{
  return o.fd && o.fd->is_open();
}

// The signal is delivered to this, and may be dropped with the coroutine that
// called it: operator|| goes on only when the other one has ended, too.
net::awaitable<void> wait_for(scene& s, scene::object& o, bool may_lose = true)
{
  counted count(s.books, o.id, may_lose);
  error_code ec;
  const signal_info info = co_await o.fd->async_wait(
      net::redirect_error(net::use_awaitable, ec));
  if (!ec)
    count.deliver(info);
  count.call(ec);
  if (ec)
    throw boost::system::system_error(ec);
}

net::awaitable<void> race(scene& s, bool against_timer)
{
  for (int round = 0; round < 3 && is_open(s.first); ++round)
  {
    net::steady_timer timer(co_await net::this_coro::executor,
        std::chrono::steady_clock::time_point());
    if (against_timer)
      co_await (wait_for(s, s.first) || timer.async_wait(net::use_awaitable));
    else
      co_await (net::post(net::use_awaitable) || wait_for(s, s.first));
  }
  if (is_open(s.first))
    co_await wait_for(s, s.first, false);
}

net::awaitable<void> race_each_other(scene& s)
{
  for (int round = 0; round < 2 && is_open(s.first) && is_open(s.second);
      ++round)
    co_await (wait_for(s, s.first) || wait_for(s, s.second));
}

template <typename Function>
void spawn(scene& s, Function function)
{
  net::co_spawn(*s.owner, counting(s, s.first.id, function), net::detached);
}

void start_race_with_timer(scene& s)
{
  s.open(s.first);
  spawn(s, [&s] { return race(s, true); });
  s.send();
}

void start_race_with_post(scene& s)
{
  s.open(s.first);
  spawn(s, [&s] { return race(s, false); });
  s.send();
}

void start_race_of_waits(scene& s)
{
  s.open(s.first);
  s.open(s.second);
  spawn(s, [&s] { return race_each_other(s); });
  s.send();
  s.send();
}

#endif
#if BOOST_VERSION >= 108100

void start_later(scene& s)
{
  s.open(s.first);
  s.later = [&s, wait = s.first.fd->async_wait(net::deferred)] {
    wait(one_handler(s.books, s.first.id));
  };
  s.wait(s.first);
  s.send();
}

template <void (*Act)(scene& s)>
void act_and_start(scene& s)
{
  Act(s);
  s.later();
}

// The wait goes with the object.
void move_and_start(scene& s)
{
  move_construct(s);
  s.first.id = s.second.id;
  s.later();
  s.first.id = -1;
}

#endif

const scenario table[] = {
    {"cancel", start_waits, cancel},
    {"cancel, wait again", start_waits, cancel_and_wait},
    {"cancel, a chain of waits", start_on_and_on, cancel},
    {"close", start_waits, close},
    {"close, a chain of waits", start_on_and_on, close},
    {"close, open again", start_waits, open_again},
    {"destroy", start_waits, destroy},
    {"move construct", start_waits, move_construct},
    {"move construct, cancel", start_waits, move_and_cancel},
    {"move assign", start_every, move_assign},
    {"move to another executor type",
        [](scene& s) {
          s.open_concrete();
          s.send();
          s.send();
        },
        move_to_other_type},
    {"remove, add", start_waits, remove_and_add},
    {"remove, cancel", start_waits, remove_and_leave},
    {"add", start_waits, add},
    {"update", start_waits, update},
    {"clear, update", start_waits, clear_and_update},
    {"try_wait beside waits", start_waits, take_beside},
#if BOOST_VERSION >= 107700
    {"slot, terminal", start_with_slot, emit<net::cancellation_type::terminal>},
    {"slot, partial", start_with_slot, emit<net::cancellation_type::partial>},
    {"slot, total", start_with_slot, emit<net::cancellation_type::total>},
    {"slot, none", start_with_slot, emit<net::cancellation_type::none>},
    {"slots of both waits", start_with_slot, emit_both},
    {"slot, used again", start_with_slot, emit_and_use_again},
    {"slot, signal ends", start_with_slot, emit_and_go},
    {"slot after destroy", start_with_slot, close_and_emit},
#endif
#if BOOST_VERSION >= 107800
    {"wait or timer", start_race_with_timer, nothing},
    {"wait or timer, close", start_race_with_timer, close},
    {"wait or timer, destroy", start_race_with_timer, destroy},
    {"post or wait", start_race_with_post, nothing},
    {"post or wait, cancel", start_race_with_post, cancel},
    {"wait or wait", start_race_of_waits, nothing},
    {"wait or wait, close one", start_race_of_waits, close},
#endif
#if BOOST_VERSION >= 108100
    {"deferred, cancel", start_later, act_and_start<cancel>},
    {"deferred, close", start_later, act_and_start<close>},
    {"deferred, open again", start_later, act_and_start<open_again>},
    {"deferred, destroy", start_later, act_and_start<destroy>},
    {"deferred, move", start_later, move_and_start},
#endif
    {"every, close one", start_every, close_second},
    {"every, destroy one", start_every, destroy},
    {"every, cancel one", start_every, cancel},
    {"every, one more", start_waits, open_second},
    {"every, one behind, it is destroyed", start_with_one_behind,
        destroy_second},
    {"every, one behind, it stays", start_with_one_behind, destroy},
    {"every, no room, close", start_with_no_room, close_second},
    {"every, no room, other closes", start_with_no_room, close},
    {"every, both sources", start_with_both_sources, nothing},
    {"every, both sources, close", start_with_both_sources, close},
    {"every, both sources, destroy", start_with_both_sources, destroy_second},
    {"one, close one", start_one, close_second, compete},
    {"one, destroy one", start_one, destroy, compete},
    {"one, cancel one", start_one, cancel, compete},
    {"one, another one", start_one, open_second_to_compete, compete},
    {"one, move assign", start_one, move_assign, compete},
    {"handler called, closes",
        [](scene& s) { start_calling(s, [](scene& t) { t.close(t.first); }); },
        nothing, calling},
    {"handler called, cancels",
        [](scene& s) {
          start_calling(s, [](scene& t) { t.first.fd->cancel(); });
        },
        nothing, calling},
    {"handler called, destroy", [](scene& s) { start_calling(s, nothing); },
        destroy, calling},
    {"foreign executor", start_by_other, nothing, {.uses_other = true}},
    {"foreign executor, cancel", start_by_other, cancel, {.uses_other = true}},
    {"foreign executor, close", start_by_other, close, {.uses_other = true}},
    {"foreign executor, destroy", start_by_other, destroy,
        {.uses_other = true}},
    {"strand of the handler, close", start_by_strand, close},
    {"strand of the handler, destroy", start_by_strand, destroy},
    {"strand of the object, cancel", start_on_strand, cancel,
        {.context_may_end_first = false, .uses_other = true}},
    {"strand of the object, destroy", start_on_strand, destroy,
        {.context_may_end_first = false, .uses_other = true}},
    {"use_future", start_futures, nothing},
    {"use_future, cancel", start_futures, cancel},
    {"use_future, destroy", start_futures, destroy},
    {"stray", start_waits, [](scene& s) { s.send_stray(); },
        {.needs_strays = true}},
    {"stray, close", start_waits,
        [](scene& s) {
          s.send_stray();
          s.close(s.first);
        },
        {.needs_strays = true}},
    {"stray, two objects", start_every,
        [](scene& s) {
          s.send_stray();
          s.destroy(s.second);
        },
        {.needs_strays = true}},
    {"fork, notify_fork", start_waits, fork_and_notify,
        {.on_threads = false, .forks = true}},
    {"fork, notify_fork, two objects", start_every, fork_and_notify,
        {.on_threads = false, .forks = true}},
    {"fork, child ends objects", start_every, fork_and_end,
        {.on_threads = false, .forks = true}},
};

} // namespace

std::span<const scenario> scenarios()
{
  return table;
}

void install_handlers()
{
  struct ::sigaction action{};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO;
  for (const int n : both())
    ::sigaction(n, &action, nullptr);
}

void restore_handlers()
{
  const struct ::sigaction action{};
  for (const int n : both())
    ::sigaction(n, &action, nullptr);
}

} // namespace replay
