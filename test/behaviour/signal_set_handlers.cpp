// What programs do with boost::asio::signal_set, as templates: the same code
// is run with boost::asio::signal_set and with sigfd::signal_fd. Here it has
// handlers of many kinds, and servers that use them.

#include <sigfd/signal_fd.hpp>

#include "support/signal_set_pattern.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/placeholders.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/bind/bind.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using support::both;

} // namespace

BOOST_FIXTURE_TEST_SUITE(signal_set_handlers, support::signal_set_fixture)

// Handlers.

namespace {

int last_signal = 0;

void on_signal(const error_code& ec, int signal_number)
{
  BOOST_TEST(!ec);
  last_signal = signal_number;
}

void on_signal_of(int* heard, const error_code& ec, int signal_number)
{
  BOOST_TEST(!ec);
  *heard = signal_number;
}

// Counts down; stops waiting at 0.
template <typename Signals>
class countdown
{
public:
  countdown(net::io_context& io_context, int from)
    : signals_(io_context, SIGUSR1),
      left_(from)
  {
    wait();
  }

  void cancel()
  {
    signals_.cancel();
  }

  int left() const
  {
    return left_;
  }

private:
  void wait()
  {
    signals_.async_wait(
        std::bind(&countdown::handle, this, std::placeholders::_2));
  }

  void handle(int signal_number)
  {
    BOOST_TEST(signal_number == SIGUSR1);
    if (--left_ > 0)
      wait();
  }

