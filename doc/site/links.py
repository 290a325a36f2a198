"""Checks the links of a built site: files, anchors, images, style sheets.

Links to other sites are collected and not fetched.
"""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Dict, List, Optional, Set, Tuple
from urllib.parse import unquote, urlsplit

# By tag, the attributes that name another file.
_REFERENCES = {"a": ["href"], "link": ["href"], "img": ["src"],
               "script": ["src"], "source": ["src"], "object": ["data"]}


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.anchors: Set[str] = set()
        self.links: List[Tuple[int, str]] = []
        self.images: List[Tuple[int, Optional[str]]] = []

    def handle_starttag(self, tag: str,
                        attrs: List[Tuple[str, Optional[str]]]) -> None:
        values = dict(attrs)
        for name in ("id", "name"):
            if values.get(name) and (name == "id" or tag == "a"):
                self.anchors.add(values[name] or "")
        for name in _REFERENCES.get(tag, []):
            if values.get(name) is not None:
                self.links.append((self.getpos()[0], values[name] or ""))
        if tag == "img" and not values.get("alt"):
            self.images.append((self.getpos()[0], values.get("src")))


def check(folder: Path) -> Tuple[List[str], Dict[str, List[str]], int]:
    """The errors; the links to other sites, by address; how many links."""
    pages: Dict[Path, _Page] = {}
    for path in sorted(folder.rglob("*.html")):
        page = _Page()
        page.feed(path.read_text())
        pages[path.resolve()] = page
    errors: List[str] = []
    others: Dict[str, List[str]] = {}
    count = 0
    for path, page in pages.items():
        name = path.relative_to(folder.resolve()).as_posix()
        for line, source in page.images:
            errors.append(f"{name}:{line}: no alternative text: {source}")
        for line, link in page.links:
            count += 1
            parts = urlsplit(link)
            if parts.scheme in ("http", "https") or parts.netloc:
                others.setdefault(link, []).append(name)
                continue
            if parts.scheme:
                continue # data:, mailto:
            target = path
            if parts.path:
                target = (path.parent / unquote(parts.path)).resolve()
                if target.is_dir():
                    target /= "index.html"
            anchor = unquote(parts.fragment)
            if not target.is_file():
                errors.append(f"{name}:{line}: no such file: {link}")
            elif folder.resolve() not in target.parents:
                errors.append(f"{name}:{line}: outside of the site: {link}")
            elif anchor and target in pages \
                    and anchor not in pages[target].anchors:
                errors.append(f"{name}:{line}: no such anchor: {link}")
    if not pages:
        errors.append(f"there is no page in {folder}")
    return errors, others, count
