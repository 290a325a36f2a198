#include "scene.hpp"

#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/unblock.hpp"
#include "support/wait_until.hpp"

#include <sigfd/detail/pipe_thread.hpp>
#include <sigfd/stray_counts.hpp>

#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace replay {

scene::scene(tally& t)
  : books(t),
    owner(std::in_place, context->get_executor())
{
}

scene::~scene()
{
  end(ending::object_first);
}

void scene::open(
    object& o, const signal_mask& mask, const sigfd::open_options& options)
{
  o.fd.emplace(*context, mask, options);
  o.id = books.add_object();
  books.watch(o.id, mask);
}

void scene::reopen(object& o)
{
  o.fd->open(both(), support::options());
  o.id = books.add_object();
  books.watch(o.id, both());
}

void scene::close(object& o)
{
  books.close(o.id);
  o.fd->close();
}

void scene::destroy(object& o)
{
  if (o.id != -1)
    books.close(o.id);
  o.fd.reset();
}

void scene::update(object& o, const signal_mask& mask)
{
  const signal_mask before = o.fd->signals();
  books.unwatch(o.id, before - mask);
  o.fd->update(mask);
  books.watch(o.id, mask - before);
}

void scene::open_concrete()
{
  concrete.emplace(*context, both(), support::options());
  first.id = books.add_object();
  books.watch(first.id, both());
  concrete->async_wait(one_handler(books, first.id));
}

// One of the program's handlers may close it meanwhile.
void scene::take(object& o)
{
  while (o.fd->is_open())
    if (const auto info = o.fd->try_wait())
      books.deliver(o.id, *info);
    else
      break;
}

void scene::send(int number)
{
  if (!support::queue(::getpid(), number, books.send(number)))
    books.complain("a signal cannot be sent");
}

void scene::send_stray()
{
  const int value = books.send(first_number);
  const auto before = sigfd::count_strays().caught;
  std::thread([=] {
    ::sigval v{};
    v.sival_int = value;
    ::pthread_sigqueue(::pthread_self(), first_number, v);
    support::unblock_all(); // what is sent to the thread alone comes first
  }).join();
  if (sigfd::count_strays().caught == before)
    books.complain("a stray is not caught");
}

void scene::wait(object& o)
{
  wait(o, [](auto handler) { return handler; });
}

void scene::wait_some(object& o)
{
  wait_some(o, [](auto handler) { return handler; });
}

void scene::wait_on_and_on(object& o)
{
  o.fd->async_wait(net::bind_executor(*owner,
      [this, &o, handler = one_handler(books, o.id)](
          error_code ec, const signal_info& info) mutable {
        handler(ec, info);
        if (!ec && o.fd && o.fd->is_open())
          wait_on_and_on(o);
      }));
}

void scene::wait_for_future(object& o)
{
  futures_.push_back({o.fd->async_wait(net::use_future),
      std::make_unique<counted>(books, o.id, true), o.id});
}

#if BOOST_VERSION >= 107700

void scene::wait_with_slot(object& o)
{
  cancellations.push_back(std::make_unique<net::cancellation_signal>());
  wait(o, by_slot());
  with_slot_.push_back(books.last_handler());
}

void scene::wait_some_with_slot(object& o)
{
  cancellations.push_back(std::make_unique<net::cancellation_signal>());
  wait_some(o, by_slot());
  with_slot_.push_back(books.last_handler());
}

void scene::emit(std::size_t which, net::cancellation_type type)
{
  if (type != net::cancellation_type::none)
    books.cancel_handler(with_slot_[which]);
  cancellations[which]->emit(type);
}

#endif

bool scene::poll_one()
{
  if (other)
    other->restart();
  context->restart();
  if (other_first)
    return (other && other->poll_one() != 0) || context->poll_one() != 0;
  return context->poll_one() != 0 || (other && other->poll_one() != 0);
}

bool scene::step()
{
  bool ran = false;
  const bool as_it_should = support::wait_until([&] {
    note_futures();
    const bool was_owed = books.is_owed();
    settle();
    ran = poll_one();
    return ran || !(was_owed && books.is_owed());
  });
  if (!as_it_should)
    books.complain("a handler waits, and does not get what was sent");
  return ran;
}

bool scene::advance()
{
  while (!step())
  {
    note_futures();
    if (books.live_handlers() == 0)
      return false;
    if (!feed())
    {
      books.complain("a handler is never called");
      return false;
    }
  }
  return true;
}

bool scene::has_pipe() const
{
  for (const object* o : {&first, &second})
    if (o->fd && o->fd->source() == sigfd::source::pipe)
      return true;
  return concrete && concrete->source() == sigfd::source::pipe;
}

// Waits until nothing is on its way to the objects.
void scene::settle()
{
  if (!has_pipe())
    return;
  const bool taken = support::wait_until([&] {
    for (const int n : books.watched())
      if (support::is_pending(n) && books.is_owed(false))
        return false;
    return true;
  });
  if (!taken)
    books.complain("the thread does not take what is pending");
  // Nothing is in its hands now.
  const std::lock_guard pause(sigfd::detail::the_pipe_thread());
}

bool scene::feed()
{
  if (fed_ == 100)
    return false;
  ++fed_;
  send(feed_number);
  return true;
}

void scene::note_futures(bool wait)
{
  for (auto& f : futures_)
  {
    if (!f.count)
      continue;
    if (f.result.wait_for(wait ? support::patience() : std::chrono::seconds(0))
        != std::future_status::ready)
    {
      if (wait)
        books.complain("a future never gets ready");
      continue;
    }
    try
    {
      books.deliver(f.object, f.result.get());
      f.count->call({});
    }
    catch (const boost::system::system_error& error)
    {
      f.count->call(error.code());
    }
    catch (const std::future_error&)
    {
    }
    f.count.reset();
  }
}

void scene::end(ending e)
{
  if (e == ending::drained)
  {
    drain(first);
    drain(second);
    drain(first); // what the second one held back
  }
  if (e == ending::context_first)
  {
    end_contexts();
    end_objects();
  }
  else
  {
    end_objects();
    end_contexts();
  }
  note_futures(true);
  rooms_.clear();
#if BOOST_VERSION >= 107700
  cancellations.clear();
#endif
}

void scene::end_objects()
{
  destroy(second);
  destroy(first);
  concrete.reset();
  later = nullptr;
}

// A strand must not outlive its context.
void scene::end_contexts()
{
  owner.reset();
  context.end();
  other.reset();
}

void scene::drain(object& o)
{
  if (!o.fd || !o.fd->is_open())
    return;
  const bool all = support::wait_until([&] {
    settle();
    take(o);
    note_futures();
    return !books.is_owed(o.id);
  });
  if (!all)
    books.complain("an object does not get all that was sent");
}

} // namespace replay
