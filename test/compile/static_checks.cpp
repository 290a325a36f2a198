// What the compiler can check of the interface.

#include <sigfd.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/require.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <concepts>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <ranges>
#include <string_view>
#include <type_traits>
#include <vector>

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using sigfd::basic_signalfd;
using sigfd::open_options;
using sigfd::signal_fd;
using sigfd::signal_info;
using sigfd::signal_mask;
using io_executor = net::io_context::executor_type;
using strand = net::strand<io_executor>;

// Types.

static_assert(std::is_same_v<signal_fd, basic_signalfd<>>);
static_assert(std::is_same_v<signal_fd, basic_signalfd<net::any_io_executor>>);
static_assert(std::is_same_v<signal_fd::executor_type, net::any_io_executor>);
static_assert(std::is_same_v<basic_signalfd<strand>::executor_type, strand>);
static_assert(std::is_same_v<signal_fd::rebind_executor<strand>::other,
    basic_signalfd<strand>>);
static_assert(std::is_same_v<signal_fd::native_handle_type, int>);
static_assert(std::is_same_v<decltype(signal_fd::flags::none),
    basic_signalfd<strand>::flags>);

// Moved only, and without failing.

static_assert(!std::is_copy_constructible_v<signal_fd>);
static_assert(!std::is_copy_assignable_v<signal_fd>);
static_assert(std::is_nothrow_move_constructible_v<signal_fd>);
static_assert(std::is_nothrow_move_assignable_v<signal_fd>);
static_assert(std::is_nothrow_destructible_v<signal_fd>);
static_assert(std::is_nothrow_move_constructible_v<basic_signalfd<strand>>);
static_assert(std::is_nothrow_swappable_v<signal_fd>);

// From another executor's only where the executor converts.

static_assert(std::is_constructible_v<signal_fd, basic_signalfd<strand>>);
static_assert(std::is_constructible_v<signal_fd, basic_signalfd<io_executor>>);
static_assert(!std::is_constructible_v<basic_signalfd<strand>, signal_fd>);
static_assert(
    !std::is_constructible_v<signal_fd, const basic_signalfd<strand>&>);
static_assert(!std::is_constructible_v<signal_fd, basic_signalfd<strand>&>);

// Made from what signal_set is made from, or a mask and options.

template <typename... Args>
constexpr bool makes = std::is_constructible_v<signal_fd, Args...>;

static_assert(makes<net::io_context&>);
static_assert(makes<net::thread_pool&>);
static_assert(makes<net::any_io_executor>);
static_assert(makes<io_executor>);
static_assert(makes<strand>);
static_assert(makes<net::io_context&, int>);
static_assert(makes<net::io_context&, int, int>);
static_assert(makes<net::io_context&, int, int, int, int, int>);
static_assert(makes<net::any_io_executor, int>);
static_assert(makes<io_executor, int, int, int>);
static_assert(makes<net::io_context&, signal_mask>);
static_assert(makes<net::io_context&, signal_mask, open_options>);
static_assert(makes<net::any_io_executor, signal_mask>);
static_assert(makes<strand, const signal_mask&, const open_options&>);
static_assert(
    std::is_constructible_v<basic_signalfd<io_executor>, net::io_context&>);

// Not made from anything else.

static_assert(!makes<>);
static_assert(!makes<int>);
static_assert(!makes<signal_mask>);
static_assert(!makes<open_options>);
static_assert(!makes<const net::io_context&>);
static_assert(!makes<net::io_context>);
static_assert(!makes<net::io_context*>);
static_assert(!makes<net::io_context&, const char*>);
static_assert(!makes<net::io_context&, std::nullptr_t>);
static_assert(!makes<net::io_context&, sigfd::source>);
static_assert(!makes<net::io_context&, open_options>);
static_assert(!makes<net::io_context&, int, open_options>);
static_assert(!makes<net::io_context&, int, signal_mask>);
static_assert(!makes<net::io_context&, signal_mask, int>);
static_assert(!makes<net::io_context&, signal_mask, open_options, int>);
static_assert(!makes<net::io_context&, ::sigset_t>);
static_assert(!makes<int, int>);
static_assert(!std::is_constructible_v<basic_signalfd<strand>, net::io_context&,
    std::string_view>);

