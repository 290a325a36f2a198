# What the documentation is built with: sourced by doc/site/run and
# test/setup_matrix.sh, with -euo pipefail in the project's folder.
#
#   setup_documentation   Doxygen, and Sphinx with myst-parser and furo
#
# shellcheck shell=bash
# shellcheck source=cmake/setup.sh
declare -F say >/dev/null || source cmake/setup.sh

setup_by_hand+=(
  "and for the documentation"
  "  Python 3.9 or newer, Doxygen, Sphinx, myst-parser, furo"
)

setup_documentation()
{
  has python3 || install python3
  python3 -B doc/site/build.py --find >/dev/null \
    || install doxygen python3-sphinx python3-myst-parser furo
}
