# What the scripts beside this one have in common: sourced by each, under
# -euo pipefail. Each takes one road from the project to a program that uses it,
# the README's. They are told where things are by the environment, see
# CMakeLists.txt:
#
#   SOURCE_DIR BUILD_DIR     the project and a build of it
#   WORK_DIR                 a folder of the test's own
#   CACHE GENERATOR          for CMake; the cache has the compiler and Boost
#   COMPILER COMPILER_FLAGS  for where the compiler is called without CMake
#   MAKE_PROGRAM             what CMake calls
#   BOOST_INCLUDES           the folder of Boost's headers
#   README_PROGRAM CHECK     the README's program and the script that tests it
#
# shellcheck shell=bash

readonly test=package.${0##*/}

fail()
{
  echo "$test: $*" >&2
  exit 1
}

# needs PROGRAM...: ends the test as skipped if one is not installed.
needs()
{
  local program
  for program; do
    if ! command -v "$program" >/dev/null; then
      echo "skipped: there is no $program here"
      exit 77
    fi
  done
}

# needs_file FILE: ends the test as skipped if another has not left it.
needs_file()
{
  if [[ ! -f $1 ]]; then
    echo "skipped: there is no $1"
    exit 77
  fi
}

# quietly COMMAND...: shows what it prints only if it fails, and then fails.
quietly()
{
  local output
  output=$("$@" 2>&1 </dev/null) || fail "$*"$'\n'"$output"
}

# expect_files FOLDER <<FILES: fails unless these are all files there.
expect_files()
{
  diff - <(cd "$1" && find . -type f -o -type l | sed 's|^\./||' \
    | LC_ALL=C sort) || fail "other files are in $1"
}

# copy_project FOLDER: as it is now, without what was built.
copy_project()
{
  mkdir -p "$1"
  tar -C "$SOURCE_DIR" --exclude=./build --exclude=./.git \
    --exclude="./$(realpath --relative-to="$SOURCE_DIR" "$BUILD_DIR")" \
    -cf - . | tar -C "$1" -xf -
}

# Sets version.
read_version()
{
  version=$(sed -n 's/^#define SIGFD_VERSION_STRING "\(.*\)"/\1/p' \
    "$SOURCE_DIR/include/sigfd/version.hpp")
}

# Sets archive: the source archive that a release has.
make_archive()
{
  read_version
  copy_project "$WORK_DIR/archive/sigfd-$version"
  archive=$WORK_DIR/sigfd-$version.tar.gz
  tar -C "$WORK_DIR/archive" -czf "$archive" "sigfd-$version"
  rm -rf "$WORK_DIR/archive"
}

# make_project PROJECT: the README's program beside PROJECT/CMakeLists.txt, in
# $WORK_DIR/project.
make_project()
{
  mkdir -p "$WORK_DIR/project"
  cp "$1/CMakeLists.txt" "$WORK_DIR/project"
  cp "$README_PROGRAM" "$WORK_DIR/project/program.cpp"
}

# configure [ARGUMENT...]: that project, in $WORK_DIR/build.
configure()
{
  quietly cmake -S "$WORK_DIR/project" -B "$WORK_DIR/build" -G "$GENERATOR" \
    -C "$CACHE" "$@"
}

# build PROJECT [ARGUMENT...]: configures and builds such a project in
# $WORK_DIR/build; and runs the program.
build()
{
  make_project "$1"
  configure "${@:2}"
  quietly cmake --build "$WORK_DIR/build"
  check "$WORK_DIR/build/program"
}

# check PROGRAM: the README's program does what its test expects, which knows it by
# the name of its source.
check()
{
  local name=${README_PROGRAM##*/}
  name=$WORK_DIR/${name%.cpp}
  cp "$1" "$name"
  quietly "$CHECK" "$name"
}

# What is left of an earlier run proves nothing.
rm -rf "$WORK_DIR"
mkdir -p "$WORK_DIR"