// Never by accident.

static_assert(!std::is_convertible_v<net::io_context&, signal_fd>);
static_assert(!std::is_convertible_v<net::any_io_executor, signal_fd>);
static_assert(!std::is_convertible_v<int, signal_mask>);
static_assert(!std::is_convertible_v<::sigset_t, signal_mask>);
static_assert(!std::is_convertible_v<::siginfo_t, signal_info>);
static_assert(!std::is_convertible_v<::signalfd_siginfo, signal_info>);
static_assert(!std::is_convertible_v<int, signal_info>);
static_assert(!std::is_constructible_v<sigfd::scoped_signal_block>);
static_assert(!std::is_copy_constructible_v<sigfd::scoped_signal_block>);
static_assert(!std::is_move_constructible_v<sigfd::scoped_signal_block>);

// A record as the kernel writes it.

static_assert(sizeof(signal_info) == 128);
static_assert(sizeof(signal_info) == sizeof(::signalfd_siginfo));
static_assert(alignof(signal_info) == alignof(::signalfd_siginfo));
static_assert(std::is_standard_layout_v<signal_info>);
static_assert(std::is_trivially_copyable_v<signal_info>);
static_assert(std::is_nothrow_default_constructible_v<signal_info>);
static_assert(std::is_nothrow_constructible_v<signal_info, ::siginfo_t>);
static_assert(std::is_same_v<signal_info::native_type, ::signalfd_siginfo>);
static_assert(std::is_nothrow_convertible_v<signal_info, int>);
static_assert(std::equality_comparable<signal_info>);

// A set of numbers.

static_assert(std::regular<signal_mask>);
static_assert(std::forward_iterator<signal_mask::const_iterator>);
static_assert(std::ranges::forward_range<const signal_mask>);
static_assert(std::is_same_v<std::ranges::range_value_t<signal_mask>, int>);

// Results.

template <typename Signals>
concept waits = requires(Signals signals, error_code ec,
    std::vector<signal_info> infos, signal_mask mask, open_options options) {
  { signals.wait() } -> std::same_as<signal_info>;
  { signals.wait(ec) } -> std::same_as<signal_info>;
  { signals.try_wait() } -> std::same_as<std::optional<signal_info>>;
  { signals.try_wait(ec) } -> std::same_as<std::optional<signal_info>>;
  { signals.wait_some(infos) } -> std::same_as<std::size_t>;
  { signals.wait_some(infos, ec) } -> std::same_as<std::size_t>;
  { signals.try_wait_some(infos) } -> std::same_as<std::size_t>;
  { signals.try_wait_some(infos, ec) } -> std::same_as<std::size_t>;
  { signals.signals() } -> std::same_as<signal_mask>;
  { signals.source() } -> std::same_as<sigfd::source>;
  { signals.is_open() } -> std::same_as<bool>;
  { signals.native_handle() } -> std::same_as<int>;
  {
    signals.get_executor()
  } -> std::same_as<const typename Signals::executor_type&>;
  signals.open(mask);
  signals.open(mask, ec);
  signals.open(mask, options);
  signals.open(mask, options, ec);
  signals.update(mask);
  signals.update(mask, ec);
  signals.close();
  signals.close(ec);
};

static_assert(waits<signal_fd>);
static_assert(waits<basic_signalfd<io_executor>>);
static_assert(waits<basic_signalfd<strand>>);

// What a handler may take.

template <typename Handler>
concept hears = requires(
    signal_fd signals, Handler handler) { signals.async_wait(handler); };

template <typename Handler>
concept hears_some = requires(signal_fd signals, std::span<signal_info> infos,
    Handler handler) { signals.async_wait_some(infos, handler); };

static_assert(hears<void (*)(error_code, signal_info)>);
static_assert(hears<void (*)(const error_code&, const signal_info&)>);
static_assert(hears<void (*)(error_code, int)>);
static_assert(hears_some<void (*)(error_code, std::size_t)>);

// And nothing else; such a call is no hard error where one asks for it.

