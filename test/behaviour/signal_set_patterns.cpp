// What programs do with boost::asio::signal_set, as templates: the same code
// is run with boost::asio::signal_set and with sigfd::signal_fd.

#include <sigfd/signal_fd.hpp>

#include "support/process.hpp"
#include "support/process_state.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/placeholders.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/bind/bind.hpp>
#include <boost/test/unit_test.hpp>
#include <boost/version.hpp>

#if BOOST_VERSION >= 107700
#include <boost/asio/experimental/awaitable_operators.hpp>
#endif
#if BOOST_VERSION >= 108100
#include <boost/asio/as_tuple.hpp>
#endif

#include <sys/wait.h>

#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <thread>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using boost::system::system_error;

using both = std::tuple<net::signal_set, sigfd::signal_fd>;

template <typename Signals>
constexpr bool is_sigfd = std::is_same_v<Signals, sigfd::signal_fd>;

// A signal_fd leaves its signals blocked, and a signal_set never hears of a
// blocked one: every case has to give the mask back.
class restored_mask
{
public:
  restored_mask()
  {
    ::pthread_sigmask(SIG_SETMASK, nullptr, &old_);
  }

  restored_mask(const restored_mask&) = delete;
  restored_mask& operator=(const restored_mask&) = delete;

  ~restored_mask()
  {
    ::pthread_sigmask(SIG_SETMASK, &old_, nullptr);
  }

private:
  ::sigset_t old_;
};

struct fixture
{
  restored_mask mask;
  net::io_context io_context;

  // A real signal, to the process.
  static void send(int signal_number)
  {
    BOOST_REQUIRE(::kill(::getpid(), signal_number) == 0);
  }

  // Runs until there is nothing more to do.
  void run()
  {
    io_context.restart();
    io_context.run();
  }
};

