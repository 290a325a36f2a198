// libevent.

#include "harness.hpp"

#include <event2/event.h>

#include <memory>
#include <stdexcept>

namespace {

class libevent : public bench::contestant
{
public:
  explicit libevent(bench::receiver& receive)
    : receive_(receive),
      base_(event_base_new(), event_base_free),
      signal_(nullptr, event_free)
  {
    if (!base_)
      throw std::runtime_error("event_base_new failed");
  }

  void subscribe(int signal_number) override
  {
    signal_.reset(evsignal_new(base_.get(), signal_number, on_signal, this));
    if (!signal_ || event_add(signal_.get(), nullptr) != 0)
      throw std::runtime_error("event_add failed");
  }

  void run() override
  {
    event_base_dispatch(base_.get());
  }

private:
  static void on_signal(evutil_socket_t, short, void* self)
  {
    auto& me = *static_cast<libevent*>(self);
    if (!me.receive_.record())
      event_base_loopbreak(me.base_.get());
  }

  bench::receiver& receive_;
  std::unique_ptr<event_base, decltype(&event_base_free)> base_;
  std::unique_ptr<event, decltype(&event_free)> signal_;
};

} // namespace

int main(int argc, char** argv)
{
  return bench::run(
      argc, argv, {{"libevent", bench::make<libevent>, bench::sees::number}});
}
