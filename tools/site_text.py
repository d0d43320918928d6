"""What the site does with the text of a page: links, pieces of other files, the table for teachers, first mentions of terms.

Everything here takes text and gives text, and needs nothing of what makes the site.
"""

import os
import re
import tomllib
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
# What becomes a page, in the repository's own folders, so that links from page to page stay as they are; docs/site is the top.
SOURCES = ("notebooks/*.ipynb", "docs/*.md", "docs/site/*.md", "speedrun/README.md", "data/README.md", "CONTRIBUTING.md")
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?(?=\))")
PIECE = re.compile(r'<!-- (\S+) from "(.+?)" to "(.+?)" -->')


def pages() -> dict[str, str]:
    """Each file that becomes a page → the file among the site's sources: {"docs/site/index.md": "index.md", …}."""
    found = sorted(path.relative_to(ROOT).as_posix() for pattern in SOURCES for path in ROOT.glob(pattern))
    return {name: name.removeprefix("docs/site/") for name in found} | {name: api_page(name) for name in modules()}


def modules() -> list[str]:
    """The files of the package that have a page, in the order of the README's table of the code."""
    table = piece("README.md", "## The code", "```python")
    names = [name.rstrip("/") for name in re.findall(r"\]\((bert_parts/[^)]+)\)", table)]
    return [name for name in names if (ROOT / name).exists()]


def api_page(name: str) -> str:
    """bert_parts/attention.py → api/attention.md."""
    return f"api/{Path(name).stem}.md"


def api_text(name: str) -> str:
    """The page of a module: its docstrings, read while the site is made."""
    module = name.removesuffix(".py").replace("/", ".")
    options = "" if name.endswith(".py") else "   :imported-members:\n"
    return f"# `{module}`\n\n```{{eval-rst}}\n.. automodule:: {module}\n{options}```\n"


def repository() -> tuple[str, str]:
    """The address of the project, and its branch."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address, _, branch = project["urls"]["Source"].partition("/tree/")
    return address, branch


# ── a page ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def page_text(text: str, source: str) -> str:
    """The text of a file as the site has it: with pieces of other files, and with links that lead within the site."""
    return PIECE.sub(lambda found: with_links(piece(*found.groups()), found[1], source), with_links(text, source, source))


def piece(name: str, start: str, end: str) -> str:
    """What stands in a file between two strings, without them."""
    text = (ROOT / name).read_text(encoding="utf-8")
    begin = text.index(start) + len(start)
    return text[begin : text.index(end, begin)]


def with_links(text: str, written_in: str, shown_in: str) -> str:
    """Links to files of the repository: to the page that a file becomes, else to where the project is kept."""
    there = pages()

    def moved(found: re.Match) -> str:
        target = os.path.normpath(PurePosixPath(written_in).parent / found[1])
        if target in there:
            return os.path.relpath(there[target], PurePosixPath(there[shown_in]).parent) + (found[2] or "")
        if not (ROOT / target).exists():
            return found[0]
        kind = "tree" if (ROOT / target).is_dir() else "blob"
        address, branch = repository()
        return f"{address}/{kind}/{branch}/{target}{found[2] or ''}"

    return LINK.sub(moved, text)
