"""Links that the site makes by itself in the notebooks: from words to the glossary, and from names of code to the package's pages.

For Sphinx, which reads it from docs/site/conf.py.
"""

import functools
import importlib
import json
import re

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

from tools.site_text import ROOT, exercises, mentions, modules, terms

CALL = re.compile(r"(\w+)(\(.*\))?")


class LinkTerms(SphinxTransform):
    """Each term of the glossary, where a notebook has it first in its running text."""

    default_priority = 400

    def apply(self):
        if not self.env.docname.startswith("notebooks/"):
            return
        words, unmet = terms(), set(terms())
        for text in list(self.document.findall(nodes.Text)):
            if is_within(text, nodes.paragraph) and not is_within(text, nodes.literal, nodes.math, nodes.table, *LINKS):
                self.link(text, words, unmet)

    def link(self, text: nodes.Text, words: list[str], unmet: set[str]):
        pieces, end = [], 0
        for start, stop, term in mentions(text, words, unmet):
            shown = nodes.inline("", text[start:stop], classes=["xref", "std", "std-term"])
            pieces += [nodes.Text(text[end:start]), reference(self.env.docname, shown, "std", "term", term)]
            end = stop
        if pieces:
            text.parent.replace(text, [*pieces, nodes.Text(text[end:])])


class LinkNames(SphinxTransform):
    """Each name of the package, where a notebook has it first as code in its text; but no part that is to be written in it."""

    default_priority = 400

    def apply(self):
        if not self.env.docname.startswith("notebooks/"):
            return
        unmet = dict(documented())
        for name in exercises(json.loads((ROOT / f"{self.env.docname}.ipynb").read_text(encoding="utf-8"))):
            unmet.pop(name, None)
        for code in list(self.document.findall(nodes.literal)):
            found = CALL.fullmatch(code.astext())
            if found and not is_within(code, nodes.title, *LINKS) and (target := unmet.pop(found[1], None)):
                code.replace_self(reference(self.env.docname, code.deepcopy(), "py", "obj", target))


LINKS = (nodes.reference, addnodes.pending_xref)


def is_within(node: nodes.Node, *kinds: type) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kinds):
            return True
    return False


def reference(page: str, shown: nodes.Node, domain: str, kind: str, target: str) -> addnodes.pending_xref:
    """A link that Sphinx completes, and complains of if it leads nowhere."""
    return addnodes.pending_xref(
        "", shown, refdoc=page, refdomain=domain, reftype=kind, reftarget=target, refexplicit=True, refwarn=True,
    )


@functools.cache
def documented() -> dict[str, str]:
    """Names of the package that have a place on its pages: "attention_weights" → "bert_parts.attention.attention_weights"."""
    found = {}
    for file in modules():
        module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
        own = getattr(module, "__all__", [name for name, thing in vars(module).items()
                                          if getattr(thing, "__module__", None) == module.__name__ and not name.startswith("_")])
        for name in own:
            if callable(thing := getattr(module, name)) and thing.__doc__:
                found.setdefault(name, f"{module.__name__}.{name}")
    return found
