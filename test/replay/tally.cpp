#include "tally.hpp"

#include <boost/asio/error.hpp>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace replay {
namespace {

std::atomic<int> last_value{0};

} // namespace

tally::tally(sigfd::delivery_policy delivery, bool is_one_thread)
  : delivery_(delivery),
    is_one_thread_(is_one_thread)
{
}

int tally::add_object()
{
  const std::lock_guard lock(mutex_);
  const int id = static_cast<int>(objects_.size());
  objects_[id];
  return id;
}

void tally::watch(int object, const sigfd::signal_mask& mask)
{
  const std::lock_guard lock(mutex_);
  for (const int n : mask)
    objects_[object].numbers.insert(n);
}

void tally::unwatch(int object, const sigfd::signal_mask& mask)
{
  const std::lock_guard lock(mutex_);
  auto& o = objects_[object];
  for (const int n : mask)
    o.numbers.erase(n);
  std::erase_if(
      o.due, [&](int value) { return mask.contains(signals_[value].number); });
}

void tally::close(int object)
{
  unwatch(object, sigfd::signal_mask::all());
  cancel(object);
  const std::lock_guard lock(mutex_);
  objects_[object].is_closed = true;
}

void tally::cancel(int object)
{
  const std::lock_guard lock(mutex_);
  for (handler_entry& h : handlers_)
    if (h.object == object && h.calls == 0)
      h.is_cancelled = true;
}

int tally::send(int number)
{
  const int value = ++last_value;
  const std::lock_guard lock(mutex_);
  signals_[value].number = number;
  for (auto& [id, o] : objects_)
    if (o.numbers.contains(number))
      o.due.insert(value);
  return value;
}

void tally::deliver(int object, const sigfd::signal_info& info)
{
  const std::lock_guard lock(mutex_);
  deliver_locked(object, info);
}

void tally::deliver_to(int handler, const sigfd::signal_info& info)
{
  const std::lock_guard lock(mutex_);
  const auto& h = handlers_[static_cast<std::size_t>(handler)];
  if (is_one_thread_ && h.is_cancelled)
    add_complaint("handler " + std::to_string(handler)
        + " gets a signal, though it was cancelled");
  deliver_locked(h.object, info);
}

void tally::find(const sigfd::signal_info& info)
{
  const std::lock_guard lock(mutex_);
  signal_entry* const s = look_up(info);
  if (s == nullptr)
    return;
  const std::string value = std::to_string(info.value()->sival_int);
  if (++s->found > 1)
    add_complaint("value " + value + " is left twice");
  if (!s->delivered.empty())
    add_complaint("value " + value + " is left, though it was delivered");
}

int tally::add_handler(int object, bool may_lose)
{
  const std::lock_guard lock(mutex_);
  auto& o = objects_[object];
  handlers_.push_back({object, may_lose || o.is_closed, false, 0, 0});
  ++o.handlers;
  ++live_;
  return static_cast<int>(handlers_.size()) - 1;
}

int tally::last_handler() const
{
  const std::lock_guard lock(mutex_);
  return static_cast<int>(handlers_.size()) - 1;
}

void tally::cancel_handler(int handler)
{
  const std::lock_guard lock(mutex_);
  auto& h = handlers_[static_cast<std::size_t>(handler)];
  if (h.calls == 0)
    h.is_cancelled = true;
}

void tally::call(int handler, const boost::system::error_code& ec)
{
  const std::lock_guard lock(mutex_);
  auto& h = handlers_[static_cast<std::size_t>(handler)];
  const std::string name = "handler " + std::to_string(handler);
  if (h.calls == 0)
    ++called_;
  if (++h.calls > 1)
    add_complaint(name + " is called twice");
  if (h.destructions != 0)
    add_complaint(name + " is called after it was destroyed");
  if (ec && ec != boost::asio::error::operation_aborted
      && ec != boost::asio::error::bad_descriptor)
    add_complaint(name + " is called with the error " + ec.message());
  if (ec && is_one_thread_ && !h.is_cancelled && !h.may_lose)
    add_complaint(name + " is cancelled, and by nobody");
}

void tally::destroy(int handler)
{
  const std::lock_guard lock(mutex_);
  auto& h = handlers_[static_cast<std::size_t>(handler)];
  if (++h.destructions > 1)
  {
    add_complaint("handler " + std::to_string(handler) + " is destroyed twice");
    return;
  }
  --objects_[h.object].handlers;
  --live_;
}

