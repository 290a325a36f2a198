#!/usr/bin/env python3
"""That the checks of the documentation find what they are there for.

    self_test.py FOLDER     the folder is for what is written meanwhile
"""

import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "doc/site"))

import build # noqa: E402
import links # noqa: E402
import markup # noqa: E402
import sources # noqa: E402
import undocumented # noqa: E402

HEADER = """\
namespace sigfd {

/// Has everything.
/** @since 0.1.0 */
inline void complete() noexcept {}

inline void silent() noexcept {}

/// Has members.
/**
 * @par Thread Safety
 * Distinct objects: safe.
 *
 * @since 0.1.0
 */
class thing
{
public:
  /// Constructs.
  explicit(sizeof(int) == 4) thing(int) noexcept {}

  /// Fails silently.
  void open();

  /// Tells.
  /** @param ec Set on failure. */
  void open(boost::system::error_code& ec);

  /// Starts.
  /** @par Completion
   *  When it is there. */
  void async_wait();

  void hidden() noexcept;

  template <typename T>
  SIGFD_MISTAKE("a thing is opened with a number (an int)")
  void open(T&&);

  thing(const thing&) = delete;

private:
  int value_;
};

/// What there is.
/** @since 0.1.0 */
enum class choice
{
  /// This.
  one,
  other
};

/// Not for users.
namespace detail { void secret(); }

} // namespace sigfd
"""

EXPECTED = [
    ("sigfd::silent", "no brief description"),
    ("sigfd::silent", "no @since"),
    ("sigfd::thing::open", "no @throws, @par Errors or @param ec"),
    ("sigfd::thing::async_wait", "no @par Errors"),
    ("sigfd::thing::async_wait", "no @par Cancellation"),
    ("sigfd::thing::hidden", "no brief description"),
    ("sigfd::choice::other", "no brief description"),
]

PAGE = """\
<html><body><h1 id="top">A</h1><a href="#top">up</a>
<a href="b.html#there">good</a> <a href="b.html#nowhere">bad</a>
<a href="c.html">bad</a> <img src="d.svg" alt="a chart">
<a href="https://example.com/">elsewhere</a></body></html>
"""


class Checks(unittest.TestCase):
    folder: Path

    def test_comments(self) -> None:
        root = self.folder / "project"
        header = root / "include/sigfd/thing.hpp"
        header.parent.mkdir(parents=True, exist_ok=True)
        header.write_text(HEADER)
        (root / "include/sigfd.hpp").write_text(
            "#include <sigfd/thing.hpp>\n")
        build.ROOT = root
        library = build.read_comments(build.find_doxygen(),
                                      self.folder / "output")
        found = [tuple(line.split(": ")[1:])
                 for line in undocumented.find(library)]
        self.assertEqual(sorted(found), sorted(EXPECTED))

    def test_definitions(self) -> None:
        for option in ("`-g`, `--group`", "`--watch`, `--watch=`*SECONDS*",
                       "`-e` *STATUS*, `--success` *STATUS*",
                       "`-r` *S*:*R*, `--rewrite` *S*:*R*"):
            self.assertEqual(markup.with_definitions(f"- {option}: what\n"),
                             f"\n{option}\n: what\n")

    def test_links(self) -> None:
        site = self.folder / "site"
        site.mkdir(exist_ok=True)
        (site / "a.html").write_text(PAGE)
        (site / "b.html").write_text('<p id="there">B</p>')
        errors, others, _ = links.check(site)
        self.assertEqual(errors, [
            "a.html:2: no such anchor: b.html#nowhere",
            "a.html:3: no such file: c.html",
            "a.html:3: no such file: d.svg"])
        self.assertEqual(list(others), ["https://example.com/"])

    def test_sources(self) -> None:
        root = self.folder / "repository"
        for name, text in {
                "README.md": "[a](doc/a.md), [b](b.cpp), [`c`](gone.md)\n"
                             "```\n[no](link)\n```\n",
                "doc/a.md": "# A\n[up](../README.md#x)\n",
                "b.cpp": "int main() {}\n"}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        own = sources.Sources(root)
        own.lay_out()
        self.assertEqual(own.errors, ["README.md:1: dead link: gone.md"])
        self.assertTrue(own.files["index.md"].startswith(
            "[a](doc/a.md), [b](b.cpp.md), [`c`](gone.md)\n```\n[no](link)\n"))
        self.assertIn("[up](../index.md#x)", own.files["doc/a.md"])
        self.assertIn("```cpp\nint main() {}\n```", own.files["b.cpp.md"])


if __name__ == "__main__":
    try:
        build.find_doxygen()
    except build.Missing:
        print("skipped: no Doxygen here")
        sys.exit(77)
    Checks.folder = Path(sys.argv.pop(1)).resolve()
    Checks.folder.mkdir(parents=True, exist_ok=True)
    unittest.main()
