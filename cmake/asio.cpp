// Boost.Asio, compiled once for our tests and examples.

#include <utility> // for Boost 1.74's awaitable.hpp

#include <boost/asio/impl/src.hpp>
