// Which sanitizer the tests are built with: some of them change how signals are
// handled.

#ifndef SIGFD_TEST_SUPPORT_SANITIZER_HPP
#define SIGFD_TEST_SUPPORT_SANITIZER_HPP

#if defined(__SANITIZE_THREAD__)
#define UNDER_THREAD_SANITIZER
#endif
#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ADDRESS_SANITIZER
#endif
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_THREAD_SANITIZER
#endif
#if __has_feature(address_sanitizer)
#define UNDER_ADDRESS_SANITIZER
#endif
#endif

namespace support {

#if defined(UNDER_THREAD_SANITIZER)
inline constexpr bool has_thread_sanitizer = true;
#else
inline constexpr bool has_thread_sanitizer = false;
#endif

#if defined(UNDER_ADDRESS_SANITIZER)
inline constexpr bool has_sanitizer = true;
#else
inline constexpr bool has_sanitizer = has_thread_sanitizer;
#endif

} // namespace support

#endif // SIGFD_TEST_SUPPORT_SANITIZER_HPP
