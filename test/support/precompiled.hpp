// What the tests include that takes long to read: precompiled for them, where
// SIGFD_PRECOMPILE is on. Each test includes what it uses all the same.

#ifndef SIGFD_TEST_SUPPORT_PRECOMPILED_HPP
#define SIGFD_TEST_SUPPORT_PRECOMPILED_HPP

#include <sigfd.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#endif // SIGFD_TEST_SUPPORT_PRECOMPILED_HPP
