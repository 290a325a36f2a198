// GLib, the loop of GTK and GNOME.

#include "harness.hpp"

#include <glib-unix.h>
#include <glib.h>

#include <signal.h>

namespace {

class glib : public bench::contestant
{
public:
  explicit glib(bench::receiver& receive)
    : receive_(receive),
      loop_(g_main_loop_new(nullptr, FALSE))
  {
  }

  ~glib() override
  {
    g_main_loop_unref(loop_);
  }

  void subscribe(int signal_number) override
  {
    // Any other number is an assertion that fails (glib-unix.h).
    switch (signal_number)
    {
    case SIGHUP:
    case SIGINT:
    case SIGTERM:
    case SIGUSR1:
    case SIGUSR2:
    case SIGWINCH:
      g_unix_signal_add(signal_number, on_signal, this);
      return;
    default:
      throw bench::unsupported("no real-time signals");
    }
  }

  void run() override
  {
    g_main_loop_run(loop_);
  }

private:
  static gboolean on_signal(gpointer self)
  {
    auto& me = *static_cast<glib*>(self);
    if (me.receive_.record())
      return G_SOURCE_CONTINUE;
    g_main_loop_quit(me.loop_);
    return G_SOURCE_REMOVE;
  }

  bench::receiver& receive_;
  GMainLoop* loop_;
};

} // namespace

int main(int argc, char** argv)
{
  return bench::run(
      argc, argv, {{"glib", bench::make<glib>, bench::sees::number}});
}
