# What our own tests and examples are built with, and users are not: the target
# sigfd_development, which is the library with sigfd_development_flags.

set(SIGFD_SANITIZE "" CACHE STRING
  "Sanitizers for tests and examples, as -fsanitize takes them")

add_library(sigfd_development_flags INTERFACE)
target_compile_options(sigfd_development_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  -Wnon-virtual-dtor $<$<CXX_COMPILER_ID:GNU>:-Wuseless-cast> -Werror)
if(SIGFD_SANITIZE)
  target_compile_options(sigfd_development_flags INTERFACE
    -fsanitize=${SIGFD_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(sigfd_development_flags INTERFACE
    -fsanitize=${SIGFD_SANITIZE})
  if(SIGFD_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Boost uses std::atomic_thread_fence, which g++'s TSan does not model; it
    # orders reference counts that are atomic anyway.
    target_compile_options(sigfd_development_flags INTERFACE -Wno-tsan)
  endif()
endif()

add_library(sigfd_development INTERFACE)
target_link_libraries(sigfd_development INTERFACE sigfd_development_flags)
if(SIGFD_BUILD_COMPILED)
  # And Asio, so that none of our programs compiles it anew.
  add_library(sigfd_asio STATIC ${CMAKE_CURRENT_LIST_DIR}/asio.cpp)
  target_link_libraries(sigfd_asio PUBLIC Boost::headers Threads::Threads)
  target_compile_features(sigfd_asio PUBLIC cxx_std_20)
  target_compile_definitions(sigfd_asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION)
  target_link_libraries(sigfd_asio PRIVATE sigfd_development_flags)
  set_target_properties(sigfd_asio PROPERTIES
    POSITION_INDEPENDENT_CODE ON) # shared objects have it, too
  target_link_libraries(sigfd_compiled PRIVATE
    $<BUILD_INTERFACE:sigfd_development_flags>
    $<BUILD_INTERFACE:sigfd_asio>)
  target_link_libraries(sigfd_development INTERFACE sigfd::compiled sigfd_asio)
else()
  target_link_libraries(sigfd_development INTERFACE sigfd::sigfd)
endif()

# What some examples and tests need, and the library does not: co_await, which
# Asio has with some compilers only, and the operators || and && on it, since
# Boost 1.77.
include(CheckCXXSourceCompiles)
include(CMakePushCheckState)
cmake_push_check_state(RESET)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_REQUIRED_LIBRARIES Boost::headers Threads::Threads)
check_cxx_source_compiles("
  #include <utility>
  #include <boost/asio/awaitable.hpp>
  #if !defined(BOOST_ASIO_HAS_CO_AWAIT)
  #error
  #endif
  int main() {}" SIGFD_HAS_CO_AWAIT)
check_cxx_source_compiles("
  #include <utility>
  #include <boost/asio/experimental/awaitable_operators.hpp>
  using namespace boost::asio::experimental::awaitable_operators;
  boost::asio::awaitable<void> one();
  using both = decltype(one() || one());
  int main() {}" SIGFD_HAS_AWAITABLE_OPERATORS)
unset(CMAKE_CXX_STANDARD)
cmake_pop_check_state()
