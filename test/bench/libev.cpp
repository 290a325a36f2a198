// libev, by a signal handler and by a signalfd.

#include "harness.hpp"

#include <ev.h>

#include <stdexcept>

namespace {

template <unsigned Flags>
class libev : public bench::contestant
{
public:
  explicit libev(bench::receiver& receive)
    : receive_(receive),
      loop_(ev_loop_new(EVFLAG_AUTO | Flags))
  {
    if (loop_ == nullptr)
      throw std::runtime_error("ev_loop_new failed");
  }

  ~libev() override
  {
    ev_signal_stop(loop_, &signal_);
    ev_loop_destroy(loop_);
  }

  void subscribe(int signal_number) override
  {
    ev_signal_init(&signal_, on_signal, signal_number);
    signal_.data = this;
    ev_signal_start(loop_, &signal_);
  }

  void run() override
  {
    ev_run(loop_, 0);
  }

private:
  static void on_signal(struct ev_loop* loop, ev_signal* signal, int)
  {
    if (!static_cast<libev*>(signal->data)->receive_.record())
      ev_break(loop, EVBREAK_ALL);
  }

  bench::receiver& receive_;
  struct ev_loop* loop_;
  ev_signal signal_{};
};

} // namespace

int main(int argc, char** argv)
{
  using bench::make;
  using bench::sees;
  return bench::run(argc, argv,
      {{"libev", make<libev<0>>, sees::number},
          {"libev_signalfd", make<libev<EVFLAG_SIGNALFD>>, sees::number}});
}
