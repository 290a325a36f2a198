// std::format prints what operator<< does, where the standard library has it.

#include <sigfd.hpp>

#include <boost/test/unit_test.hpp>

#include <iostream>
#include <sstream>
#include <string>
#include <version>

#if defined(__cpp_lib_format)

#include <format>

namespace {

sigfd::signal_info some_info()
{
  ::siginfo_t raw{};
  raw.si_signo = SIGTERM;
  raw.si_code = SI_USER;
  raw.si_pid = 4242;
  raw.si_uid = 1000;
  return sigfd::signal_info(raw);
}

} // namespace

BOOST_AUTO_TEST_CASE(formats_a_signal_info)
{
  const sigfd::signal_info info = some_info();
  std::ostringstream os;
  os << info;
  BOOST_TEST(std::format("{}", info) == os.str());
  BOOST_TEST(std::format("<{:.>43}>", info)
      == "<...SIGTERM from pid 4242 (uid 1000) by kill>");
}

BOOST_AUTO_TEST_CASE(formats_a_signal_mask)
{
  // A mask is a range, which C++23 would format in its own way.
  const sigfd::signal_mask mask{SIGINT, SIGTERM, SIGRTMIN + 3};
  BOOST_TEST(std::format("{}", mask) == "{SIGINT, SIGTERM, SIGRTMIN+3}");
  BOOST_TEST(std::format("{}", sigfd::signal_mask()) == "{}");
  BOOST_TEST(
      std::format("<{:<10}>", sigfd::signal_mask{SIGHUP}) == "<{SIGHUP}  >");
}

#else

BOOST_AUTO_TEST_CASE(there_is_no_std_format)
{
  std::cout << "std::format is not available" << std::endl;
}

#endif