  Signals signals_;
  int left_;
};

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(function_handler, Signals, both)
{
  Signals signals(io_context, SIGUSR1);
  for (const bool by_address : {true, false})
  {
    last_signal = 0;
    if (by_address)
      signals.async_wait(&on_signal);
    else
      signals.async_wait(on_signal);
    send(SIGUSR1);
    run();
    BOOST_TEST(last_signal == SIGUSR1);
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(std_bind_handler, Signals, both)
{
  Signals signals(io_context, SIGUSR1);
  int heard = 0;
  signals.async_wait(std::bind(
      &on_signal_of, &heard, std::placeholders::_1, std::placeholders::_2));
  send(SIGUSR1);
  run();
  BOOST_TEST(heard == SIGUSR1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(boost_bind_handler, Signals, both)
{
  Signals signals(io_context, SIGUSR1);
  int heard = 0;
  signals.async_wait(boost::bind(&on_signal_of, &heard,
      net::placeholders::error, net::placeholders::signal_number));
  send(SIGUSR1);
  run();
  BOOST_TEST(heard == SIGUSR1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(bind_that_ignores_all_arguments, Signals, both)
{
  // A daemon: whatever comes, the context stops.
  Signals signals(io_context, SIGUSR1, SIGUSR2);
  signals.async_wait(std::bind(&net::io_context::stop, &io_context));
  const auto work = net::make_work_guard(io_context);
  send(SIGUSR2);
  run();
  BOOST_TEST(io_context.stopped());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(generic_lambda_that_stops, Signals, both)
{
  Signals signals(io_context, SIGUSR1, SIGUSR2);
  signals.async_wait([&](auto, auto) { io_context.stop(); });
  const auto work = net::make_work_guard(io_context);
  send(SIGUSR1);
  run();
  BOOST_TEST(io_context.stopped());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(function_object_handler, Signals, both)
{
  Signals signals(io_context, SIGUSR1);
  int heard = 0;
  const std::function<void(const error_code&, int)> handler =
      [&](const error_code& ec, int n) {
        BOOST_TEST(!ec);
        heard = n;
      };
  signals.async_wait(handler);
  send(SIGUSR1);
  run();
  BOOST_TEST(heard == SIGUSR1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    handler_that_waits_again_by_a_member, Signals, both)
{
  countdown<Signals> count(io_context, 3);
  for (int left = 3; left > 0; --left)
  {
    BOOST_TEST(count.left() == left);
    send(SIGUSR1);
    BOOST_TEST(support::wait_until([&] {
      io_context.poll();
      return count.left() == left - 1;
    }));
  }
  // It did not start a fourth.
  io_context.restart();
  BOOST_TEST(io_context.run() == 0u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(handler_on_a_strand, Signals, both)
{
  Signals signals(io_context, SIGUSR1);
  const auto strand = net::make_strand(io_context);
  int heard = 0;
  signals.async_wait(net::bind_executor(strand, [&](error_code ec, int n) {
    BOOST_TEST(!ec);
    BOOST_TEST(strand.running_in_this_thread());
    heard = n;
  }));
  send(SIGUSR1);
  run();
  BOOST_TEST(heard == SIGUSR1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(future_beside_a_thread_that_runs, Signals, both)
{
  // Before the thread, which inherits the mask.
  Signals signals(io_context, SIGUSR1);
  auto future = signals.async_wait(net::use_future);
  std::thread runner([&] { io_context.run(); });
  send(SIGUSR1);
  const int heard = future.get();
  runner.join();
  BOOST_TEST(heard == SIGUSR1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(switch_over_the_signal, Signals, both)
{
  Signals signals(io_context, SIGUSR1, SIGUSR2);
  int reloads = 0;
  int reports = 0;
  for (const int sent : {SIGUSR1, SIGUSR2, SIGUSR1})
  {
    signals.async_wait([&](const error_code&, auto signal_number) {
      switch (signal_number)
      {
      case SIGUSR1:
        ++reloads;
        break;
      case SIGUSR2:
        ++reports;
        break;
      }
    });
    send(sent);
    run();
  }
  BOOST_TEST(reloads == 2);
  BOOST_TEST(reports == 1);
}

// Servers.

namespace {

constexpr unsigned short any_port = 0;

// A server that ends when it is told to: closes its acceptor, so that nothing
// is left to do.
template <typename Signals>
class stoppable_server
{
public:
  stoppable_server()
    : signals_(io_context_),
      acceptor_(io_context_, {net::ip::address_v4::loopback(), any_port})
  {
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    signals_.add(SIGQUIT);
    await_stop();
    accept();
  }

  void run()
  {
    io_context_.run();
  }

  net::ip::tcp::endpoint endpoint() const
  {
    return acceptor_.local_endpoint();
  }

  int accepted() const
  {
    return accepted_;
  }

  int stopped_by() const
  {
    return stopped_by_;
  }

private:
  void accept()
  {
    acceptor_.async_accept([this](error_code ec, net::ip::tcp::socket) {
      // Was it closed before this handler had its turn?
      if (!acceptor_.is_open())
        return;
      if (!ec)
      {
        ++accepted_;
        support::signal_set_fixture::send(SIGTERM);
      }
      accept();
    });
  }

  void await_stop()
  {
    signals_.async_wait([this](error_code /*ec*/, int signo) {
      stopped_by_ = signo;
      acceptor_.close();
    });
  }

  net::io_context io_context_;
  Signals signals_;
  net::ip::tcp::acceptor acceptor_;
  int accepted_ = 0;
  int stopped_by_ = 0;
};

// Forks a process for a job, and reaps every one that has ended when one has.
template <typename Signals>
class forking_server
{
public:
  forking_server(net::io_context& io_context, int jobs)
    : io_context_(io_context),
      signal_(io_context, SIGCHLD),
      jobs_(jobs)
  {
    wait_for_signal();
    for (int i = 0; i < jobs; ++i)
      start_job(i);
  }

  int status_sum() const
  {
    return status_sum_;
  }

private:
  void wait_for_signal()
  {
    signal_.async_wait([this](error_code /*ec*/, int /*signo*/) {
      // One SIGCHLD may stand for many children.
      int status = 0;
      while (jobs_ > 0 && ::waitpid(-1, &status, WNOHANG) > 0)
      {
        --jobs_;
        status_sum_ += WEXITSTATUS(status);
      }
      if (jobs_ > 0)
        wait_for_signal();
    });
  }

  void start_job(int result)
  {
    io_context_.notify_fork(net::io_context::fork_prepare);
    const ::pid_t pid = ::fork();
    BOOST_REQUIRE(pid != -1);
    if (pid == 0)
    {
      // Not the parent's signals any more.
      io_context_.notify_fork(net::io_context::fork_child);
      signal_.cancel();
      ::_exit(result);
    }
    io_context_.notify_fork(net::io_context::fork_parent);
  }

  net::io_context& io_context_;
  Signals signal_;
  int jobs_;
  int status_sum_ = 0;
};

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(server_that_is_stopped, Signals, both)
{
  stoppable_server<Signals> server;
  net::ip::tcp::socket client(io_context);
  client.connect(server.endpoint());
  server.run();
  BOOST_TEST(server.accepted() == 1);
  BOOST_TEST(server.stopped_by() == SIGTERM);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(server_that_reaps_its_children, Signals, both)
{
  forking_server<Signals> server(io_context, 4);
  run();
  BOOST_TEST(server.status_sum() == 0 + 1 + 2 + 3);
}

BOOST_AUTO_TEST_SUITE_END()
