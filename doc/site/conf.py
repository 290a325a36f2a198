# Configuration of Sphinx for the site and the manual pages. It is run by
# build.py, which lays out the sources and writes state.json beside them.

import json
import os
import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.util.nodes import make_refnode

_state = json.loads(Path(os.environ["SIGFD_SITE_STATE"]).read_text())

project = "sigfd"
copyright = _state["copyright"]
version = release = _state["version"]
today = _state["date"]

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
highlight_language = "none"
# Quotation marks and -- stay what they are.
smartquotes = False
nitpicky = True

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 6

html_theme = "furo"
html_title = "sigfd " + version
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_use_index = False
html_permalinks_icon = "#"
pygments_style = "default"
pygments_dark_style = "github-dark"

manpages_url = \
    "https://man7.org/linux/man-pages/man{section}/{page}.{section}.html"
man_pages = [tuple(page) for page in _state["man_pages"]]
man_make_section_directory = False
man_show_urls = False


class ManualPageNames(SphinxTransform):
    """Makes signalfd(2) and the like what they are: names of manual pages."""

    default_priority = 450
    _name = re.compile(r"(?<![\w:/.-])([a-z_][\w.+-]*\w|(?:sigfd::\w+))"
                       r"\(([1-8])\)(?![\w(])")

    def apply(self, **kwargs):
        for text in list(self.document.findall(nodes.Text)):
            if self._is_name_of_something(text):
                continue
            parts = list(self._split(str(text)))
            if len(parts) > 1:
                parent = text.parent
                index = parent.index(text)
                parent[index:index + 1] = parts

    @staticmethod
    def _is_name_of_something(node):
        while node is not None:
            if isinstance(node, (nodes.literal, nodes.literal_block,
                                 nodes.reference, nodes.title,
                                 addnodes.pending_xref, addnodes.manpage,
                                 addnodes.toctree, nodes.raw)):
                return True
            node = node.parent
        return False

    def _split(self, text):
        end = 0
        for match in self._name.finditer(text):
            if match.start() > end:
                yield nodes.Text(text[end:match.start()])
            yield self._reference(match)
            end = match.end()
        if end == 0:
            yield nodes.Text(text)
        elif end < len(text):
            yield nodes.Text(text[end:])

    def _reference(self, match):
        name, own = match.group(0), _state["own_pages"]
        page = own.get(name)
        if page and self.app.builder.format == "html":
            if page == self.env.docname:
                return nodes.emphasis(name, name)
            link = addnodes.pending_xref(
                "", refdomain="std", reftype="doc", refexplicit=True,
                reftarget="/" + page, refdoc=self.env.docname, refwarn=True)
            link += nodes.inline(name, name)
            return link
        if self.app.builder.format == "html" \
                and (name.startswith("sigfd")
                     or match.group(1) in _state["not_on_man7"]):
            return nodes.emphasis(name, name)
        return addnodes.manpage(name, name)


class PublicNames(SphinxTransform):
    """Makes links of names, where a section of a document first has them."""

    default_priority = 460

    def apply(self, **kwargs):
        if self.app.builder.format != "html" \
                or self.env.docname.startswith("reference/"):
            return
        seen = set()
        for literal in list(self.document.findall(nodes.literal)):
            name = literal.astext().replace("sigfd::", "")
            label = _state["names"].get(re.sub(r"\(\)$", "", name))
            section = self._section(literal)
            if not label or section is None or (id(section), name) in seen:
                continue
            seen.add((id(section), name))
            link = addnodes.pending_xref(
                "", reftype="sigfd", reftarget=label.lower(),
                refdoc=self.env.docname, refwarn=True)
            literal.replace_self(link)
            link += literal

    @staticmethod
    def _section(node):
        while node is not None and not isinstance(node, nodes.section):
            if isinstance(node, (nodes.reference, nodes.title,
                                 addnodes.pending_xref)):
                return None
            node = node.parent
        return node


class Charts(SphinxTransform):
    """Marks the charts of the benchmarks, for the style."""

    default_priority = 470

    def apply(self, **kwargs):
        for image in self.document.findall(nodes.image):
            if "benchmarks/" in image["uri"]:
                image["classes"].append("chart")


def resolve_public_name(app, env, node, content):
    """Unlike Sphinx's own, such a link still looks like code."""
    labels = env.get_domain("std").anonlabels
    if node["reftype"] == "sigfd" and node["reftarget"] in labels:
        document, anchor = labels[node["reftarget"]]
        return make_refnode(
            app.builder, node["refdoc"], document, anchor, content)
    return None


def setup(app):
    app.connect("missing-reference", resolve_public_name)
    app.add_transform(ManualPageNames)
    app.add_transform(PublicNames)
    app.add_transform(Charts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
