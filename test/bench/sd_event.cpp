// sd-event, the loop of systemd.

#include "harness.hpp"

#include <sys/signalfd.h>
#include <systemd/sd-event.h>

#include <system_error>

namespace {

int sd_checked(int result, const char* what)
{
  if (result < 0)
    throw std::system_error(-result, std::generic_category(), what);
  return result;
}

class systemd_loop : public bench::contestant
{
public:
  explicit systemd_loop(bench::receiver& receive)
    : receive_(receive)
  {
    sd_checked(sd_event_new(&loop_), "sd_event_new");
  }

  ~systemd_loop() override
  {
    sd_event_unref(loop_);
  }

  void subscribe(int signal_number) override
  {
    bench::block(signal_number);
    sd_checked(
        sd_event_add_signal(loop_, nullptr, signal_number, on_signal, this),
        "sd_event_add_signal");
  }

  void run() override
  {
    sd_checked(sd_event_loop(loop_), "sd_event_loop");
  }

private:
  static int on_signal(
      sd_event_source*, const struct signalfd_siginfo* info, void* self)
  {
    auto& me = *static_cast<systemd_loop*>(self);
    return me.receive_.record(info->ssi_int) ? 0 : sd_event_exit(me.loop_, 0);
  }

  bench::receiver& receive_;
  sd_event* loop_ = nullptr;
};

} // namespace

int main(int argc, char** argv)
{
  return bench::run(argc, argv, {{"sd_event", bench::make<systemd_loop>}});
}