static_assert(!hears<void (*)(error_code)>);
static_assert(!hears<void (*)(signal_info)>);
static_assert(!hears<void (*)(error_code, signal_info&)>);
static_assert(!hears<void (*)(error_code, int, int)>);
static_assert(!hears<int>);
static_assert(!hears_some<void (*)(error_code)>);
static_assert(!hears_some<void (*)(error_code, signal_info)>);
static_assert(!hears_some<int>);
static_assert(!std::is_constructible_v<signal_mask, int>);
static_assert(!std::is_constructible_v<signal_mask, const char*>);
static_assert(!std::is_constructible_v<signal_mask, std::vector<int>>);
static_assert(std::is_constructible_v<signal_mask, ::sigset_t&>);

// What is a set by a conversion of its own.
struct native_set : ::sigset_t
{
};
struct set_when_asked
{
  explicit operator signal_mask() const;
};
static_assert(std::is_constructible_v<signal_mask, native_set&>);
static_assert(std::is_constructible_v<signal_mask,
    std::reference_wrapper<const ::sigset_t>>);
static_assert(std::is_constructible_v<signal_mask, set_when_asked>);
static_assert(std::is_constructible_v<signal_mask, const set_when_asked&>);

// It is one function, so that it can be passed on.
static_assert(std::is_same_v<decltype(&sigfd::block_signals),
    void (*)(const signal_mask&) noexcept>);

template <typename Argument>
concept opens = requires(
    signal_fd signals, Argument argument) { signals.open(argument); };

template <typename Argument>
concept updates = requires(
    signal_fd signals, Argument argument) { signals.update(argument); };

template <typename Argument>
concept blocks = requires(
    Argument argument) { sigfd::block_signals(argument); };

template <typename Argument>
concept adds = requires(signal_fd signals, Argument argument, error_code ec) {
  signals.add(argument);
  signals.add(argument, ec);
};

static_assert(opens<signal_mask>);
static_assert(!opens<int>);
static_assert(updates<std::initializer_list<int>>);
static_assert(!updates<int>);
static_assert(blocks<signal_mask>);
static_assert(!blocks<int>);
static_assert(adds<int>);
static_assert(adds<unsigned char>);
static_assert(!adds<const char*>);
static_assert(!adds<sigfd::source>);
static_assert(!adds<signal_mask>);

// Objects are observed without being changed.

static_assert(requires(const signal_fd& signals) {
  signals.is_open();
  signals.signals();
  signals.source();
  signals.get_executor();
});

} // namespace

// Every member compiles, used or not.
template class sigfd::basic_signalfd<net::any_io_executor>;
template class sigfd::basic_signalfd<io_executor>;
template class sigfd::basic_signalfd<strand>;

BOOST_AUTO_TEST_CASE(braced_lists_and_designated_options)
{
  // What only a call can show: these are not ambiguous.
  net::io_context context;
  const auto ex = context.get_executor();
  const signal_fd a(context, {SIGUSR1, SIGUSR2});
  const signal_fd b(ex, {SIGUSR1}, {.mask = sigfd::mask_policy::block});
  const signal_fd c(context, {}, {});
  const signal_fd d(net::any_io_executor(ex), SIGUSR1, SIGUSR2);
  const basic_signalfd<io_executor> e(ex, {SIGUSR1});
  const basic_signalfd<strand> f(net::make_strand(context), SIGUSR1);
  BOOST_TEST(a.signals().size() == 2u);
  BOOST_TEST(b.signals().size() == 1u);
  BOOST_TEST(c.signals().empty());
  BOOST_TEST(c.is_open());
  BOOST_TEST(d.signals().size() == 2u);
  BOOST_TEST(e.signals().size() == 1u);
  BOOST_TEST(f.signals().size() == 1u);
}

// Since Boost 1.82 Asio asks this of the executor of every descriptor, in case
// a wait can end at once; without it nothing compiles.
BOOST_AUTO_TEST_CASE(the_descriptors_executor_suits_newer_versions_of_asio)
{
  BOOST_TEST((net::can_require<sigfd::detail::inline_executor,
      net::execution::blocking_t::never_t>::value));
}

BOOST_AUTO_TEST_CASE(the_version_is_one_number_and_one_text)
{
  const std::string text = std::to_string(SIGFD_VERSION / 10000) + '.'
      + std::to_string(SIGFD_VERSION / 100 % 100) + '.'
      + std::to_string(SIGFD_VERSION % 100);
  BOOST_TEST(text == SIGFD_VERSION_STRING);
}
