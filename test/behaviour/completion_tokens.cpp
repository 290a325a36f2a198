// The asynchronous waits with every completion token. Each waits for a signal
// that was really sent, and sees who sent it.

#include <boost/version.hpp>

// Since Boost 1.80 spawn() needs Boost.Context alone.
#if BOOST_VERSION >= 108000
#define BOOST_ASIO_DISABLE_BOOST_COROUTINE
#else
#define BOOST_COROUTINES_NO_DEPRECATION_WARNING
#endif

#include <sigfd/signal_fd.hpp>

#include "support/drain.hpp"
#include "support/outcome.hpp"
#include "support/process.hpp"
#include "support/sanitizer.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#if BOOST_VERSION >= 107700
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#endif
#if BOOST_VERSION >= 108100
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/deferred.hpp>
#endif

// ThreadSanitizer does not follow the stacks of Boost.Context, and
// AddressSanitizer not the exceptions on them.
#if !defined(UNDER_THREAD_SANITIZER)
#include <boost/asio/spawn.hpp>
#endif

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using boost::system::system_error;
using sigfd::signal_fd;
using sigfd::signal_info;

// async_wait.
class wait_one
{
public:
  using result_type = signal_info;

  template <typename Signals, typename... Token>
  auto operator()(Signals& signals, Token&&... token)
  {
    return signals.async_wait(std::forward<Token>(token)...);
  }

  signal_info got(const signal_info& info) const
  {
    return info;
  }
};

// async_wait_some, with room for more than comes.
class wait_some
{
public:
  using result_type = std::size_t;

  template <typename Signals, typename... Token>
  auto operator()(Signals& signals, Token&&... token)
  {
    return signals.async_wait_some(
        std::span(infos_), std::forward<Token>(token)...);
  }

  signal_info got(std::size_t count) const
  {
    BOOST_TEST(count == 1u);
    BOOST_TEST(infos_[1].number() == 0);
    return infos_[0];
  }

private:
  std::array<signal_info, 3> infos_;
};

// A signal for a wait, either pending when the wait starts or sent when it is
// in the reactor; and the checks on how the wait ends.
template <typename Wait, bool Pending>
class scene
{
public:
  using result_type = typename Wait::result_type;

  scene()
  {
    if (Pending)
      send();
  }

  // Leaves nothing to the next one.
  ~scene()
  {
    signals.close();
    support::drain(SIGRTMIN);
  }

  // Starts a wait of an open object.
  template <typename... Token>
  auto start(Token&&... token)
  {
    return start_on(signals, std::forward<Token>(token)...);
  }

  // Starts a wait of an object that is not open.
  template <typename... Token>
  auto start_closed(Token&&... token)
  {
    return start_on(closed_, std::forward<Token>(token)...);
  }

  // Starts a wait. The handler that is posted first has to run first, or the
  // wait was completed from within the call that started it.
  template <typename Signals, typename... Token>
  auto start_on(Signals& from, Token&&... token)
  {
    net::post(context, [this] { posted_ran_ = true; });
    return wait_(from, std::forward<Token>(token)...);
  }

  // To be called by the completion.
  void succeed(result_type result)
  {
    ++completions;
    BOOST_TEST(posted_ran_);
    const signal_info info = wait_.got(result);
    BOOST_TEST(info.number() == SIGRTMIN);
    BOOST_REQUIRE(info.value().has_value());
    BOOST_TEST(info.value()->sival_int == 17);
    BOOST_REQUIRE(info.sender().has_value());
    BOOST_TEST(info.sender()->pid == ::getpid());
    BOOST_TEST(info.sender()->uid == ::getuid());
  }

  void succeed(error_code ec, result_type result)
  {
    BOOST_TEST(!ec);
    succeed(result);
  }

  // To be called by the completion of a wait of an object that is not open.
  void fail(error_code ec)
  {
    ++completions;
    BOOST_TEST(posted_ran_);
    BOOST_TEST((ec == net::error::bad_descriptor));
  }

  void fail(error_code ec, result_type result)
  {
    fail(ec);
    BOOST_TEST((result == result_type{}));
  }

