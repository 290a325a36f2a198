// Has nothing of its own: it is compiled for precompiled.hpp.