void tally::handle(int value)
{
  const std::lock_guard lock(mutex_);
  ++signals_[value].handled;
}

void tally::begin_child()
{
  const std::lock_guard lock(mutex_);
  signals_.clear();
  for (auto& [id, o] : objects_)
    o.due.clear();
}

void tally::complain(std::string what)
{
  const std::lock_guard lock(mutex_);
  add_complaint(std::move(what));
}

std::size_t tally::live_handlers() const
{
  const std::lock_guard lock(mutex_);
  return live_;
}

bool tally::were_all_called() const
{
  const std::lock_guard lock(mutex_);
  return called_ == handlers_.size();
}

bool tally::is_owed(bool to_a_handler) const
{
  const std::lock_guard lock(mutex_);
  for (const auto& [id, o] : objects_)
    if ((o.handlers != 0 || !to_a_handler) && owes(o))
      return true;
  return false;
}

bool tally::is_owed(int object) const
{
  const std::lock_guard lock(mutex_);
  return owes(objects_.at(object));
}

std::size_t tally::missing() const
{
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& [value, s] : signals_)
    if (s.delivered.empty() && s.found == 0)
      ++count;
  return count;
}

tally::totals tally::sum() const
{
  const std::lock_guard lock(mutex_);
  totals all;
  for (const auto& [value, s] : signals_)
  {
    ++all.sent;
    all.delivered += s.delivered.empty() ? 0u : 1u;
    all.left += static_cast<std::size_t>(s.found);
  }
  return all;
}

sigfd::signal_mask tally::watched() const
{
  const std::lock_guard lock(mutex_);
  sigfd::signal_mask all;
  for (const auto& [id, o] : objects_)
    for (const int n : o.numbers)
      all.add(n);
  return all;
}

void tally::may_hold_back()
{
  may_hold_back_ = true;
}

std::vector<std::string> tally::check(bool handles)
{
  const std::lock_guard lock(mutex_);
  std::map<int, int> balance; // sent, less delivered, less left
  for (const auto& [value, s] : signals_)
  {
    ++balance[s.number];
    if (!s.delivered.empty() || s.found != 0)
      --balance[s.number];
    else
      add_complaint("value " + std::to_string(value) + " of signal "
          + std::to_string(s.number) + " is lost");
    if (handles && s.handled != (s.delivered.empty() ? 0 : 1))
      add_complaint("the program's handler is called "
          + std::to_string(s.handled) + " times for value "
          + std::to_string(value));
  }
  for (const auto& [number, difference] : balance)
    if (difference != 0)
      add_complaint("signal " + std::to_string(number) + ": "
          + std::to_string(difference) + " are missing in the balance");
  for (std::size_t i = 0; i < handlers_.size(); ++i)
    if (handlers_[i].destructions != 1)
      add_complaint("handler " + std::to_string(i) + " is destroyed "
          + std::to_string(handlers_[i].destructions) + " times");
  return std::exchange(complaints_, {});
}

tally::signal_entry* tally::look_up(const sigfd::signal_info& info)
{
  const auto value = info.value();
  const auto found = value ? signals_.find(value->sival_int) : signals_.end();
  if (found != signals_.end() && found->second.number == info.number())
    return &found->second;
  add_complaint("signal " + std::to_string(info.number()) + " with the value "
      + (value ? std::to_string(value->sival_int) : "(none)")
      + " was not sent");
  return nullptr;
}

void tally::deliver_locked(int object, const sigfd::signal_info& info)
{
  signal_entry* const s = look_up(info);
  if (s == nullptr)
    return;
  const int value = info.value()->sival_int;
  if (++s->delivered[object] > 1)
    add_complaint("value " + std::to_string(value) + " comes twice to object "
        + std::to_string(object));
  if (delivery_ == sigfd::delivery_policy::one && s->delivered.size() > 1)
    add_complaint("value " + std::to_string(value) + " comes to two objects");
  objects_[object].due.erase(value);
}

bool tally::owes(const object_entry& o) const
{
  if (may_hold_back_)
    return false;
  if (delivery_ == sigfd::delivery_policy::every)
    return !o.due.empty();
  for (const int value : o.due)
    if (signals_.at(value).delivered.empty())
      return true;
  return false;
}

void tally::add_complaint(std::string what)
{
  complaints_.push_back(std::move(what));
}

} // namespace replay
