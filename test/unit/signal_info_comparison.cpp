// signal_info compared with another one, and with numbers.

#include <sigfd/signal_info.hpp>

#include "support/raw_siginfo.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <algorithm>
#include <compare>
#include <cstddef>
#include <map>
#include <set>
#include <type_traits>
#include <vector>

namespace {

using sigfd::signal_info;
using support::make_sent_siginfo;
using support::make_siginfo;

} // namespace

BOOST_AUTO_TEST_CASE(converts_to_its_number)
{
  const signal_info info(make_siginfo(SIGHUP, SI_USER));
  const int number = info;
  BOOST_TEST(number == SIGHUP);
  BOOST_TEST((info == SIGHUP));
  switch (info)
  {
  case SIGHUP:
    break;
  default:
    BOOST_ERROR("does not switch");
  }
}

BOOST_AUTO_TEST_CASE(equality_is_of_the_whole_record)
{
  const signal_info a(make_sent_siginfo(SIGTERM, SI_USER));
  ::siginfo_t other = make_sent_siginfo(SIGTERM, SI_USER);
  BOOST_TEST((a == signal_info(other)));
  other.si_pid = 4243;
  BOOST_TEST((a != signal_info(other)));
}

// Numbers first, then the records: what == tells apart is in order.
BOOST_AUTO_TEST_CASE(the_order_agrees_with_equality)
{
  std::vector<signal_info> all{signal_info()};
  for (const int number : {SIGHUP, SIGTERM, SIGCHLD, SIGRTMIN})
    for (const int code : {SI_USER, SI_QUEUE, SI_TKILL})
      for (const ::pid_t pid : {1, 255, 256, 65'536, 4'242})
        for (const ::uid_t uid : {0u, 1'000u})
        {
          ::siginfo_t raw = make_siginfo(number, code);
          raw.si_pid = pid;
          raw.si_uid = uid;
          all.emplace_back(raw);
        }
  for (const signal_info& a : all)
    for (const signal_info& b : all)
    {
      const auto order = a <=> b;
      static_assert(
          std::is_same_v<decltype(order), const std::strong_ordering>);
      BOOST_REQUIRE((order == 0) == (a == b));
      BOOST_REQUIRE((order == 0) == (&a == &b));
      BOOST_REQUIRE((order < 0) == (a < b));
      BOOST_REQUIRE((order > 0) == (a > b));
      BOOST_REQUIRE((a <= b) == !(a > b));
      BOOST_REQUIRE((a >= b) == !(a < b));
      BOOST_REQUIRE((order < 0) == (b <=> a > 0));
      if (a.number() != b.number())
        BOOST_REQUIRE((order < 0) == (a.number() < b.number()));
    }
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i + 1 < all.size(); ++i)
    for (std::size_t k = i + 1; k < all.size(); ++k)
      BOOST_REQUIRE((all[i] < all[k]));
}

BOOST_AUTO_TEST_CASE(containers_keep_what_equality_tells_apart)
{
  std::map<signal_info, int> by_info;
  std::set<signal_info> infos;
  for (int pid = 1; pid <= 100; ++pid)
    for (int times = 0; times < 2; ++times)
    {
      ::siginfo_t raw = make_sent_siginfo(SIGTERM, SI_USER);
      raw.si_pid = pid;
      ++by_info[signal_info(raw)];
      infos.insert(signal_info(raw));
    }
  BOOST_TEST(by_info.size() == 100u);
  BOOST_TEST(infos.size() == 100u);
  for (const auto& [info, count] : by_info)
  {
    BOOST_TEST(count == 2);
    BOOST_TEST(infos.count(info) == 1u);
  }
}

BOOST_AUTO_TEST_CASE(compares_with_numbers)
{
  const signal_info info(make_sent_siginfo(SIGUSR1, SI_USER)); // 10
  const int number = SIGUSR1;
  BOOST_TEST((info == SIGUSR1));
  BOOST_TEST((SIGUSR1 == info));
  BOOST_TEST((info == number));
  BOOST_TEST((info != SIGTERM));
  BOOST_TEST((SIGTERM != info));
  BOOST_TEST((info < SIGTERM));
  BOOST_TEST((SIGHUP < info));
  BOOST_TEST((info <= number));
  BOOST_TEST((info >= number));
  BOOST_TEST((info > 9));
  BOOST_TEST(!(info < 10));
  BOOST_TEST(((info <=> number) == 0));
  BOOST_TEST(std::set<int>{SIGUSR1}.count(info) == 1u);
}
