// detail/signalfd_service: knows its members and shuts them down.

#include <sigfd/detail/signalfd_service.hpp>
#include <sigfd/detail/system_error.hpp>

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

  boost::system::error_code notify_fork(
      net::execution_context::fork_event) noexcept override
  {
    ++forks;
    return fork_result;
  }

  int forks = 0;
  boost::system::error_code fork_result;
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
      service.add(*m);
    service.remove(b); // in the middle
    service.remove(d); // the newest
    service.remove(a); // the oldest
    service.add(a);
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
    service.add(only);
    service.remove(only);
  }
  BOOST_TEST(log.empty());
}

BOOST_AUTO_TEST_CASE(tells_every_member_of_a_fork_and_passes_an_error_on)
{
  std::vector<member*> log;
  member a(log);
  member b(log);
  net::io_context context;
  auto& service = net::use_service<signalfd_service>(context);
  service.add(a);
  service.add(b);
  context.notify_fork(net::io_context::fork_prepare);
  context.notify_fork(net::io_context::fork_parent);
  BOOST_TEST(a.forks == 2);
  BOOST_TEST(b.forks == 2);

  b.fork_result = sigfd::detail::system_error_code(EMFILE);
  BOOST_CHECK_THROW(context.notify_fork(net::io_context::fork_child),
      boost::system::system_error);
  BOOST_TEST(a.forks == 3);
  BOOST_TEST(b.forks == 3);
  service.remove(a);
  service.remove(b);
}
