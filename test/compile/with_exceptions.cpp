#include "compile/ends_with.hpp"

#include <exception>

int ends_with(void (*function)(), std::string_view what)
{
  try
  {
    function();
  }
  catch (const std::exception& e)
  {
    const std::string_view thrown = e.what();
    return thrown.find(what) == thrown.npos ? 1 : 0;
  }
  return 1;
}
