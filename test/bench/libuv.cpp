// libuv, the loop of Node.js.

#include "harness.hpp"

#include <uv.h>

#include <stdexcept>

namespace {

int uv_checked(int result)
{
  if (result < 0)
    throw std::runtime_error(uv_strerror(result));
  return result;
}

class libuv : public bench::contestant
{
public:
  explicit libuv(bench::receiver& receive)
    : receive_(receive)
  {
    uv_checked(uv_loop_init(&loop_));
    uv_checked(uv_signal_init(&loop_, &signal_));
    signal_.data = this;
  }

  ~libuv() override
  {
    uv_close(reinterpret_cast<uv_handle_t*>(&signal_), nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }

  void subscribe(int signal_number) override
  {
    uv_checked(uv_signal_start(&signal_, on_signal, signal_number));
  }

  void run() override
  {
    uv_run(&loop_, UV_RUN_DEFAULT);
  }

private:
  static void on_signal(uv_signal_t* signal, int)
  {
    if (!static_cast<libuv*>(signal->data)->receive_.record())
      uv_stop(signal->loop);
  }

  bench::receiver& receive_;
  uv_loop_t loop_;
  uv_signal_t signal_;
};

} // namespace

int main(int argc, char** argv)
{
  return bench::run(
      argc, argv, {{"libuv", bench::make<libuv>, bench::sees::number}});
}