  // A callback that expects success.
  auto callback()
  {
    return [this](error_code ec, result_type result) { succeed(ec, result); };
  }

  // Runs to the end of everything.
  void run()
  {
    if (!Pending)
    {
      context.poll();
      BOOST_TEST(completions == 0);
      send();
    }
    context.restart();
    context.run();
  }

  // Runs, and a wait completes.
  void run_to_completion()
  {
    BOOST_TEST(completions == 0);
    run();
    BOOST_TEST(completions == 1);
    error_code ec; // a test may have closed the object
    BOOST_TEST(!signals.try_wait(ec));
  }

  // The signal is still there, for whoever waits next.
  void expect_left_pending()
  {
    std::optional<signal_info> info;
    BOOST_TEST(support::wait_until(
        [&] { return (info = signals.try_wait()).has_value(); }));
    BOOST_REQUIRE(info.has_value());
    BOOST_TEST(info->number() == SIGRTMIN);
    BOOST_TEST(info->value()->sival_int == 17);
  }

  static void send()
  {
    BOOST_REQUIRE(support::queue(::getpid(), SIGRTMIN, 17));
  }

  net::io_context context;
  signal_fd signals{context, {SIGRTMIN}, support::options()};
  int completions = 0;

private:
  signal_fd closed_{context};
  Wait wait_;
  bool posted_ran_ = false;
};

using scenes = std::tuple<scene<wait_one, true>, scene<wait_one, false>,
    scene<wait_some, true>, scene<wait_some, false>>;

// For what fails, or is cancelled, before anything is taken.
using pending_scenes =
    std::tuple<scene<wait_one, true>, scene<wait_some, true>>;

// For co_spawn and spawn: a failure inside is a failure of the test.
[[maybe_unused]] void rethrow(std::exception_ptr e)
{
  if (e)
    std::rethrow_exception(e);
}

} // namespace

// Function objects and functions.

