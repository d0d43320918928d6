"""Settings of the site, for Sphinx: `make site`."""

import sys
from importlib.metadata import files
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.site_docstrings import as_rst  # noqa: E402
from tools.site_links import LinkNames, LinkTerms  # noqa: E402
from tools.site_text import notebook_text, page_text, pages, repository  # noqa: E402

project = "bert_parts"
author = "bert_parts contributors"
copyright = author
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode", "sphinx.ext.mathjax",
              "sphinx_copybutton"]

# ── notebooks and text ───────────────────────────────────────────────────────────────────────────────────────────────

nb_execution_mode = "off"
nb_merge_streams = True
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]     # its twin in HTML is shown
nb_ipywidgets_js = {}     # else a page asks a CDN for them
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]     # a lesson may go from its title to a step
SOURCE_OF = {page.rsplit(".", 1)[0]: source for source, page in pages().items()}

# ── the package's docstrings ─────────────────────────────────────────────────────────────────────────────────────────

autodoc_default_options = {"members": True, "show-inheritance": True}
add_module_names = False
toc_object_entries_show_parents = "hide"
autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_attr_annotations = False     # the signature has them
default_role = "code"
nitpick_ignore = [("py:class", "list[dict[str")]     # Sphinx gives up on a type beside a default that is no Python, <factory>
nitpick_ignore_regex = [("py:class", r"(torch|collections|pathlib)\..*|bert_parts\.(learn\.page|reading)\..*")]

# ── the look ─────────────────────────────────────────────────────────────────────────────────────────────────────────

ADDRESS, BRANCH = repository()
html_theme = "sphinx_book_theme"
html_title = "bert_parts"
html_static_path = ["_static"]
html_extra_path = ["root"]     # a worker serves the pages beside it and below
html_favicon = "_static/favicon.svg"
html_css_files = ["site.css"]
html_js_files = [(name, {"defer": "defer"}) for name in ("read.js", "scroll.js")]
html_sourcelink_suffix = ""     # a notebook's own name, to download it by
html_use_index = False     # there is the search
html_domain_indices = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "navbar_persistent": [],
    "search_as_you_type": True,
    "repository_url": ADDRESS,
    "repository_branch": BRANCH,
    "use_repository_button": True,
    "use_download_button": False,     # there is one under each notebook's title
    "home_page_in_toc": True,
    "show_toc_level": 2,
}

# Of MathJax's many files the site takes one, and its fonts.
mathjax_path = "mathjax/tex-chtml-full.js"
mathjax3_config = {"options": {"enableMenu": False}}
MATHJAX = [path for path in files("sphinx-mathjax-offline") if path.name == "tex-chtml-full.js" or "woff-v2" in path.parts]


def copy_mathjax(app, error):
    for path in [] if error else MATHJAX:
        place = Path(app.outdir, "_static", *path.parts[path.parts.index("mathjax"):])
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_binary())


def read_page(app, docname, source):
    """Notebooks are kept as they are, to be downloaded: what the site changes in their words, it changes here."""
    name = SOURCE_OF[docname]
    if name.endswith(".md"):
        source[0] = page_text(source[0], name)
    elif name.endswith(".ipynb"):
        source[0] = notebook_text(source[0], name)


def read_docstring(app, what, name, thing, options, lines):
    skipped = ["..", ""] if what in ("attribute", "property") else []     # in whose first line napoleon looks for a type
    lines[:] = skipped + as_rst(lines)


def add_try(app, pagename, templatename, context, doctree):
    """What runs BERT in the page, for the pages that have a part of it."""
    if 'class="try"' in context.get("body", ""):
        app.add_css_file("try/try.css")
        app.add_js_file("try/try.js", type="module")


def setup(app):
    app.connect("autodoc-process-docstring", read_docstring, priority=400)     # before napoleon
    app.add_transform(LinkTerms)
    app.add_transform(LinkNames)
    app.connect("source-read", read_page)
    app.connect("html-page-context", add_try)
    app.connect("build-finished", copy_mathjax)
