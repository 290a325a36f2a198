# Checks the checks: each has to be content with a small project that is in
# order, and to name what is wrong with one that is not.
#
# cmake -DWORK_DIR=... -P self_test.cmake

cmake_minimum_required(VERSION 3.24)

set(root ${WORK_DIR}/project)

# Writes a file of the small project.
function(put file content)
  file(WRITE ${root}/${file} "${content}")
endfunction()

# A header with an include guard.
function(put_header header content)
  string(TOUPPER "${header}" guard)
  string(REGEX REPLACE "[^A-Z0-9]" "_" guard "${guard}")
  put(include/${header}
    "#ifndef ${guard}\n#define ${guard}\n${content}\n#endif // ${guard}\n")
endfunction()

# Begins with a project that is in order.
function(begin)
  file(REMOVE_RECURSE ${root})
  put(levels.txt "# Levels.\n
0 sigfd/detail/config.hpp
1 sigfd/low.hpp
1 sigfd/impl/low.ipp
3 sigfd/high.hpp
3 sigfd/impl/src.hpp
4 sigfd.hpp
")
  put(CMakeLists.txt "target_sources(sigfd INTERFACE
  FILE_SET HEADERS
  BASE_DIRS include
  FILES
    include/sigfd.hpp
    include/sigfd/detail/config.hpp
    include/sigfd/high.hpp
    include/sigfd/impl/low.ipp
    include/sigfd/impl/src.hpp
    include/sigfd/low.hpp)
include(cmake/install.cmake)
")
  put_header(sigfd.hpp "#include <sigfd/high.hpp>")
  put_header(sigfd/detail/config.hpp "#if 1\n#else\n#endif")
  put_header(sigfd/low.hpp
    "#include <sigfd/detail/config.hpp>\n#include <vector>
#include SIGFD_SOURCE(sigfd/impl/low.ipp)")
  put_header(sigfd/impl/low.ipp "#include <sigfd/low.hpp>")
  put_header(sigfd/impl/src.hpp "#include <sigfd/impl/low.ipp>")
  put_header(sigfd/high.hpp
    "#include <sigfd/low.hpp>\n#include <boost/asio/post.hpp>")

  put(README.md "Text.

```cpp
int a[] = {1; 2};
  if (a[0])
```

```sh
make
```
")
  put(doc/more.md "1. In a list:

   ```cpp
   return \"\\\\;\";
   ```
")
  put(example/short/one.cpp "// One.
int main()
{
  int a[] = {1; 2};
    if (a[0])
      a();
}
")
  put(test/example/one "")
  put(test/example/expect.sh "")
  put(example/complete/two/main.cpp "// Two.\n")
  put(test/example/two "")
  put(test/doc/two.cpp "  return \"\\\\;\";\n")
endfunction()

# Runs a check. With no message it has to succeed; else to fail with it.
function(expect check message)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -DROOT=${root} -DLEVELS=${root}/levels.txt
      -P ${CMAKE_CURRENT_LIST_DIR}/check_${check}.cmake
    RESULT_VARIABLE result
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  # CMake breaks the lines of an error.
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  string(FIND "${output}" "${message}" position)
  if(message STREQUAL "")
    if(NOT result EQUAL 0)
      message(SEND_ERROR "${check} should be content:\n${output}")
    endif()
  elseif(result EQUAL 0 OR position EQUAL -1)
    message(SEND_ERROR "${check} should say: ${message}\n${output}")
  endif()
endfunction()

begin()
expect(levels "")
expect(code_blocks "")
expect(words "")
expect(examples "")

# Levels.

begin()
put_header(sigfd/low.hpp "#include <sigfd/high.hpp>")
expect(levels
  "sigfd/low.hpp of level 1 includes sigfd/high.hpp of level 3")

begin()
put_header(sigfd/low.hpp "#  include <boost/asio.hpp>")
expect(levels "sigfd/low.hpp of level 1 includes boost/asio.hpp")

begin()
put_header(sigfd/impl/low.ipp "#include <sigfd/high.hpp>")
expect(levels
  "sigfd/impl/low.ipp of level 1 includes sigfd/high.hpp of level 3")

foreach(include IN ITEMS "SIGFD_SOURCE(sigfd/impl/low.ipp)"
    "<sigfd/impl/low.ipp>")
  begin()
  put_header(sigfd/high.hpp "#include <sigfd/low.hpp>\n#include ${include}")
  expect(levels "sigfd/high.hpp includes sigfd/impl/low.ipp")
endforeach()

begin()
put_header(sigfd/low.hpp
  "#include <sigfd/detail/config.hpp>\n#include <sigfd/impl/low.ipp>")
expect(levels "sigfd/low.hpp includes sigfd/impl/low.ipp")

foreach(header IN ITEMS impl/src.hpp low.hpp)
  begin()
  put_header(sigfd/${header} "#include <sigfd/detail/config.hpp>")
  expect(levels "sigfd/impl/low.ipp is not included by its header and by")
endforeach()

begin()
put_header(sigfd/high.hpp "#include SIGFD_OTHER(sigfd/low.hpp)")
expect(levels "sigfd/high.hpp: cannot read: #include SIGFD_OTHER")

foreach(unwanted IN ITEMS charconv filesystem iostream sys/uio.h)
  begin()
  put_header(sigfd/high.hpp "#include <sigfd/low.hpp>\n#include <${unwanted}>")
  expect(levels "sigfd/high.hpp includes ${unwanted}, which is not wanted")
endforeach()

begin()
put_header(sigfd/high.hpp "#include \"low.hpp\"")
expect(levels "sigfd/high.hpp includes low.hpp by a path of its own")

begin()
put_header(sigfd/high.hpp "#include <sigfd/missing.hpp>")
expect(levels "includes sigfd/missing.hpp, which has no level")

foreach(content IN ITEMS "" "#include <vector>\n#include <sigfd/low.hpp>")
  begin()
  put_header(sigfd/high.hpp "${content}")
  expect(levels "sigfd/high.hpp does not begin with sigfd/detail/config.hpp")
endforeach()

begin()
put_header(sigfd/new.hpp "")
expect(levels "sigfd/new.hpp has no level in levels.txt")
expect(levels "CMakeLists.txt does not install sigfd/new.hpp")

begin()
file(REMOVE ${root}/include/sigfd/low.hpp)
expect(levels "levels.txt lists sigfd/low.hpp, which does not exist")
expect(levels "CMakeLists.txt installs sigfd/low.hpp, which does not exist")

begin()
file(REMOVE_RECURSE ${root}/include)
expect(levels "has no headers")

begin()
put(CMakeLists.txt "project(sigfd)\n")
expect(levels "CMakeLists.txt has no FILE_SET HEADERS")

foreach(use IN ITEMS
    "using boost::asio::detail::x;"
    "namespace net = boost::asio; net::detail::x y;"
    "#include <boost/asio/detail/config.hpp>")
  begin()
  put_header(sigfd/high.hpp "${use}")
  expect(levels "sigfd/high.hpp uses a detail of Boost.Asio")
endforeach()

foreach(condition IN ITEMS "#if 1" "# ifdef X" "  #ifndef X" "#else" "#elif 1")
  begin()
  put_header(sigfd/low.hpp "${condition}")
  expect(levels "sigfd/low.hpp compiles conditionally: ")
endforeach()

begin()
put(include/sigfd/low.hpp "#pragma once\n")
expect(levels "sigfd/low.hpp has no include guard SIGFD_LOW_HPP")

# Blocks of code.

begin()
put(README.md "```cpp\nint a[] = {1; 2};\na();\n```\n")
expect(code_blocks
  "README.md: block 1 is in no example: int a[] = {1; 2}; a();")

begin()
put(README.md "```cpp\nint main()\n```\n\n```cpp\nint main(\n```\n")
expect(code_blocks "README.md: block 2 is in no example: int main(")

begin()
put(doc/more.md "  ```cpp\n  missing();\n  ```\n")
expect(code_blocks "doc/more.md: block 1 is in no example: missing();")

begin()
put(README.md "```cpp\nint main()\n")
expect(code_blocks "README.md: block 1 has no end")

begin()
put(README.md "```cpp\n\n```\n")
expect(code_blocks "README.md: block 1 is empty")

foreach(fence IN ITEMS "```c++" "~~~cpp" "```cpp title" "````cpp")
  begin()
  put(README.md "${fence}\nint main()\n```\n")
  expect(code_blocks "README.md: a block of C++ has to begin with ```cpp")
endforeach()

begin()
put(README.md "Text.\n")
file(REMOVE ${root}/doc/more.md)
expect(code_blocks "there is no block of C++")

begin()
file(REMOVE ${root}/README.md)
expect(code_blocks "there is no README.md")

begin()
file(REMOVE_RECURSE ${root}/example ${root}/test)
expect(code_blocks "there are no examples")

# Words.

foreach(word IN ITEMS "opening_.close();" "// The guard of it." "mail" "parked()")
  begin()
  put_header(sigfd/low.hpp
    "#include <sigfd/detail/config.hpp>\n${word}")
  expect(words "include/sigfd/low.hpp says ")
endforeach()

begin()
put(README.md "It is brought to rest.\n")
expect(words "README.md says \"to rest\": pipe_thread, request_pause")

# Examples.

foreach(lines IN ITEMS 60 61)
  begin()
  string(REPEAT "a();\n" ${lines} content)
  string(SUBSTRING "${content}" 5 -1 content)
  put(example/short/one.cpp "// One.\n${content}")
  if(lines EQUAL 60)
    expect(examples "")
  else()
    expect(examples "example/short/one.cpp has 61 lines, more than 60")
  endif()
endforeach()

foreach(name IN ITEMS one two)
  begin()
  file(REMOVE ${root}/test/example/${name})
  expect(examples "has no test test/example/${name}")
endforeach()

begin()
put(test/example/three "")
expect(examples "test/example/three has no example")

begin()
put(example/complete/two/main.cpp "int main() {}\n")
expect(examples "example/complete/two/main.cpp does not begin with a comment")

begin()
file(REMOVE_RECURSE ${root}/example/short)
expect(examples "there is no example in example/short")
