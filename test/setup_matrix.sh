# What some configurations of the matrix need beyond the rest: sourced by
# test/run, in place of cmake/setup.sh, which it stands on.
#
#   setup_clang            clang
#   setup_libcxx           clang with a libc++ that has std::format, where it
#                          can be had; and its name, as setup_libcxx_clang
#   setup_oldest_compiler  g++-11, where it can be had
#   setup_inits            the programs that init is compared with
#   setup_documentation    Doxygen and Sphinx, where they can be had
#   setup_package_tests    what the tests package.* use
#   setup_tools            what some tests look with: gdb, valgrind
#   setup_valgrind         valgrind, where it can be had
#   setup_32bit            what g++ -m32 needs, where it can be had
#   setup_liburing         what Asio needs for io_uring, where it can be had
#   has_io_uring           whether the kernel has io_uring for us
#   setup_clang_tool NAME  clang-format or clang-tidy of the version that the
#                          code is written for, where it can be had
#   unpack_boost VERSION FOLDER
#
# shellcheck shell=bash
# shellcheck source=cmake/setup.sh
source cmake/setup.sh
# shellcheck source=doc/site/setup.sh
source doc/site/setup.sh

readonly setup_oldest_libcxx=19
# What another version says may differ.
readonly setup_clang_tools=19

setup_by_hand+=(
  "and for ./test/run --all"
  "  clang++ 14 or newer, and clang++ $setup_oldest_libcxx or newer with libc++"
)

setup_clang()
{
  local major
  has clang++ || install clang
  # The sanitizers' runtime is a package of its own in some distributions.
  major=$(clang++ -dumpversion)
  major=${major%%.*}
  if [[ ! -d $(clang++ -print-runtime-dir) ]] \
    && is_available "libclang-rt-$major-dev"; then
    install "libclang-rt-$major-dev"
  fi
}

has_libcxx_with_format()
{
  "$1" -std=c++20 -stdlib=libc++ -x c++ -fsyntax-only - 2>/dev/null <<'TEXT'
#include <format>
#if !defined(__cpp_lib_format)
#error
#endif
TEXT
}

# Fails where neither the machine nor the distribution has it.
setup_libcxx()
{
  local name major
  for name in clang++ \
    $(compgen -c clang++- | grep -xE 'clang\+\+-[0-9]+' | sort -uV); do
    if has_libcxx_with_format "$name"; then
      setup_libcxx_clang=$name
      return
    fi
  done
  has apt-get || return 1
  is_available "libc++-$setup_oldest_libcxx-dev" || true # updates the lists
  for major in $(apt-cache pkgnames libc++- \
    | sed -nE 's/^libc\+\+-([0-9]+)-dev$/\1/p' | sort -V); do
    if at_least "$major" "$setup_oldest_libcxx" \
      && is_available "clang-$major" && is_available "libc++-$major-dev" \
      && is_available "libc++abi-$major-dev"; then
      install "clang-$major" "libc++-$major-dev" "libc++abi-$major-dev"
      setup_libcxx_clang=clang++-$major
      has_libcxx_with_format "$setup_libcxx_clang"
      return
    fi
  done
  return 1
}

# Fails where neither the machine nor the distribution has it.
setup_oldest_compiler()
{
  has "g++-$setup_oldest_gcc" && return
  is_available "g++-$setup_oldest_gcc" || return 1
  install "g++-$setup_oldest_gcc"
}

# install_available [PROGRAM:]PACKAGE...: for each program that is missing, its
# package, where the distribution has that. Without it, tests are skipped.
install_available()
{
  local pair packages=()
  for pair; do
    if ! has "${pair%%:*}" && is_available "${pair##*:}"; then
      packages+=("${pair##*:}")
    fi
  done
  ((${#packages[@]} == 0)) || install "${packages[@]}"
}

setup_inits()
{
  install_available python3 tini dumb-init
}

setup_package_tests()
{
  install_available dpkg-shlibdeps:dpkg-dev file git lintian pkg-config python3 \
    unzip
}

setup_tools()
{
  install_available gdb valgrind
}

setup_valgrind()
{
  install_available valgrind
  has valgrind
}

# Of the kernel's headers it takes those of 64 bits, which are the same, as the
# configuration 32bit does: Debian has a package for <asm/errno.h>, but that is
# in conflict with every cross compiler.
can_compile_32bit()
{
  echo '#include <string>' | "$CXX" -m32 -x c++ \
    -idirafter /usr/include/x86_64-linux-gnu -c -o /dev/null - 2>/dev/null
}

setup_32bit()
{
  local major
  can_compile_32bit && return
  major=$("$CXX" -dumpversion)
  is_available "g++-${major%%.*}-multilib" || return
  install "g++-${major%%.*}-multilib"
  can_compile_32bit || die "$CXX -m32 does not compile, with all that it needs"
}

# Asio has io_uring since Boost 1.78.
setup_liburing()
{
  at_least "$(installed_boost)" 1.78 || return
  echo '#include <liburing.h>' | "$CXX" -x c++ -fsyntax-only - 2>/dev/null \
    && return
  is_available liburing-dev || return
  install liburing-dev
}

has_io_uring()
{
  mkdir -p build
  "$CXX" -x c++ -o build/has_io_uring - -luring 2>/dev/null <<'TEXT' || return
#include <liburing.h>
int main()
{
  io_uring ring;
  return io_uring_queue_init(2, &ring, 0) == 0 ? 0 : 1;
}
TEXT
  build/has_io_uring
}

setup_clang_tool()
{
  install_available "$1-$setup_clang_tools"
  has "$1-$setup_clang_tools"
}

# download_package PACKAGE FOLDER: without installing it.
download_package()
{
  (cd "$2" && quietly apt-get -q download "$1") && return
  update_package_lists # the file may be gone, for a newer one
  (cd "$2" && quietly apt-get -q download "$1")
}

# unpack_boost VERSION FOLDER: puts a Boost beside the one in /usr: headers and
# libraries of the distribution's packages, under FOLDER/usr. Needs no root.
# Fails if the distribution has no such version.
unpack_boost()
{
  local version=$1 folder=$2 package packages
  [[ ! -d $folder ]] || return 0
  has apt-get && has_boost_packages "$version" || return 1
  say "unpacking Boost $version into $folder"
  # The libraries' own dependencies, as far as they are of Boost.
  mapfile -t packages < <(
    # shellcheck disable=SC2046 # one word for each package
    apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts \
      --no-breaks --no-replaces --no-enhances $(boost_packages "$version") \
      | grep -E "^libboost.*$version" | sort -u)
  # In a folder of another name until it is complete.
  rm -rf "$folder.part"
  mkdir -p "$folder.part/packages"
  for package in "${packages[@]}"; do
    download_package "$package" "$folder.part/packages" \
      || die "cannot download $package"
  done
  for package in "$folder.part/packages"/*.deb; do
    dpkg -x "$package" "$folder.part" || die "cannot unpack $package"
  done
  rm -rf "$folder.part/packages"
  mv "$folder.part" "$folder"
}
