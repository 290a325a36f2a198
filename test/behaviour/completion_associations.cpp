// The asynchronous waits with what is associated with a handler: an executor,
// an allocator, a slot to cancel it. Each waits for a signal that was really
// sent, and sees who sent it.

#include "support/completion_scene.hpp"
#include "support/outcome.hpp"
#include "support/source.hpp"
#include "support/wait_until.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/test/unit_test.hpp>
#include <boost/version.hpp>

#if BOOST_VERSION >= 107700
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#endif
#if BOOST_VERSION >= 108100
#include <boost/asio/bind_allocator.hpp>
#endif

#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <tuple>
#include <type_traits>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using support::pending_scenes;
using support::scene;
using support::scenes;
using support::wait_one;
using support::wait_some;

} // namespace

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

BOOST_AUTO_TEST_CASE_TEMPLATE(bind_executor_of_another_context, Scene, scenes)
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

namespace {

// As a lambda that has captured a const std::string, it can fail to move.
struct handler_that_throws
{
  int* moves_left;

  explicit handler_that_throws(int& left)
    : moves_left(&left)
  {
  }

  handler_that_throws(const handler_that_throws& other)
    : moves_left(other.moves_left)
  {
    if (--*moves_left == 0)
      throw std::runtime_error("a handler was moved");
  }

  void operator()(boost::system::error_code, const sigfd::signal_info&)
  {
  }
};

} // namespace

// Whenever it fails within the call that starts the wait, nothing is left.
BOOST_AUTO_TEST_CASE(bind_allocator_with_a_handler_that_throws)
{
  int thrown = 0;
  for (int moves = 1; moves <= 10; ++moves)
  {
    memory_use use;
    {
      scene<wait_one, true> s;
      int left = moves + 2;
      auto handler = net::bind_allocator(
          counting_allocator<char>(use), handler_that_throws(left));
      left = moves;
      try
      {
        s.signals.async_wait(std::move(handler));
      }
      catch (const std::runtime_error&)
      {
        ++thrown;
      }
      left = 0;
    }
    BOOST_TEST(use.freed == use.allocated);
  }
  BOOST_TEST(thrown > 0);
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

using later_scenes
    = std::tuple<scene<wait_one, false>, scene<wait_some, false>>;

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(
    bind_cancellation_slot_before_the_first_look, Scene, pending_scenes)
{
  for (const auto type : cancellation_types)
    cancel_by_slot<Scene>(type, [](Scene&) {}, [](Scene&) {});
}

BOOST_AUTO_TEST_CASE_TEMPLATE(
    bind_cancellation_slot_in_the_reactor, Scene, later_scenes)
{
  for (const auto type : cancellation_types)
    cancel_by_slot<Scene>(
        type, [](Scene& s) { s.context.poll(); }, [](Scene& s) { s.send(); });
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