// Waits once, for SIGUSR1, to see that an object works.
template <typename Signals>
void expect_to_hear(
    fixture& f, Signals& signals, int signal_number = SIGUSR1)
{
  int heard = 0;
  signals.async_wait([&](error_code ec, int n) {
    BOOST_TEST(!ec);
    heard = n;
  });
  fixture::send(signal_number);
  BOOST_TEST(heard == 0);
  f.run();
  BOOST_TEST(heard == signal_number);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(signal_set_patterns, fixture)

// Members, and ways to make one.

BOOST_AUTO_TEST_CASE_TEMPLATE(has_the_members, Signals, both)
{
  static_assert(
      std::is_same_v<typename Signals::executor_type, net::any_io_executor>);
  using executor = net::io_context::executor_type;
  using rebound =
      typename Signals::template rebind_executor<executor>::other;
  static_assert(std::is_same_v<typename rebound::executor_type, executor>);
  static_assert(!std::is_default_constructible_v<Signals>);
  static_assert(!std::is_copy_constructible_v<Signals>);
  static_assert(!std::is_copy_assignable_v<Signals>);

  Signals signals(io_context);
  typename Signals::executor_type ex = signals.get_executor();
  BOOST_TEST((ex == net::any_io_executor(io_context.get_executor())));
  rebound other(io_context.get_executor(), SIGUSR1);
  expect_to_hear(*this, other);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(construct_with_context, Signals, both)
{
  {
    Signals signals(io_context);
    signals.add(SIGUSR1);
    expect_to_hear(*this, signals);
  }
  {
    Signals signals(io_context, SIGUSR1);
    expect_to_hear(*this, signals);
  }
  {
    Signals signals(io_context, SIGUSR1, SIGUSR2);
    expect_to_hear(*this, signals, SIGUSR1);
    expect_to_hear(*this, signals, SIGUSR2);
  }
  {
    Signals signals(io_context, SIGUSR1, SIGUSR2, SIGWINCH);
    expect_to_hear(*this, signals, SIGUSR1);
    expect_to_hear(*this, signals, SIGUSR2);
    expect_to_hear(*this, signals, SIGWINCH);
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(construct_with_executor, Signals, both)
{
  const auto ex = io_context.get_executor();
  {
    Signals signals(ex);
    signals.add(SIGUSR1);
    expect_to_hear(*this, signals);
  }
  {
    Signals signals(ex, SIGUSR1);
    expect_to_hear(*this, signals);
  }
  {
    Signals signals(ex, SIGUSR1, SIGUSR2);
    expect_to_hear(*this, signals, SIGUSR1);
    expect_to_hear(*this, signals, SIGUSR2);
  }
  {
    Signals signals(net::make_strand(io_context), SIGUSR1, SIGUSR2, SIGWINCH);
    expect_to_hear(*this, signals, SIGUSR1);
    expect_to_hear(*this, signals, SIGUSR2);
    expect_to_hear(*this, signals, SIGWINCH);
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(construct_with_a_bad_number, Signals, both)
{
  BOOST_CHECK_EXCEPTION(Signals(io_context, SIGUSR1, -1), system_error,
      [](const system_error& e) {
        return e.code() == net::error::invalid_argument;
      });
}

// add, remove, clear, cancel.

BOOST_AUTO_TEST_CASE_TEMPLATE(add_and_remove, Signals, both)
{
  Signals signals(io_context);
  signals.add(SIGUSR1);
  signals.add(SIGUSR1); // no effect
  signals.add(SIGUSR2);
  signals.remove(SIGUSR2);
  signals.remove(SIGUSR2); // no effect
  expect_to_hear(*this, signals, SIGUSR1);
  signals.remove(SIGUSR1);
  signals.add(SIGUSR2);
  expect_to_hear(*this, signals, SIGUSR2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    add_and_remove_with_error_code, Signals, both)
{
  Signals signals(io_context);
  error_code ec = net::error::eof;
  signals.add(SIGUSR1, ec);
  BOOST_TEST(!ec);
  expect_to_hear(*this, signals, SIGUSR1);

  signals.add(-1, ec);
  BOOST_TEST((ec == net::error::invalid_argument));
  // The set is as it was.
  expect_to_hear(*this, signals, SIGUSR1);

  signals.remove(-1, ec);
  BOOST_TEST((ec == net::error::invalid_argument));
  signals.remove(SIGUSR1, ec);
  BOOST_TEST(!ec);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(add_and_remove_throw, Signals, both)
{
  const auto invalid = [](const system_error& e) {
    return e.code() == net::error::invalid_argument;
  };
  Signals signals(io_context);
  BOOST_CHECK_EXCEPTION(signals.add(-1), system_error, invalid);
  BOOST_CHECK_EXCEPTION(signals.remove(-1), system_error, invalid);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(clear_and_add_again, Signals, both)
{
  Signals signals(io_context, SIGUSR1, SIGUSR2);
  signals.clear();
  error_code ec = net::error::eof;
  signals.clear(ec);
  BOOST_TEST(!ec);
  signals.add(SIGUSR1);
  expect_to_hear(*this, signals);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    a_wait_outlasts_clear_and_hears_what_is_added, Signals, both)
{
  Signals signals(io_context, SIGUSR1);
  int heard = 0;
  signals.async_wait([&](error_code ec, int n) {
    BOOST_TEST(!ec);
    heard = n;
  });
  signals.clear();
  io_context.poll();
  BOOST_TEST(heard == 0);
  signals.add(SIGUSR2);
  send(SIGUSR2);
  run();
  BOOST_TEST(heard == SIGUSR2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(cancel_aborts_all_waits, Signals, both)
{
  Signals signals(io_context, SIGUSR1);
  for (const bool with_error_code : {false, true})
  {
    std::vector<error_code> ends;
    for (int i = 0; i < 3; ++i)
      signals.async_wait([&](error_code ec, int n) {
        BOOST_TEST(n == 0);
        ends.push_back(ec);
      });
    error_code ec = net::error::eof;
    if (with_error_code)
      signals.cancel(ec);
    else
      signals.cancel();
    BOOST_TEST(ends.empty());
    run();
    BOOST_TEST(ends.size() == 3u);
    for (const error_code& end : ends)
      BOOST_TEST((end == net::error::operation_aborted));
    BOOST_TEST((!with_error_code || !ec));
  }
  expect_to_hear(*this, signals);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    one_without_signals_can_do_everything_but_hear, Signals, both)
{
  Signals signals(io_context);
  error_code ec = net::error::eof;
  signals.remove(SIGUSR1, ec);
  BOOST_TEST(!ec);
  signals.remove(SIGUSR1);
  signals.clear();
  signals.cancel();
  ec = net::error::eof;
  signals.clear(ec);
  BOOST_TEST(!ec);
  ec = net::error::eof;
  signals.cancel(ec);
  BOOST_TEST(!ec);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(destruction_aborts_waits, Signals, both)
{
  error_code end;
  {
    Signals signals(io_context, SIGUSR1);
    signals.async_wait([&](error_code ec, int) { end = ec; });
  }
  run();
  BOOST_TEST((end == net::error::operation_aborted));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_signal_before_the_wait_is_kept, Signals, both)
{
  Signals signals(io_context, SIGUSR1);
  send(SIGUSR1);
  int heard = 0;
  signals.async_wait([&](error_code ec, int n) {
    BOOST_TEST(!ec);
    heard = n;
  });
  BOOST_TEST(heard == 0);
  run();
  BOOST_TEST(heard == SIGUSR1);
}

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
  signals.async_wait(std::bind(&on_signal_of, &heard, std::placeholders::_1,
      std::placeholders::_2));
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
        fixture::send(SIGTERM);
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
    sigwait_info();
    for (int i = 0; i < jobs; ++i)
      start_job(i);
  }

  int status_sum() const
  {
    return status_sum_;
  }

private:
  void sigwait_info()
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
        sigwait_info();
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

// Coroutines.

#if defined(BOOST_ASIO_HAS_CO_AWAIT)

namespace {

// The tag is for g++ 11, which does not compile this_coro::executor in a
// coroutine template without a parameter that depends on the template's.
template <typename Signals>
using with = std::type_identity<Signals>;

void rethrow(std::exception_ptr e)
{
  if (e)
    std::rethrow_exception(e);
}

template <typename Signals>
net::awaitable<void> await_one(with<Signals>, int& heard)
{
  Signals signals(co_await net::this_coro::executor, SIGUSR1, SIGUSR2);
  fixture::send(SIGUSR2);
  const int signal_number = co_await signals.async_wait(net::use_awaitable);
  heard = signal_number;
}

template <typename Signals>
net::awaitable<void> await_until_told_to_stop(with<Signals>, int& reloads)
{
  Signals signals(co_await net::this_coro::executor, SIGUSR1, SIGUSR2);
  fixture::send(SIGUSR1);
  while (co_await signals.async_wait(net::use_awaitable) != SIGUSR2)
    fixture::send(++reloads < 3 ? SIGUSR1 : SIGUSR2);
}

template <typename Signals>
net::awaitable<void> await_by_default(with<Signals>, int& heard)
{
  using awaited = net::use_awaitable_t<>::as_default_on_t<Signals>;
  awaited signals(co_await net::this_coro::executor, SIGUSR1);
  fixture::send(SIGUSR1);
  heard = co_await signals.async_wait();
}

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(coroutine_that_waits_once, Signals, both)
{
  int heard = 0;
  net::co_spawn(io_context, await_one(with<Signals>(), heard), rethrow);
  run();
  BOOST_TEST(heard == SIGUSR2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(coroutine_with_a_loop, Signals, both)
{
  int reloads = 0;
  net::co_spawn(
      io_context, await_until_told_to_stop(with<Signals>(), reloads), rethrow);
  run();
  BOOST_TEST(reloads == 3);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(coroutine_with_a_default_token, Signals, both)
{
  int heard = 0;
  net::co_spawn(io_context, await_by_default(with<Signals>(), heard), rethrow);
  run();
  BOOST_TEST(heard == SIGUSR1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    server_of_coroutines_that_is_stopped, Signals, both)
{
  Signals signals(io_context, SIGINT, SIGTERM);
  signals.async_wait([&](auto, auto) { io_context.stop(); });
  bool ended = false;
  net::co_spawn(
      io_context,
      [&]() -> net::awaitable<void> {
        net::ip::tcp::acceptor acceptor(co_await net::this_coro::executor,
            net::ip::tcp::endpoint(
                net::ip::address_v4::loopback(), any_port));
        fixture::send(SIGINT);
        for (;;)
          co_await acceptor.async_accept(net::use_awaitable);
        ended = true;
      },
      net::detached);
  run();
  BOOST_TEST(io_context.stopped());
  BOOST_TEST(!ended);
}

#if BOOST_VERSION >= 108100

namespace {

template <typename Signals>
net::awaitable<void> await_tuples(
    with<Signals>, int& heard, error_code& end)
{
  const auto ex = co_await net::this_coro::executor;
  Signals signals(ex, SIGUSR1);
  constexpr auto token = net::as_tuple(net::use_awaitable);
  fixture::send(SIGUSR1);
  {
    auto [ec, n] = co_await signals.async_wait(token);
    BOOST_TEST(!ec);
    heard = n;
  }
  net::post(ex, [&] { signals.cancel(); });
  {
    auto [ec, n] = co_await signals.async_wait(token);
    end = ec;
    BOOST_TEST(n == 0);
  }
}

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(coroutine_with_tuples, Signals, both)
{
  int heard = 0;
  error_code end;
  net::co_spawn(
      io_context, await_tuples(with<Signals>(), heard, end), rethrow);
  run();
  BOOST_TEST(heard == SIGUSR1);
  BOOST_TEST((end == net::error::operation_aborted));
}

#endif // BOOST_VERSION >= 108100

#if BOOST_VERSION >= 107700

namespace {

using namespace net::experimental::awaitable_operators;

// Whichever comes first: a signal or the time.
template <typename Signals>
net::awaitable<void> await_with_timeout(
    with<Signals>, bool send, std::size_t& winner, int& heard)
{
  const auto ex = co_await net::this_coro::executor;
  Signals signals(ex, SIGUSR1);
  net::steady_timer timer(ex);
  timer.expires_after(
      send ? std::chrono::milliseconds(60'000) : std::chrono::milliseconds(1));
  if (send)
    fixture::send(SIGUSR1);
  const auto result = co_await (signals.async_wait(net::use_awaitable)
      || timer.async_wait(net::use_awaitable));
  winner = result.index();
  if (result.index() == 0)
    heard = std::get<0>(result);
}

// Two objects, and both have to hear.
template <typename Signals>
net::awaitable<void> await_both(with<Signals>, std::vector<int>& heard)
{
  const auto ex = co_await net::this_coro::executor;
  Signals first(ex, SIGUSR1);
  Signals second(ex, SIGUSR2);
  fixture::send(SIGUSR2);
  fixture::send(SIGUSR1);
  const auto [a, b] = co_await (first.async_wait(net::use_awaitable)
      && second.async_wait(net::use_awaitable));
  heard.push_back(a);
  heard.push_back(b);
}

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(coroutine_with_a_signal_in_time, Signals, both)
{
  std::size_t winner = 2;
  int heard = 0;
  net::co_spawn(io_context,
      await_with_timeout(with<Signals>(), true, winner, heard), rethrow);
  run();
  BOOST_TEST(winner == 0u);
  BOOST_TEST(heard == SIGUSR1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(coroutine_without_a_signal_in_time, Signals, both)
{
  std::size_t winner = 2;
  int heard = 0;
  net::co_spawn(io_context,
      await_with_timeout(with<Signals>(), false, winner, heard), rethrow);
  run();
  BOOST_TEST(winner == 1u);
  BOOST_TEST(heard == 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(coroutine_with_two_objects, Signals, both)
{
  std::vector<int> heard;
  net::co_spawn(io_context, await_both(with<Signals>(), heard), rethrow);
  run();
  BOOST_TEST((heard == std::vector{SIGUSR1, SIGUSR2}));
}

#endif // BOOST_VERSION >= 107700

#endif // BOOST_ASIO_HAS_CO_AWAIT

// Flags, which signal_set has since Boost 1.82.

namespace {

template <typename Signals>
constexpr bool has_flags = requires { typename Signals::flags; };

static_assert(has_flags<sigfd::signal_fd>);

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(flags_that_ask_for_nothing, Signals, both)
{
  if constexpr (has_flags<Signals>)
  {
    using flags = typename Signals::flags;
    static_assert(std::is_same_v<typename Signals::flags_t, flags>);
    {
      Signals signals(io_context);
      signals.add(SIGUSR1, flags::dont_care);
      expect_to_hear(*this, signals);
    }
    {
      Signals signals(io_context);
      signals.add(SIGUSR1, flags::none);
      expect_to_hear(*this, signals);
    }
    {
      Signals signals(io_context);
      error_code ec = net::error::eof;
      signals.add(SIGUSR1, flags::none, ec);
      BOOST_TEST(!ec);
      expect_to_hear(*this, signals);
    }
  }
  else
    BOOST_TEST(!is_sigfd<Signals>);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(flags_that_are_combined, Signals, both)
{
  if constexpr (has_flags<Signals>)
  {
    using flags = typename Signals::flags;
    constexpr flags two = flags::no_child_stop | flags::restart;
    static_assert((two & flags::restart) == flags::restart);
    static_assert((two ^ flags::restart) == flags::no_child_stop);
    static_assert((two & ~flags::restart) == flags::no_child_stop);
    static_assert((two & flags::no_child_wait) == flags::none);
    flags f = flags::none;
    f |= flags::restart;
    BOOST_TEST((f == flags::restart));
    f ^= two;
    BOOST_TEST((f == flags::no_child_stop));
    f &= flags::restart;
    BOOST_TEST((f == flags::none));
  }
  else
    BOOST_TEST(!is_sigfd<Signals>);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(flags_in_conflict, Signals, both)
{
  if constexpr (has_flags<Signals>)
  {
    using flags = typename Signals::flags;
    Signals first(io_context);
    Signals second(io_context);
    error_code ec;
    first.add(SIGCHLD, flags::no_child_stop, ec);
    BOOST_TEST(!ec);
    second.add(SIGCHLD, flags::no_child_wait, ec);
    BOOST_TEST((ec == net::error::invalid_argument));
    second.add(SIGCHLD, flags::dont_care, ec);
    BOOST_TEST(!ec);
    first.clear();
    second.clear();
    second.add(SIGCHLD, flags::no_child_wait, ec);
    BOOST_TEST(!ec);
  }
  else
    BOOST_TEST(!is_sigfd<Signals>);
}

BOOST_AUTO_TEST_SUITE_END()