BOOST_AUTO_TEST_CASE_TEMPLATE(lambda, Scene, scenes)
{
  Scene s;
  s.start([&](error_code ec, typename Scene::result_type r) {
    s.succeed(ec, r);
  });
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
  s.start_closed([&](error_code ec, typename Scene::result_type r) {
    s.fail(ec, r);
  });
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
  BOOST_TEST((future.wait_for(std::chrono::seconds(0))
      == std::future_status::timeout));
  s.run();
  BOOST_REQUIRE((future.wait_for(std::chrono::seconds(0))
      == std::future_status::ready));
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
  BOOST_TEST((future.wait_for(std::chrono::seconds(0))
      == std::future_status::timeout));
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

// Coroutines of the language.

#if defined(BOOST_ASIO_HAS_CO_AWAIT)

namespace {

template <typename Scene>
net::awaitable<void> wait_with_use_awaitable(Scene& s)
{
  s.succeed(co_await s.start(net::use_awaitable));
}

template <typename Scene>
net::awaitable<void> fail_with_use_awaitable(Scene& s)
{
  error_code ec;
  try
  {
    co_await s.start_closed(net::use_awaitable);
  }
  catch (const system_error& e)
  {
    ec = e.code();
  }
  s.fail(ec);
}

template <typename Scene>
net::awaitable<void> wait_with_redirect_error(Scene& s)
{
  error_code ec = net::error::eof;
  const auto result =
      co_await s.start(net::redirect_error(net::use_awaitable, ec));
  s.succeed(ec, result);
}

template <typename Scene>
net::awaitable<void> fail_with_redirect_error(Scene& s)
{
  error_code ec;
  const auto result =
      co_await s.start_closed(net::redirect_error(net::use_awaitable, ec));
  s.fail(ec, result);
}

// The type whose default token is use_awaitable.
using awaited_fd = net::use_awaitable_t<>::as_default_on_t<signal_fd>;

// Made here: g++ 12 does not compile a braced list in a coroutine template.
const sigfd::signal_mask watched{SIGRTMIN};

template <typename Scene>
net::awaitable<void> wait_with_default_token(Scene& s)
{
  s.signals.close(); // or the two would compete
  awaited_fd signals(
      co_await net::this_coro::executor, watched, support::options());
  s.succeed(co_await s.start_on(signals));
}

template <typename Scene>
net::awaitable<void> wait_with_default_token_put_on(Scene& s)
{
  s.signals.close();
  signal_fd plain(
      co_await net::this_coro::executor, watched, support::options());
  auto signals = net::use_awaitable.as_default_on(std::move(plain));
  static_assert(std::is_same_v<decltype(signals), awaited_fd>);
  BOOST_TEST(!plain.is_open());
  BOOST_TEST(signals.is_open());
  s.succeed(co_await s.start_on(signals));
}

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(use_awaitable, Scene, scenes)
{
  Scene s;
  net::co_spawn(s.context, wait_with_use_awaitable(s), rethrow);
  s.run_to_completion();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    use_awaitable_when_not_open, Scene, pending_scenes)
{
  Scene s;
  net::co_spawn(s.context, fail_with_use_awaitable(s), rethrow);
  s.run();
  BOOST_TEST(s.completions == 1);
  s.expect_left_pending();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(redirect_error, Scene, scenes)
{
  Scene s;
  net::co_spawn(s.context, wait_with_redirect_error(s), rethrow);
  s.run_to_completion();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    redirect_error_when_not_open, Scene, pending_scenes)
{
  Scene s;
  net::co_spawn(s.context, fail_with_redirect_error(s), rethrow);
  s.run();
  BOOST_TEST(s.completions == 1);
  s.expect_left_pending();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(default_token, Scene, scenes)
{
  static_assert(std::is_same_v<awaited_fd,
      signal_fd::rebind_executor<net::use_awaitable_t<>::executor_with_default<
          net::any_io_executor>>::other>);
  Scene s;
  net::co_spawn(s.context, wait_with_default_token(s), rethrow);
  s.run_to_completion();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    default_token_put_on_an_open_object, Scene, scenes)
{
  Scene s;
  net::co_spawn(s.context, wait_with_default_token_put_on(s), rethrow);
  s.run_to_completion();
}

#if BOOST_VERSION >= 108100

namespace {

template <typename Scene>
net::awaitable<void> wait_with_as_tuple(Scene& s)
{
  const auto [ec, result] = co_await s.start(net::as_tuple(net::use_awaitable));
  s.succeed(ec, result);
}

template <typename Scene>
net::awaitable<void> fail_with_as_tuple(Scene& s)
{
  const auto [ec, result] =
      co_await s.start_closed(net::as_tuple(net::use_awaitable));
  s.fail(ec, result);
}

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(as_tuple, Scene, scenes)
{
  Scene s;
  net::co_spawn(s.context, wait_with_as_tuple(s), rethrow);
  s.run_to_completion();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(as_tuple_when_not_open, Scene, pending_scenes)
{
  Scene s;
  net::co_spawn(s.context, fail_with_as_tuple(s), rethrow);
  s.run();
  BOOST_TEST(s.completions == 1);
  s.expect_left_pending();
}

#endif // BOOST_VERSION >= 108100

#endif // BOOST_ASIO_HAS_CO_AWAIT

// Coroutines with a stack of their own.

#if !defined(UNDER_THREAD_SANITIZER)

namespace {

template <typename Function>
void spawn_on(net::io_context& context, Function function)
{
#if BOOST_VERSION >= 108000
  net::spawn(context, std::move(function), rethrow);
#else
  net::spawn(context, std::move(function));
#endif
}

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(yield_context, Scene, scenes)
{
  Scene s;
  spawn_on(s.context,
      [&](net::yield_context yield) { s.succeed(s.start(yield)); });
  s.run_to_completion();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(yield_context_with_error_code, Scene, scenes)
{
  Scene s;
  spawn_on(s.context, [&](net::yield_context yield) {
    error_code ec = net::error::eof;
    const auto result = s.start(yield[ec]);
    s.succeed(ec, result);
  });
  s.run_to_completion();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    yield_context_when_not_open, Scene, pending_scenes)
{
  Scene s;
  spawn_on(s.context, [&](net::yield_context yield) {
    error_code ec;
    const auto result = s.start_closed(yield[ec]);
    s.fail(ec, result);
  });
  s.run();
  BOOST_TEST(s.completions == 1);
  s.expect_left_pending();
}

#if !defined(UNDER_ADDRESS_SANITIZER)

BOOST_AUTO_TEST_CASE_TEMPLATE(
    yield_context_when_not_open_throws, Scene, pending_scenes)
{
  Scene s;
  spawn_on(s.context, [&](net::yield_context yield) {
    error_code ec;
    try
    {
      s.start_closed(yield);
    }
    catch (const system_error& e)
    {
      ec = e.code();
    }
    s.fail(ec);
  });
  s.run();
  BOOST_TEST(s.completions == 1);
  s.expect_left_pending();
}

#endif // !UNDER_ADDRESS_SANITIZER

#endif // !UNDER_THREAD_SANITIZER

// What is associated with a handler.

BOOST_AUTO_TEST_CASE_TEMPLATE(bind_executor_to_a_strand, Scene, scenes)
{
  Scene s;
  const auto strand = net::make_strand(s.context);
  s.start(net::bind_executor(
      strand, [&](error_code ec, typename Scene::result_type r) {
        BOOST_TEST(strand.running_in_this_thread());
        s.succeed(ec, r);
      }));
  s.run_to_completion();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    bind_executor_of_another_context, Scene, scenes)
{
  Scene s;
  net::io_context other;
  s.start(net::bind_executor(
      other, [&](error_code ec, typename Scene::result_type r) {
        BOOST_TEST(other.get_executor().running_in_this_thread());
        BOOST_TEST(!s.context.get_executor().running_in_this_thread());
        s.succeed(ec, r);
      }));

  // The object's context alone does not complete it.
  s.context.poll();
  BOOST_TEST(s.completions == 0);
  if (std::is_same_v<Scene, scene<wait_one, false>>
      || std::is_same_v<Scene, scene<wait_some, false>>)
  {
    other.poll();
    BOOST_TEST(s.completions == 0);
    Scene::send();
  }
  BOOST_TEST(support::wait_until([&] {
    s.context.poll();
    other.poll();
    return s.completions == 1;
  }));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    bind_executor_when_not_open, Scene, pending_scenes)
{
  Scene s;
  const auto strand = net::make_strand(s.context);
  s.start_closed(net::bind_executor(
      strand, [&](error_code ec, typename Scene::result_type r) {
        BOOST_TEST(strand.running_in_this_thread());
        s.fail(ec, r);
      }));
  s.run();
  BOOST_TEST(s.completions == 1);
  s.expect_left_pending();
}

namespace {

struct memory_use
{
  int allocated = 0;
  int freed = 0;
};

template <typename T>
class counting_allocator
{
public:
  using value_type = T;

  explicit counting_allocator(memory_use& use) noexcept
    : use_(&use)
  {
  }

  template <typename U>
  counting_allocator(const counting_allocator<U>& other) noexcept
    : use_(other.use_)
  {
  }

  T* allocate(std::size_t n)
  {
    ++use_->allocated;
    return std::allocator<T>().allocate(n);
  }

  void deallocate(T* p, std::size_t n) noexcept
  {
    ++use_->freed;
    std::allocator<T>().deallocate(p, n);
  }

  template <typename U>
  friend bool operator==(
      const counting_allocator& a, const counting_allocator<U>& b) noexcept
  {
    return a.use_ == b.use_;
  }

private:
  template <typename U>
  friend class counting_allocator;

  memory_use* use_;
};

// A handler that says by itself which executor and allocator it wants, as
// every version of Asio has it.
template <typename Function>
struct associating_handler
{
  using executor_type = net::strand<net::io_context::executor_type>;
  using allocator_type = counting_allocator<char>;

  executor_type executor;
  allocator_type allocator;
  Function function;

  executor_type get_executor() const noexcept
  {
    return executor;
  }

  allocator_type get_allocator() const noexcept
  {
    return allocator;
  }

  template <typename Result>
  void operator()(error_code ec, Result result)
  {
    function(ec, result);
  }
};

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(
    handler_with_executor_and_allocator, Scene, scenes)
{
  memory_use use;
  {
    Scene s;
    const auto strand = net::make_strand(s.context);
    auto function = [&](error_code ec, typename Scene::result_type r) {
      BOOST_TEST(strand.running_in_this_thread());
      s.succeed(ec, r);
      // Memory goes back before the handler is called.
      BOOST_TEST(use.freed == use.allocated);
    };
    s.start(associating_handler<decltype(function)>{
        strand, counting_allocator<char>(use), function});
    s.run_to_completion();
  }
  BOOST_TEST(use.allocated > 0);
  BOOST_TEST(use.freed == use.allocated);
}

#if BOOST_VERSION >= 108100

BOOST_AUTO_TEST_CASE_TEMPLATE(bind_allocator, Scene, scenes)
{
  // Posting through any_io_executor does not use the allocator, so the
  // object's executor is another one here.
  using concrete_fd = sigfd::basic_signalfd<net::io_context::executor_type>;

  memory_use use;
  {
    Scene s;
    s.signals.close();
    concrete_fd signals(s.context, {SIGRTMIN}, support::options());
    s.start_on(signals,
        net::bind_allocator(counting_allocator<char>(use), s.callback()));
    BOOST_TEST(use.allocated > 0);
    s.run_to_completion();
  }
  BOOST_TEST(use.freed == use.allocated);
}

BOOST_AUTO_TEST_CASE(bind_allocator_in_the_reactor)
{
  memory_use use;
  scene<wait_one, false> s;
  s.start(net::bind_allocator(counting_allocator<char>(use), s.callback()));
  s.run_to_completion();
  BOOST_TEST(use.allocated > 0);
  BOOST_TEST(use.freed == use.allocated);
}

#endif // BOOST_VERSION >= 108100

#if BOOST_VERSION >= 107700

namespace {

// Cancels a wait by its slot; expects that it is aborted, and that the signal
// stays for the next one.
template <typename Scene, typename BeforeCancel, typename AfterCancel>
void cancel_by_slot(net::cancellation_type type, BeforeCancel before_cancel,
    AfterCancel after_cancel)
{
  BOOST_TEST_CONTEXT("cancellation type " << static_cast<unsigned>(type))
  {
    Scene s;
    net::cancellation_signal cancel;
    support::outcome<typename Scene::result_type> end;
    s.start(net::bind_cancellation_slot(cancel.slot(), end.handler()));
    before_cancel(s);
    BOOST_TEST(end.completions == 0);
    cancel.emit(type);
    BOOST_TEST(end.completions == 0);
    after_cancel(s);
    s.context.restart();
    s.context.run();
    BOOST_TEST(end.aborted());
    s.expect_left_pending();
  }
}

constexpr std::array cancellation_types{net::cancellation_type::terminal,
    net::cancellation_type::partial, net::cancellation_type::total};

using later_scenes =
    std::tuple<scene<wait_one, false>, scene<wait_some, false>>;

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(
    bind_cancellation_slot_before_the_first_look, Scene, pending_scenes)
{
  for (const auto type : cancellation_types)
    cancel_by_slot<Scene>(
        type, [](Scene&) {}, [](Scene&) {});
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    bind_cancellation_slot_in_the_reactor, Scene, later_scenes)
{
  for (const auto type : cancellation_types)
    cancel_by_slot<Scene>(
        type, [](Scene& s) { s.context.poll(); },
        [](Scene& s) { s.send(); });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    bind_cancellation_slot_after_the_signal_was_sent, Scene, later_scenes)
{
  for (const auto type : cancellation_types)
    cancel_by_slot<Scene>(
        type,
        [](Scene& s) {
          s.context.poll();
          s.send();
        },
        [](Scene&) {});
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    bind_cancellation_slot_that_is_not_used, Scene, scenes)
{
  Scene s;
  net::cancellation_signal cancel;
  s.start(net::bind_cancellation_slot(cancel.slot(), s.callback()));
  s.run_to_completion();

  // It is too late for that wait, and does not reach another.
  s.start(s.callback());
  cancel.emit(net::cancellation_type::total);
  Scene::send();
  s.context.restart();
  s.context.run();
  BOOST_TEST(s.completions == 2);
}

#endif // BOOST_VERSION >= 107700

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
