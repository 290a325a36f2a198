"""The repository's Markdown, laid out for Sphinx.

Every file keeps its place, so that links between the documents are the same in
the repository and in the site. Only two things are changed: README.md is the
front page, index.md, and what is linked to but no document (an example, the
licence) becomes a page that shows it.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import markup

# The order of the table of contents. What is not here and found by a pattern is
# put at the end of its part.
CONTENTS: List[Tuple[str, List[str], List[str]]] = [
    ("Documentation",
     ["doc/guide.md", "doc/how-it-works.md", "doc/limitations.md",
      "doc/reliability.md", "doc/comparison.md", "doc/benchmarks.md",
      "doc/packages.md", "doc/init.md"],
     ["doc/*.md"]),
    ("Reference", ["reference/index.md"], []),
    ("Manual pages", ["doc/man/sigfd.7.md"], ["doc/man/*.md"]),
    ("Examples", ["example/index.md"], []),
    ("Project", ["CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md",
                 "doc/design.md"], []),
]

_LANGUAGES = {".cpp": "cpp", ".hpp": "cpp", ".ipp": "cpp", ".py": "python",
              ".sh": "bash", ".cmake": "cmake", ".json": "json",
              ".yml": "yaml", ".yaml": "yaml"}
_IMAGES = (".svg", ".png", ".jpg", ".gif", ".webp")

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(\s*<?([^)\s>]+)>?"
                   r"(\s+\"[^\"]*\")?\s*\)")
_LABEL = re.compile(r"^( {0,3}\[[^\]]+\]:\s+)(\S+)(.*)$")


class Sources:
    def __init__(self, root: Path) -> None:
        self._root = root
        self.errors: List[str] = []
        self.files: Dict[str, str] = {} # what is laid out: path to text
        self.images: List[str] = []
        self._shown: Dict[str, None] = {} # files that become pages
        self._titles: Dict[str, str] = {}

    # -- which

    def documents(self) -> List[str]:
        found = []
        for _, names, patterns in CONTENTS:
            found += [name for name in names if self._exists(name)]
            for pattern in patterns:
                found += sorted(
                    path.relative_to(self._root).as_posix()
                    for path in self._root.glob(pattern))
        return list(dict.fromkeys(found))

    def _exists(self, name: str) -> bool:
        return (self._root / name).is_file()

    def _examples(self) -> List[str]:
        return sorted(
            path.relative_to(self._root).as_posix()
            for shelf in ("example/short", "example/complete")
            for path in (self._root / shelf).rglob("*.[ch]pp"))

    # -- all of it

    def lay_out(self) -> None:
        documents = self.documents()
        self.files["example/index.md"] = self._example_index()
        for name in ["README.md", *documents]:
            text = (self._root / name).read_text()
            if name.startswith("doc/man/"):
                text = markup.with_definitions(text)
            self.files[_page_of(name)] = self._with_links(name, text)
        for name in self._examples():
            self._show(name)
        # Showing a folder shows what is in it.
        for name in self._shown:
            if (self._root / name).is_file():
                self.files[f"{name}.md"] = self._listing(name)
        self.files["index.md"] += "\n" + self._contents(documents)

    def _contents(self, documents: List[str]) -> str:
        parts = []
        left = list(documents)
        for title, names, patterns in CONTENTS:
            chosen = [n for n in names
                      if n in documents or not n.startswith("doc/")
                      and n.endswith("/index.md")]
            left = [n for n in left if n not in chosen]
            parts.append((title, chosen, patterns))
        text = ""
        for title, chosen, patterns in parts:
            for name in list(left):
                if any(Path(name).match(pattern) for pattern in patterns):
                    chosen.append(name)
                    left.remove(name)
            if chosen:
                lines = ["```{toctree}", ":hidden:", f":caption: {title}", ""]
                lines += [self._entry(name) for name in chosen]
                text += "\n".join(lines + ["```", "", ""])
        hidden = [name for name in self._shown
                  if f"{name}.md" in self.files
                  and name not in self._examples()]
        if hidden:
            # Reached by links alone.
            for name in hidden:
                page = f"{name}.md"
                self.files[page] = "---\norphan: true\n---\n" + self.files[page]
        return text

    def _entry(self, name: str) -> str:
        if name.endswith("/index.md"):
            return {"example/index.md": "Examples",
                    "reference/index.md": "Reference"}[name] \
                + f" </{name[:-3]}>"
        return f"/{name[:-3]}"

    # -- links

    def _with_links(self, name: str, text: str) -> str:
        lines = []
        fence: Optional[str] = None
        for number, line in enumerate(text.split("\n"), 1):
            match = _FENCE.match(line)
            if match:
                mark = match.group(1)
                if fence is None:
                    fence = mark
                elif mark.startswith(fence) and not line.strip(" " + mark[0]):
                    fence = None
            elif fence is None:
                line = self._line(name, number, line)
            lines.append(line)
        return "\n".join(lines)

    def _line(self, name: str, number: int, line: str) -> str:
        def replace(match: "re.Match[str]") -> str:
            image, text, target, title = match.groups()
            if not image:
                text = _LINK.sub(replace, text) # an image that is a link
            target = self._target(name, number, target)
            return f"{image}[{text}]({target}{title or ''})"

        label = _LABEL.match(line)
        if label:
            return (label.group(1) + self._target(name, number, label.group(2))
                    + label.group(3))
        parts = re.split(r"(`+[^`]*`+)", line)
        if len(parts) == 1:
            return _LINK.sub(replace, line)
        # Code may be the text of a link, so it is put aside and back again.
        codes = parts[1::2]
        held = "".join(part if i % 2 == 0 else f"\0{i // 2}\0"
                       for i, part in enumerate(parts))
        held = _LINK.sub(replace, held)
        return re.sub("\0(\\d+)\0", lambda m: codes[int(m.group(1))], held)

    def _target(self, name: str, number: int, target: str) -> str:
        if re.match(r"[a-z][a-z0-9+.-]*:|#", target, re.I):
            return target
        path, mark, anchor = target.partition("#")
        wanted = posixpath.normpath(
            posixpath.join(posixpath.dirname(name), path))
        file = self._root / wanted
        if wanted.startswith("..") or not file.exists():
            self.errors.append(f"{name}:{number}: dead link: {target}")
            return target
        if file.suffix in _IMAGES:
            self.images.append(wanted)
            return target
        if wanted == "README.md" or wanted in self.documents():
            page = _page_of(wanted)
        elif wanted == "example":
            page = "example/index.md"
        else:
            page = self._show(wanted)
        here = posixpath.dirname(_page_of(name))
        return posixpath.relpath(page, here or ".") + mark + anchor

    # -- files that are no documents

    def _show(self, name: str) -> str:
        """The page of a file or of a folder."""
        path = self._root / name
        if path.is_file():
            self._shown.setdefault(name)
            return f"{name}.md"
        page = f"{name}/index.md"
        if page not in self.files:
            self.files[page] = "" # it may be asked for again, from below
            names = [p for p in sorted(path.iterdir())
                     if not p.name.startswith((".", "__"))]
            entries = []
            for entry in names:
                link = posixpath.relpath(
                    self._show(entry.relative_to(self._root).as_posix()), name)
                slash = "/" if entry.is_dir() else ""
                entries.append(f"- [`{entry.name}{slash}`]({link})")
            self.files[page] = (
                f"---\norphan: true\n---\n# {name}/\n\n"
                + "\n".join(entries) + "\n")
        return page

    def _listing(self, name: str) -> str:
        text = (self._root / name).read_text().rstrip("\n")
        longest = max((len(run) for run in re.findall("`+", text)), default=0)
        fence = "`" * max(3, longest + 1)
        return f"# {name}\n\n{fence}{_language(name, text)}\n{text}\n{fence}\n"

    def _example_index(self) -> str:
        text = "# Examples\n\nEach builds and runs by `./example/run NAME`.\n"
        entries = []
        for shelf, title, about in (
                ("example/short", "Short", "One idea each, on one screen."),
                ("example/complete", "Complete", "Whole programs.")):
            text += f"\n## {title}\n\n{about}\n"
            programs: Dict[str, List[str]] = {}
            for name in self._examples():
                program = name[len(shelf) + 1:].split("/")[0]
                if name.startswith(shelf):
                    programs.setdefault(program, []).append(name)
            for program, names in programs.items():
                main = next((n for n in names if n.endswith("/main.cpp")),
                            names[0])
                page = f"{shelf}/{program}"
                if len(names) > 1 or names[0] != page:
                    self.files[f"{page}/index.md"] = self._program(page, names)
                    page += "/index"
                program = program.replace(".cpp", "")
                entries.append(f"{program} </{page}>")
                text += (f"\n[`{program}`]({posixpath.relpath(page, 'example')}"
                         f".md)\n: {self._about(main)}\n")
        lines = ["```{toctree}", ":hidden:", "", *entries, "```", ""]
        return text + "\n" + "\n".join(lines)

    def _program(self, folder: str, names: List[str]) -> str:
        text = f"# {folder}/\n"
        entries = []
        for name in names:
            short = posixpath.relpath(name, folder)
            entries.append(f"{short} </{name}>")
            text += f"\n[`{short}`]({short}.md)\n: {self._about(name)}\n"
        lines = ["```{toctree}", ":hidden:", "", *entries, "```", ""]
        return text + "\n" + "\n".join(lines)

    def _about(self, name: str) -> str:
        return _first_comment((self._root / name).read_text())


def _page_of(name: str) -> str:
    return "index.md" if name == "README.md" else name


def _language(name: str, text: str) -> str:
    path = Path(name)
    if path.name == "CMakeLists.txt":
        return "cmake"
    if text.startswith("#!") and "sh" in text.split("\n", 1)[0]:
        return "bash"
    return _LANGUAGES.get(path.suffix, "none")


def _first_comment(text: str) -> str:
    """The paragraph that a source begins with, without what the licence is."""
    paragraphs: List[List[str]] = [[]]
    for line in text.split("\n"):
        if not line.startswith("//"):
            break
        line = line[2:].strip()
        if line:
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    for lines in paragraphs:
        words = " ".join(lines)
        if lines and not re.match(
                r"Copyright|Distributed|SPDX|~|[\w.]+ ~+|See the file", words):
            return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", words)
    return "\\-"
