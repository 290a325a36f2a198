# What programs do by mistake, and what the first error says then.
#
# use(NAME [UNLESS_RIGHT] WRONG code RIGHT code ERROR regex): statements in a
# function that has a context, signals, a mask and infos. All of the wrong ones
# are compiled together, and all of the right ones. UNLESS_RIGHT: newer versions
# of Asio may accept it.
#
# setting(NAME [CODE text] [FLAGS ...] [BOOST version files ...] ERROR regex):
# the code, or the whole library, with these flags; and with a Boost of that
# version that has these files.

use(handler_without_an_error
  WRONG [[signals.async_wait([](const signal_info&) {});]]
  RIGHT [[signals.async_wait([](error_code, const signal_info&) {});]]
  ERROR "async_wait's handler is called as void\\(error_code, const \
signal_info&\\), or void\\(error_code, int\\)")
use(handler_with_a_reference_to_change
  WRONG [[signals.async_wait([](error_code, signal_info&) {});]]
  RIGHT [[signals.async_wait([](error_code, signal_info) {});]]
  ERROR "async_wait's handler is called as void\\(error_code, const")
use(handler_of_a_timer
  WRONG [[signals.async_wait([](error_code) {});]]
  RIGHT [[signals.async_wait([](error_code, int) {});]]
  ERROR "async_wait's handler is called as void\\(error_code, const")
use(handler_that_has_more_parameters
  WRONG [[signals.async_wait([](error_code, int, int) {});]]
  RIGHT [[signals.async_wait([](auto...) {});]]
  ERROR "async_wait's handler is called as void\\(error_code, const")
use(error_code_in_place_of_a_handler
  WRONG [[error_code ec; signals.async_wait(ec);]]
  RIGHT [[error_code ec; signals.wait(ec);]]
  ERROR "async_wait's handler is called as void\\(error_code, const")
use(no_token UNLESS_RIGHT
  WRONG [[signals.async_wait();]]
  RIGHT [[signals.async_wait([](error_code, int) {});]]
  ERROR "async_wait needs a completion token, such as .*, or a handler")
use(two_handlers
  WRONG [[signals.async_wait(SIGUSR1, [](error_code, int) {});]]
  RIGHT [[signals.async_wait([](error_code, int) {});]]
  ERROR "async_wait's handler is called as void\\(error_code, const")
use(some_with_the_handler_of_one
  WRONG [[signals.async_wait_some(infos, [](error_code, signal_info) {});]]
  RIGHT [[signals.async_wait_some(infos, [](error_code, std::size_t) {});]]
  ERROR "async_wait_some's handler is called as void\\(error_code, std::size_t\
\\)")
use(number_that_is_a_double
  WRONG [[signal_fd other(context, 15.0);]]
  RIGHT [[signal_fd other(context, SIGTERM);]]
  ERROR "a signal_fd is made with signal numbers, which are ints|\
Wanted = sigfd::detail::ints_or_signal_mask_and_open_options")
use(number_that_is_an_enumerator
  WRONG [[signal_fd other(context, SIGINT, number::term);]]
  RIGHT [[signal_fd other(context, SIGINT, static_cast<int>(number::term));]]
  ERROR "a signal_fd is made with signal numbers, which are ints|\
Wanted = sigfd::detail::ints_or_signal_mask_and_open_options")
use(number_that_is_a_name
  WRONG [[signal_fd other(context.get_executor(), "SIGTERM");]]
  RIGHT [[signal_fd other(context.get_executor(), SIGTERM);]]
  ERROR "a signal_fd is made with signal numbers, which are ints|\
Wanted = sigfd::detail::ints_or_signal_mask_and_open_options")
use(numbers_that_are_a_native_mask
  WRONG [[signal_fd other(context, mask.native());]]
  RIGHT [[signal_fd other(context, signal_mask(mask.native()));]]
  ERROR "or a signal_mask, such as {SIGINT, SIGTERM}, and open_options|\
Wanted = sigfd::detail::ints_or_signal_mask_and_open_options")
use(number_before_options
  WRONG [[signal_fd other(context, SIGTERM, open_options());]]
  RIGHT [[signal_fd other(context, {SIGTERM}, open_options());]]
  ERROR "or a signal_mask, such as {SIGINT, SIGTERM}, and open_options|\
Wanted = sigfd::detail::ints_or_signal_mask_and_open_options")
use(added_name
  WRONG [[signals.add("SIGTERM");]]
  RIGHT [[signals.add(SIGTERM);]]
  ERROR "add takes a signal number, an int")
