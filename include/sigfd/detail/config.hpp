//
// detail/config.hpp
// ~~~~~~~~~~~~~~~~~
//
// Copyright (c) 2026 the sigfd authors
//
// Distributed under the Boost Software License, Version 1.0.
// See the file LICENSE at the top of this project.
//

#ifndef SIGFD_DETAIL_CONFIG_HPP
#define SIGFD_DETAIL_CONFIG_HPP

// Everything that depends on the platform, the standard library or the
// version of Boost is decided here, once, for the whole library. Boost.Asio's
// own differences between versions are met where they occur, by asking with a
// requires-expression whether a member is there.

// First, because the errors that would come before do not say what is wrong;
// and the most fundamental one first.
#if !defined(__linux__)
#error "sigfd needs Linux: there is no signalfd(2) elsewhere"
#elif __cplusplus < 202002L
#error "sigfd needs C++20: compile with -std=c++20 or newer"
#elif !__has_include(<boost/version.hpp>)
#error "sigfd needs Boost: install its headers (libboost-dev) or give -I FOLDER"
#else
#include <boost/version.hpp>
#if BOOST_VERSION < 107400
#error "sigfd needs Boost 1.74 or newer: give its folder with -I before others"
#elif !__has_include(<boost/asio/any_io_executor.hpp>)
#error "sigfd needs Boost.Asio, which this Boost comes without: boost/asio"
#endif
#endif

// Boost 1.74's awaitable.hpp uses std::exchange without including <utility>.
#include <utility>

#include <boost/config.hpp>

#if __has_include(<format>)
#include <format>
#endif

// SIGFD_FORMAT_AS_STREAMED(Type): std::format prints a Type as operator<<
// does, with the alignment and width of a string. Used at namespace scope
// outside of any namespace. Expands to nothing where the standard library has
// no std::format.
#if defined(__cpp_lib_format)
#include <sstream>
#include <string>
#define SIGFD_FORMAT_AS_STREAMED(Type)                                         \
  template <>                                                                  \
  struct std::formatter<Type> : std::formatter<std::string>                    \
  {                                                                            \
    template <typename Context>                                                \
    auto format(const Type& value, Context& context) const                     \
    {                                                                          \
      std::ostringstream text;                                                 \
      text << value;                                                           \
      return std::formatter<std::string>::format(text.str(), context);         \
    }                                                                          \
  };
#else
#define SIGFD_FORMAT_AS_STREAMED(Type)
#endif

// SIGFD_CATCH_SYSTEM_ERROR(ec): a handler between BOOST_TRY and BOOST_CATCH
// that takes the error code. BOOST_CATCH cannot, because without exceptions it
// does not declare what it would catch.
#if defined(BOOST_NO_EXCEPTIONS)
#define SIGFD_CATCH_SYSTEM_ERROR(ec)
#else
#define SIGFD_CATCH_SYSTEM_ERROR(ec)                                           \
  catch (const boost::system::system_error& e)                                 \
  {                                                                            \
    ec = e.code();                                                             \
  }
#endif

// SIGFD_MISTAKE(text) stands before a function template that takes what a
// program may pass by mistake, and is declared only: a call does not compile,
// and the text is the first thing that the compiler says. A requires-expression
// finds that it cannot be called. clang needs no more for that; for g++ the
// result, which is SIGFD_NO_RESULT, has a type that is still to be deduced. A
// constructor has no result: SIGFD_NO_CONSTRUCTOR behind it deletes it, and g++
// then does not say the text, but the template parameter Wanted.
#if defined(__clang__)
#define SIGFD_MISTAKE(text) __attribute__((unavailable(text)))
#define SIGFD_NO_RESULT void
#define SIGFD_NO_CONSTRUCTOR
#else
#if __has_attribute(unavailable)
#define SIGFD_MISTAKE(text) __attribute__((unavailable(text)))
#else
#define SIGFD_MISTAKE(text) __attribute__((deprecated(text)))
#endif
#define SIGFD_NO_RESULT auto
#define SIGFD_NO_CONSTRUCTOR = delete
#endif

// What is no template may be compiled once for a program. By default, a header
// brings its definitions along, from an .ipp file. Where a whole program is
// compiled with SIGFD_SEPARATE_COMPILATION, one source file of it includes
// <sigfd/impl/src.hpp>, which has them all, and headers have declarations only.
// The setting of this name that Asio has is independent of it.
//
// SIGFD_DECL stands before a function that is defined in an .ipp file. Without
// that source file the linker misses functions, and says their names with the
// tag.
//
// SIGFD_SOURCE(file) is for #include, behind the declarations: the .ipp file,
// or else something that was included already.
//
// SIGFD_EXTERN_TEMPLATE(declaration) keeps an instance of a template, which
// src.hpp has, from being made again.
#if defined(SIGFD_SEPARATE_COMPILATION)
#define SIGFD_DECL                                                             \
  __attribute__((abi_tag("one_source_file_must_include_sigfd_impl_src_hpp")))
#define SIGFD_EXTERN_TEMPLATE(declaration) extern template declaration
#define SIGFD_SOURCE(file) <sigfd/detail/config.hpp>
#define SIGFD_IS_SEPARATELY_COMPILED true
#else
#define SIGFD_DECL inline
#define SIGFD_EXTERN_TEMPLATE(declaration) static_assert(true)
#define SIGFD_SOURCE(file) #file
#define SIGFD_IS_SEPARATELY_COMPILED false
#endif

// SIGFD_HOLDS(executor, type): whether a polymorphic executor holds one of a
// type. Its function target() says so, but that of Boost 1.74 does not ask: it
// takes what it has for the type. Without RTTI, nothing else tells.
#if defined(__cpp_rtti) && !defined(BOOST_ASIO_NO_TYPEID)
#define SIGFD_HOLDS(executor, type) ((executor).target_type() == typeid(type))
#elif defined(BOOST_VERSION) && BOOST_VERSION >= 108100
#define SIGFD_HOLDS(executor, type) true
#else
#define SIGFD_HOLDS(executor, type) false
#endif

// SIGFD_PREEMPTION_POINT(name); marks a place between two steps of a protocol
// without a lock, or without the one that the other side holds: where a thread
// that is preempted leaves others to do what they like. It is nothing, unless a
// test that delays threads there has defined it before.
#if !defined(SIGFD_PREEMPTION_POINT)
#define SIGFD_PREEMPTION_POINT(name)
#endif

namespace sigfd::detail {

// Whether a siginfo has the number of a trap (sigaction(2)).
#if defined(__alpha__) || defined(__sparc__)
inline constexpr bool has_trap_number = true;
#else
inline constexpr bool has_trap_number = false;
#endif

} // namespace sigfd::detail

#endif // SIGFD_DETAIL_CONFIG_HPP
