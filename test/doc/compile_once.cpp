// The one source file of doc/guide.md that has the library, compiled into the
// programs compile.two_units_compiled.

#include <sigfd/impl/src.hpp>
