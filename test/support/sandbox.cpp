// sandbox ENOSYS|EPERM PROGRAM [ARGUMENT ...]: runs a program in which
// signalfd(2) fails with that error.

#include "support/sandbox.hpp"

#include <errno.h>
#include <unistd.h>

#include <cstdio>
#include <string>

int main(int argc, char** argv)
{
  const std::string name = argc > 2 ? argv[1] : "";
  if (name != "ENOSYS" && name != "EPERM")
  {
    std::fputs("usage: sandbox ENOSYS|EPERM PROGRAM [ARGUMENT ...]\n", stderr);
    return 2;
  }
  if (!support::forbid_signalfd(name == "ENOSYS" ? ENOSYS : EPERM))
  {
    std::perror("seccomp");
    return 1;
  }
  ::execv(argv[2], argv + 2);
  std::perror(argv[2]);
  return 127;
}