use(added_enumerator
  WRONG [[error_code ec; signals.add(number::term, ec);]]
  RIGHT [[error_code ec; signals.add(static_cast<int>(number::term), ec);]]
  ERROR "add takes a signal number, an int")
use(added_mask
  WRONG [[signals.add(mask);]]
  RIGHT [[signals.update(mask);]]
  ERROR "add takes a signal number, an int.* update takes a signal_mask")
use(opened_with_numbers
  WRONG [[signals.open(SIGINT, SIGTERM);]]
  RIGHT [[signals.open({SIGINT, SIGTERM});]]
  ERROR "open takes a signal_mask, such as {SIGINT, SIGTERM}")
use(updated_with_a_number
  WRONG [[signals.update(SIGTERM);]]
  RIGHT [[signals.update({SIGTERM});]]
  ERROR "update takes a signal_mask, such as {SIGINT, SIGTERM}")

use(mask_of_a_number_in_parentheses
  WRONG [[const signal_mask other(SIGTERM);]]
  RIGHT [[const signal_mask other{SIGTERM};]]
  ERROR "a signal_mask is made of ints in braces, such as {SIGINT, SIGTERM}|\
Wanted = sigfd::detail::ints_in_braces")
use(mask_of_a_name
  WRONG [[const signal_mask other{"SIGTERM"};]]
  RIGHT [[const signal_mask other{SIGTERM};]]
  ERROR "a signal_mask is made of ints in braces, such as {SIGINT, SIGTERM}|\
Wanted = sigfd::detail::ints_in_braces")
use(mask_of_enumerators
  WRONG [[const signal_mask other{number::term, number::term};]]
  RIGHT [[const signal_mask other{static_cast<int>(number::term)};]]
  ERROR "a signal_mask is made of ints in braces, such as {SIGINT, SIGTERM}|\
Wanted = sigfd::detail::ints_in_braces")
use(mask_of_a_container
  WRONG [[const signal_mask other(std::vector<int>{SIGTERM});]]
  RIGHT [[signal_mask other; for (int n : {SIGTERM}) other.add(n);]]
  ERROR "a signal_mask is made of ints in braces.* add each|\
Wanted = sigfd::detail::ints_in_braces")
setting(another_system FLAGS -U__linux__
  ERROR "sigfd needs Linux: ")
setting(no_boost FLAGS -nostdinc
  ERROR "sigfd needs Boost: install its headers \\(libboost-dev\\) or give -I")
setting(older_boost FLAGS -nostdinc BOOST 107300 boost/asio/any_io_executor.hpp
  ERROR "sigfd needs Boost 1.74 or newer: ")
setting(boost_without_asio FLAGS -nostdinc BOOST 107400
  ERROR "sigfd needs Boost.Asio")
# Asio's own words, which the guide explains ("When something goes wrong").
setting(no_coroutines FLAGS -DBOOST_ASIO_DISABLE_CO_AWAIT
  CODE [[
#include <sigfd.hpp>
#include <boost/asio/awaitable.hpp>
boost::asio::awaitable<void> watch(sigfd::signal_fd& signals);
]]
  ERROR "no [a-z ]*'awaitable' in namespace 'boost::asio'|\
'awaitable' in namespace 'boost::asio' does not name")
setting(mixed_in_a_file
  CODE [[
#include <sigfd.hpp>
#define SIGFD_SEPARATE_COMPILATION
#include <sigfd/impl/src.hpp>
]]
  ERROR "is for programs that are compiled with -DSIGFD_SEPARATE_COMPILATION")
