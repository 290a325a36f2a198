// The one source file of sigfd::compiled.

#include <sigfd/impl/src.hpp>
