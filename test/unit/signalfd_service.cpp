// detail/signalfd_service: knows its members and shuts them down.

#include <sigfd/detail/signalfd_service.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <vector>

namespace {

namespace net = boost::asio;
using sigfd::detail::service_member;
using sigfd::detail::signalfd_service;

struct member final : service_member
{
  explicit member(std::vector<member*>& log)
    : log_(log)
  {
  }

  void shutdown() noexcept override
  {
    log_.push_back(this);
  }

  std::vector<member*>& log_;
};

} // namespace

BOOST_AUTO_TEST_CASE(shuts_down_each_member_once_and_none_that_left)
{
  std::vector<member*> log;
  member a(log);
  member b(log);
  member c(log);
  member d(log);
  {
    net::io_context context;
    auto& service = net::use_service<signalfd_service>(context);
    BOOST_TEST(&service == &net::use_service<signalfd_service>(context));
    for (member* m : {&a, &b, &c, &d})
      service.enroll(*m);
    service.withdraw(b); // in the middle
    service.withdraw(d); // the newest
    service.withdraw(a); // the oldest
    service.enroll(a);
    BOOST_TEST(log.empty());
  }
  BOOST_TEST((log == std::vector<member*>{&a, &c}));
}

BOOST_AUTO_TEST_CASE(a_member_may_leave_before_the_context_ends)
{
  std::vector<member*> log;
  member only(log);
  {
    net::io_context context;
    auto& service = net::use_service<signalfd_service>(context);
    service.enroll(only);
    service.withdraw(only);
  }
  BOOST_TEST(log.empty());
}
