# What has to be installed for the build, and for the tests: sourced by
# example/run, test/setup_matrix.sh and test/bench/setup.sh, with -euo pipefail
# in the project's folder. Where everything is there already, nothing here needs
# root, apt-get or the network.
#
#   setup_build   a compiler, CMake, Ninja, the headers of Boost
#   setup_tests   also the libraries of Boost that tests link to
#
# shellcheck shell=bash

readonly setup_oldest_gcc=11
readonly setup_oldest_cmake=3.24
readonly setup_oldest_boost=1.74
readonly setup_preferred_boost=1.81
readonly setup_boost_libraries=(context coroutine)

# say TEXT...: tells what is being done. On the standard error, so that the
# standard output is that of the programs.
say()
{
  echo "sigfd: $*" >&2
}

die()
{
  say "$@"
  exit 1
}

has()
{
  command -v "$1" >/dev/null 2>&1
}

# quietly COMMAND...: shows what it prints only if it fails.
quietly()
{
  local output status=0
  output=$("$@" 2>&1 </dev/null) || status=$?
  if ((status != 0)); then
    printf '%s\n' "$output" >&2
    say "failed: $*"
  fi
  return "$status"
}

# at_least VERSION OLDEST
at_least()
{
  [[ $(printf '%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]
}

# --- apt-get ----------------------------------------------------------------

setup_updated=no
setup_has_lists=yes # unless they could not be updated

can_become_root()
{
  ((EUID == 0)) || has sudo
}

# apt_get ARGUMENT...: as root; waits for another apt-get that is running.
apt_get()
{
  local as_root=()
  ((EUID == 0)) || as_root=(sudo)
  quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"
}

# Once; that it fails is no error yet, the lists may do as they are.
update_package_lists()
{
  [[ $setup_updated == no ]] || return 0
  setup_updated=yes
  setup_has_lists=no
  if can_become_root; then
    say "updating the package lists"
    if apt_get update; then
      setup_has_lists=yes
    else
      say "cannot update the package lists"
    fi
  fi
}

# candidate PACKAGE: the version that apt-get would install, or nothing. A name
# that apt does not know is a regular expression to it: g++ matches much.
candidate()
{
  apt-cache policy -- "$1" 2>/dev/null | awk -v heading="$1:" '
    /^[^ ]/ { matches = $0 == heading }
    matches && $1 == "Candidate:" && $2 != "(none)" { print $2 }'
}

# is_available PACKAGE: whether the distribution has it. A machine that was
# just made has no package lists, so that is said only after an update.
is_available()
{
  has apt-get || return 1
  [[ -z $(candidate "$1") ]] || return 0
  update_package_lists
  [[ -n $(candidate "$1") ]]
}

# What a person has to install by hand where there is no apt-get. The
# matrix adds to it.
setup_by_hand=(
  "  g++ $setup_oldest_gcc or newer"
  "  CMake $setup_oldest_cmake or newer"
  "  Ninja"
  "  Boost $setup_oldest_boost or newer: the headers"
  "and for the tests"
  "  of the same Boost, the libraries: ${setup_boost_libraries[*]}"
)

needed_by_hand()
{
  say "missing: $*"
  say "there is no apt-get here; please install"
  printf '%s\n' "${setup_by_hand[@]}" >&2
}

# install PACKAGE...
install()
{
  local package
  if ! has apt-get; then
    needed_by_hand "$*"
    exit 1
  fi
  can_become_root \
    || die "neither root nor sudo; as root, run: apt-get install $*"
  for package; do
    is_available "$package" || die "apt-get knows no package $package"
  done
  say "installing $*"
  # Lists that are old name files that are gone.
  if ! apt_get install --no-install-recommends "$@"; then
    [[ $setup_updated == no ]] || die "cannot install $*"
    update_package_lists
    apt_get install --no-install-recommends "$@" || die "cannot install $*"
  fi
}

# --- the tools --------------------------------------------------------------

gcc_version()
{
  "$1" -dumpfullversion -dumpversion 2>/dev/null || echo 0
}

# The newest g++-N that is installed and new enough, or nothing.
newest_numbered_gcc()
{
  compgen -c g++- | grep -xE 'g\+\+-[0-9]+' | sort -uV | tail -n 1 \
    | while read -r name; do
      if at_least "${name#g++-}" "$setup_oldest_gcc"; then
        echo "$name"
      fi
    done || true
}

# The newest g++-N that the distribution has, or nothing.
newest_gcc_package()
{
  has apt-cache || return 0
  apt-cache pkgnames g++- | grep -xE 'g\+\+-[0-9]+' | sort -V | tail -n 1 \
    || true
}

is_new_enough_gcc()
{
  has "$1" && at_least "$(gcc_version "$1")" "$setup_oldest_gcc"
}

# Sets CXX, because CMake would take c++, which may be another one. Whoever has
# set CXX knows what it is.
setup_compiler()
{
  [[ -z ${CXX-} ]] || return 0
  CXX=$(newest_numbered_gcc)
  if is_new_enough_gcc g++; then
    CXX=g++
  elif [[ -z $CXX ]]; then
    has g++ || install g++
    if is_new_enough_gcc g++; then
      CXX=g++
    else
      CXX=$(newest_gcc_package)
      at_least "${CXX#g++-}" "$setup_oldest_gcc" \
        || die "g++ $(gcc_version g++) is too old:" \
          "g++ $setup_oldest_gcc or newer is needed"
      install "$CXX"
    fi
  fi
  export CXX
}

has_cmake()
{
  local version
  has cmake && has ctest || return 1
  version=$(cmake --version | sed -n '1s/.* //p')
  at_least "$version" "$setup_oldest_cmake"
}

setup_cmake_from_pypi()
{
  # A Python that is split into packages comes without what venv needs.
  python3 -c 'import ensurepip' 2>/dev/null || install python3-venv
  say "installing cmake from PyPI into build/tools"
  quietly python3 -m venv build/tools || return
  quietly build/tools/bin/pip install --disable-pip-version-check \
    "cmake>=$setup_oldest_cmake"
}

# From the distribution if it is new enough there, else from PyPI.
setup_cmake()
{
  export PATH=$PWD/build/tools/bin:$PATH
  if has_cmake; then
    return
  elif ! has apt-get; then
    install cmake
  elif is_available cmake \
    && at_least "$(candidate cmake)" "$setup_oldest_cmake"; then
    install cmake
  else
    setup_cmake_from_pypi \
      || die "CMake $setup_oldest_cmake or newer is needed; this" \
        "distribution's is older, and pip could not install another"
  fi
  hash -r
  has_cmake || die "CMake $setup_oldest_cmake or newer is needed;" \
    "found: $(cmake --version 2>&1 | head -n 1)"
}

setup_ninja()
{
  has ninja || install ninja-build
}

# --- Boost ------------------------------------------------------------------

# The version of the headers that the compiler finds, such as 1.81, or nothing.
installed_boost()
{
  echo '#include <boost/version.hpp>' \
    | "$CXX" -x c++ -E -dM - 2>/dev/null \
    | awk '$2 == "BOOST_VERSION" {
        printf "%d.%d\n", $3 / 100000, $3 / 100 % 1000 }' || true
}

# boost_packages VERSION: the headers' package and those of the libraries.
boost_packages()
{
  local library
  echo "libboost$1-dev"
  for library in "${setup_boost_libraries[@]}"; do
    echo "libboost-$library$1-dev"
  done
}

# has_boost_packages VERSION: whether the distribution has all of them.
has_boost_packages()
{
  local package
  for package in $(boost_packages "$1"); do
    is_available "$package" || return 1
  done
}

# The version to install: the one that most was tried with, else the newest.
available_boost()
{
  local version
  for version in "$setup_preferred_boost" \
    $(apt-cache pkgnames libboost1. \
      | sed -nE 's/^libboost(1\.[0-9]+)-dev$/\1/p' | sort -rV); do
    if at_least "$version" "$setup_oldest_boost" \
      && has_boost_packages "$version"; then
      echo "$version"
      return
    fi
  done
}

setup_boost_headers()
{
  local version
  version=$(installed_boost)
  if [[ -z $version ]]; then
    has apt-get || install Boost
    version=$(available_boost)
    [[ -n $version ]] \
      || die "this distribution has no Boost $setup_oldest_boost or newer"
    install "libboost$version-dev"
  elif ! at_least "$version" "$setup_oldest_boost"; then
    die "Boost $version is installed;" \
      "$setup_oldest_boost or newer is needed"
  fi
}

# has_boost_library NAME: whether the linker finds it, shared or static.
has_boost_library()
{
  local file
  for file in "libboost_$1.so" "libboost_$1.a"; do
    # The compiler answers with a path if there is one, else with the name.
    [[ $("$CXX" -print-file-name="$file") == "$file" ]] || return 0
  done
  return 1
}

# Those of the headers' version: two versions in one place exclude each other.
setup_boost_libraries()
{
  local library version missing=()
  version=$(installed_boost)
  for library in "${setup_boost_libraries[@]}"; do
    has_boost_library "$library" \
      || missing+=("libboost-$library$version-dev")
  done
  ((${#missing[@]} == 0)) || install "${missing[@]}"
}

# --- all together -----------------------------------------------------------

setup_build()
{
  setup_compiler
  setup_cmake
  setup_ninja
  setup_boost_headers
}

setup_tests()
{
  setup_build
  setup_boost_libraries
}
