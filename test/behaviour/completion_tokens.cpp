// The asynchronous waits with functions, futures and whatever else is no
// coroutine. Each waits for a signal that was really sent, and sees who sent
// it.

#include "support/completion_scene.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>
#include <boost/version.hpp>

#if BOOST_VERSION >= 108100
#include <boost/asio/deferred.hpp>
#endif

#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using boost::system::system_error;
using support::pending_scenes;
using support::scene;
using support::scenes;
using support::wait_one;
using support::wait_some;

} // namespace

// Function objects and functions.

BOOST_AUTO_TEST_CASE_TEMPLATE(lambda, Scene, scenes)
{
  Scene s;
  s.start(
      [&](error_code ec, typename Scene::result_type r) { s.succeed(ec, r); });
  s.run_to_completion();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(generic_lambda, Scene, scenes)
{
  Scene s;
  s.start([&](auto ec, auto r) {
    static_assert(std::is_same_v<decltype(ec), error_code>);
    static_assert(std::is_same_v<decltype(r), typename Scene::result_type>);
    s.succeed(ec, r);
  });
  s.run_to_completion();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(lambda_that_is_an_lvalue, Scene, scenes)
{
  Scene s;
  const auto callback = s.callback();
  s.start(callback);
  s.run_to_completion();

  Scene::send();
  auto changeable = s.callback();
  s.start(changeable);
  s.context.restart();
  s.context.run();
  BOOST_TEST(s.completions == 2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(lambda_when_not_open, Scene, pending_scenes)
{
  Scene s;
  s.start_closed(
      [&](error_code ec, typename Scene::result_type r) { s.fail(ec, r); });
  BOOST_TEST(s.completions == 0);
  s.run();
  BOOST_TEST(s.completions == 1);
  s.expect_left_pending();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(move_only_callback, Scene, scenes)
{
  struct callback
  {
    std::unique_ptr<Scene*> s;

    void operator()(error_code ec, typename Scene::result_type r)
    {
      (*s)->succeed(ec, r);
    }
  };
  static_assert(!std::is_copy_constructible_v<callback>);

  Scene s;
  s.start(callback{std::make_unique<Scene*>(&s)});
  s.run_to_completion();
}

#if BOOST_VERSION >= 108100

BOOST_AUTO_TEST_CASE_TEMPLATE(callback_that_is_called_once, Scene, scenes)
{
  struct callback
  {
    Scene& s;

    // As an rvalue, which older versions of Asio do not accept.
    void operator()(error_code ec, typename Scene::result_type r) &&
    {
      s.succeed(ec, r);
    }
  };

  Scene s;
  s.start(callback{s});
  s.run_to_completion();
}

#endif // BOOST_VERSION >= 108100

namespace {

int last_number = 0;
std::size_t last_count = 0;

void on_number(const error_code& ec, int number)
{
  BOOST_TEST(!ec);
  last_number = number;
}

void on_count(const error_code& ec, std::size_t count)
{
  BOOST_TEST(!ec);
  last_count = count;
}

} // namespace

BOOST_AUTO_TEST_CASE(function_that_takes_the_number)
{
  scene<wait_one, true> s;
  last_number = 0;
  s.start(&on_number);
  BOOST_TEST(last_number == 0);
  s.run();
  BOOST_TEST(last_number == SIGRTMIN);

  s.signals.close(); // or the two would compete
  scene<wait_one, false> later;
  last_number = 0;
  later.start(on_number);
  later.run();
  BOOST_TEST(last_number == SIGRTMIN);
}

BOOST_AUTO_TEST_CASE(function_that_takes_the_count)
{
  scene<wait_some, true> s;
  last_count = 0;
  s.start(&on_count);
  BOOST_TEST(last_count == 0u);
  s.run();
  BOOST_TEST(last_count == 1u);

  s.signals.close();
  scene<wait_some, false> later;
  last_count = 0;
  later.start(on_count);
  later.run();
  BOOST_TEST(last_count == 1u);
}

// use_future, detached.

BOOST_AUTO_TEST_CASE_TEMPLATE(use_future, Scene, scenes)
{
  Scene s;
  std::future<typename Scene::result_type> future = s.start(net::use_future);
  BOOST_TEST((
      future.wait_for(std::chrono::seconds(0)) == std::future_status::timeout));
  s.run();
  BOOST_REQUIRE(
      (future.wait_for(std::chrono::seconds(0)) == std::future_status::ready));
  s.succeed(future.get());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(use_future_with_a_function, Scene, scenes)
{
  Scene s;
  std::future<int> future = s.start(
      net::use_future([&](error_code ec, typename Scene::result_type r) {
        s.succeed(ec, r);
        return 42;
      }));
  s.run_to_completion();
  BOOST_TEST(future.get() == 42);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(use_future_when_not_open, Scene, pending_scenes)
{
  Scene s;
  auto future = s.start_closed(net::use_future);
  BOOST_TEST((
      future.wait_for(std::chrono::seconds(0)) == std::future_status::timeout));
  s.run();
  BOOST_CHECK_EXCEPTION(future.get(), system_error, [&](const auto& e) {
    s.fail(e.code());
    return true;
  });
  BOOST_TEST(s.completions == 1);
  s.expect_left_pending();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    use_future_when_the_context_is_destroyed, Scene, scenes)
{
  auto s = std::make_unique<Scene>();
  auto future = s->start(net::use_future);
  s.reset();
  BOOST_CHECK_EXCEPTION(future.get(), std::future_error, [](const auto& e) {
    return e.code() == std::future_errc::broken_promise;
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(detached, Scene, scenes)
{
  Scene s;
  static_assert(std::is_void_v<decltype(s.start(net::detached))>);
  s.start(net::detached);
  s.run();
  // It was taken.
  BOOST_TEST(!s.signals.try_wait());
}

#if BOOST_VERSION >= 108100

BOOST_AUTO_TEST_CASE_TEMPLATE(deferred, Scene, scenes)
{
  Scene s;
  auto operation = s.start(net::deferred);
  // Nothing was started yet.
  s.context.poll();
  s.context.restart();
  std::move(operation)(s.callback());
  s.run_to_completion();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(deferred_and_never_started, Scene, pending_scenes)
{
  Scene s;
  {
    auto operation = s.start(net::deferred);
    static_cast<void>(operation);
  }
  s.context.run();
  s.expect_left_pending();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(deferred_and_started_twice, Scene, scenes)
{
  Scene s;
  const auto operation = s.start(net::deferred);
  operation(s.callback());
  s.run_to_completion();

  Scene::send();
  operation(s.callback());
  s.context.restart();
  s.context.run();
  BOOST_TEST(s.completions == 2);
}

#endif // BOOST_VERSION >= 108100

// A token of the user's.

namespace {

// Never starts the operation, and returns a number.
struct lazy_token
{
};

} // namespace

template <typename R, typename... Args>
class boost::asio::async_result<lazy_token, R(Args...)>
{
public:
  using return_type = int;

  template <typename Initiation, typename... InitArgs>
  static int initiate(Initiation&&, const lazy_token&, InitArgs&&...)
  {
    return 42;
  }
};

BOOST_AUTO_TEST_CASE_TEMPLATE(token_that_starts_nothing, Scene, pending_scenes)
{
  Scene s;
  static_assert(std::is_same_v<decltype(s.start(lazy_token())), int>);
  BOOST_TEST(s.start(lazy_token()) == 42);
  const lazy_token constant;
  BOOST_TEST(s.start(constant) == 42);
  BOOST_TEST(s.start_closed(lazy_token()) == 42);
  s.context.run();
  s.expect_left_pending();
}
