# What benchmarks compare with, and measure by: sourced by test/bench/run, in
# place of cmake/setup.sh, which it stands on.
#
#   setup_benchmarks   the peers and the tools, as far as they can be had; and
#                      Python, as setup_python
#
# shellcheck shell=bash
# shellcheck source=cmake/setup.sh
source cmake/setup.sh

# has_header NAME: whether the compiler finds it; what it includes may be
# elsewhere.
has_header()
{
  "$CXX" -x c++ -fsyntax-only - 2>/dev/null <<TEXT
#if !__has_include(<$1>)
#error
#endif
TEXT
}

# The Python of the distribution, which sees its packages, or the one in PATH;
# the first that has Matplotlib, if any has.
find_python()
{
  local python
  for python in /usr/bin/python3 python3; do
    if "$python" -c 'import matplotlib' 2>/dev/null; then
      echo "$python"
      return
    fi
  done
  return 1
}

# offer PACKAGE COMMAND...: notes a package as one to install, if the command
# fails.
offer()
{
  "${@:2}" >/dev/null || offered+=("$1")
}

# What is still missing afterwards, whoever uses it does without.
setup_peers_and_tools()
{
  local offered=() package
  offer pkg-config has pkg-config
  offer libuv1-dev has_header uv.h
  offer libevent-dev has_header event2/event.h
  offer libev-dev has_header ev.h
  offer libsystemd-dev has_header systemd/sd-event.h
  offer libglib2.0-dev has_header glib-2.0/glib.h
  offer strace has strace
  offer valgrind has valgrind
  offer python3-matplotlib find_python
  if ((${#offered[@]} > 0)) && ! { has apt-get && can_become_root; }; then
    say "cannot install, going on without: ${offered[*]}"
    return
  fi
  for package in "${offered[@]}"; do
    # In a shell of its own, which may die.
    (install "$package") || say "going on without $package"
  done
}

setup_benchmarks()
{
  setup_build
  setup_peers_and_tools
  setup_python=$(find_python) || setup_python=python3
  has "$setup_python" || install python3
}
