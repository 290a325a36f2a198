# For the copy in which mutants are tried: the library's one file includes Asio,
# which is compiled once for all of them.
cmake_language(DEFER CALL target_precompile_headers sigfd_compiled PRIVATE
  <boost/asio/any_io_executor.hpp>
  <boost/asio/dispatch.hpp>
  <boost/asio/executor_work_guard.hpp>
  <boost/asio/io_context.hpp>
  <boost/asio/posix/basic_stream_descriptor.hpp>)
