"""What the site does with the text of a page: links, pieces of other files, BERT in it, buttons, the timetable, mentions of terms.

Everything here takes text and gives text, and needs nothing of what makes the site.
"""

import json
import posixpath
import re
import tomllib
from collections.abc import Iterator
from html import escape
from pathlib import Path, PurePosixPath

from tools.notebook_rules import ROOT, code_cells, defined, notebooks, source_of, tags, text_of

# What becomes a page, in the repository's own folders, so that links from page to page stay as they are; docs/site is the top.
SOURCES = ("notebooks/*.ipynb", "docs/*.md", "docs/site/*.md", "speedrun/README.md", "data/README.md", "CONTRIBUTING.md")
PICTURES = "docs/*.png"     # what pages show
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?(?=\))")
GLOSSARY = ROOT / "docs" / "site" / "glossary.md"
TIMETABLE, VIEW = "<!-- the timetable -->", "<!-- the first view of attention -->"
COLAB_BRANCH = "colab"     # of the copies that tools/colab.py makes
PIECE = re.compile(r'<!-- (\S+) from "(.+?)" to "(.+?)" -->')
# BERT in the page: a part of it, with what stands in its field at first.
PART = re.compile(r"<!-- try (\w+): (.+?) -->")
PARTS = ROOT / "docs" / "site" / "try"
ASKED = {     # what the button does, and what is to be typed
    "attention": ("look", "A sentence in English"),
    "fill": ("fill in", "A sentence with [MASK] in place of a word"),
    "nearest": ("search", "What to look for in 10,605 sentences of film reviews"),
}
# In pages of notebooks: behind the cell of this id stands that part, with words of its own.
BEHIND = {"327962a4": "attention", "2b420923": "nearest", "p08widget": "fill"}


def pages() -> dict[str, str]:
    """Each file that becomes a page → the file among the site's sources: {"docs/site/index.md": "index.md", …}."""
    found = sorted(path.relative_to(ROOT).as_posix() for pattern in SOURCES for path in ROOT.glob(pattern))
    return {name: name.removeprefix("docs/site/") for name in found} | {name: api_page(name) for name in modules()}


def pictures() -> list[str]:
    """The files that pages show; among the site's sources each has the same place."""
    return [path.relative_to(ROOT).as_posix() for path in ROOT.glob(PICTURES)]


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
    title = name.removeprefix("bert_parts/") + ("" if name.endswith(".py") else "/")
    return f"# {title}\n\n```{{eval-rst}}\n.. automodule:: {module}\n{options}```\n"


def repository() -> tuple[str, str]:
    """The address of the project, and its branch."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address, _, branch = project["urls"]["Source"].partition("/tree/")
    return address, branch


# ── a page ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def page_text(text: str, source: str) -> str:
    """The text of a file as the site has it: with pieces of other files, and with links that lead within the site."""
    address, branch = repository()
    text = with_links(text, source, source).replace("{address}", address).replace("{branch}", branch)
    text = text.replace("{modules}", "\n".join(api_page(name).removesuffix(".md") for name in modules()))
    text = PIECE.sub(lambda found: with_links(piece(*found.groups()), found[1], source), text)
    text = PART.sub(lambda found: raw(part(*found.groups())), text)
    text = text.replace(VIEW, raw(first_view())) if VIEW in text else text
    return text.replace(TIMETABLE, with_links(timetable(), "README.md", source)) if TIMETABLE in text else text


def notebook_text(text: str, source: str) -> str:
    """A notebook, as JSON, as the site has it: with BERT in it, links that lead within the site, and buttons under its title."""
    notebook = json.loads(text)
    notebook["cells"] = list(with_bert(notebook["cells"]))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = page_text(source_of(cell), source)
    notebook["cells"][0]["source"] += "\n\n" + buttons(source)
    return json.dumps(notebook)


def with_bert(cells: list[dict]) -> Iterator[dict]:
    """The cells, and behind those whose subject it is a cell with a part of BERT in the page."""
    for cell in cells:
        yield cell
        if way := BEHIND.get(cell.get("id")):
            words = (PARTS / f"{way}.md").read_text(encoding="utf-8")
            yield {"cell_type": "markdown", "id": f"try-{way}", "metadata": {}, "source": words}


def part(way: str, text: str) -> str:
    """The HTML of a part of BERT in the page, with a text in its field."""
    frame, answer = ((PARTS / f"{name}.html").read_text(encoding="utf-8").strip() for name in ("frame", way))
    does, label = ASKED[way]
    return frame.format(way=way, does=does, label=label, button=does.capitalize(), answer=answer, text=escape(text))


def raw(html: str) -> str:
    return f"```{{raw}} html\n{html}\n```"


def buttons(notebook: str) -> str:
    """Links, as HTML, to run a notebook elsewhere, and to have it as it is committed."""
    links = [
        ("Run on Binder", ' class="on-wide"', on_binder(notebook, "lab")),
        ("Run on Binder", ' class="on-narrow"', on_binder(notebook, "doc")),     # site.css shows one of the two
        ("Run on Colab", "", on_colab(notebook)),
        ("Download", " download", f"../_sources/{notebook}"),
    ]
    buttons = "".join(f'<a href="{link}"{more}>{words}</a>\n' for words, more, link in links)
    return f'<p class="run">\n{buttons}</p>'


def on_binder(notebook: str, view: str) -> str:
    """The address that opens a notebook on Binder in JupyterLab's view "lab", or in "doc", which shows nothing beside it."""
    address, branch = repository()
    return f"https://mybinder.org/v2/gh/{address.removeprefix('https://github.com/')}/{branch}?urlpath={view}/tree/{notebook}"


def on_colab(notebook: str) -> str:
    """The address that opens a notebook's copy on Colab."""
    name = repository()[0].removeprefix("https://github.com/")
    return f"https://colab.research.google.com/github/{name}/blob/{COLAB_BRANCH}/{notebook}"


def piece(name: str, start: str, end: str) -> str:
    """What stands in a file between two strings, without them."""
    text = (ROOT / name).read_text(encoding="utf-8")
    begin = text.index(start) + len(start)
    return text[begin : text.index(end, begin)]


def with_links(text: str, written_in: str, shown_in: str) -> str:
    """Links to files of the repository: to the page that a file becomes, or to a picture, else to where the project is kept."""
    there = pages() | {name: name for name in pictures()}

    def moved(found: re.Match) -> str:
        target = posixpath.normpath(PurePosixPath(written_in).parent / found[1])
        if target in there:
            return posixpath.relpath(there[target], PurePosixPath(there[shown_in]).parent) + (found[2] or "")
        if not (ROOT / target).exists():
            return found[0]
        kind = "tree" if (ROOT / target).is_dir() else "blob"
        address, branch = repository()
        return f"{address}/{kind}/{branch}/{target}{found[2] or ''}"

    return LINK.sub(moved, text)


# ── what is said of all notebooks ────────────────────────────────────────────────────────────────────────────────────


def timetable() -> str:
    """A table: each notebook, the time that it says it takes, and what is to be written in it. Links lead from the root."""
    rows = ["| notebook | time | exercises |", "|---|---|---|"]
    for path in notebooks():
        notebook = json.loads(path.read_text(encoding="utf-8"))
        name = path.stem.replace("_", " ")
        asked = ", ".join(f"`{exercise}`" for exercise in exercises(notebook))
        rows.append(f"| [{name}](notebooks/{path.name}) | {time_needed(notebook)} | {asked} |")
    return "\n".join(rows)


def first_view() -> str:
    """The HTML of the first view that can be explored, as it is committed in a notebook."""
    cells = [cell for path in notebooks() for cell in code_cells(json.loads(path.read_text(encoding="utf-8")))]
    view = next(cell for cell in cells if source_of(cell).startswith("head_view("))
    return text_of(view["outputs"][0]["data"]["text/html"])


def time_needed(notebook: dict) -> str:
    """"about two hours", as its first cell says it."""
    return re.search(r"^Time: (.+?)(?:[,;.](?: |$))", source_of(notebook["cells"][0]), re.MULTILINE)[1]


def exercises(notebook: dict) -> list[str]:
    return [defined(cell).name for cell in code_cells(notebook) if "exercise" in tags(cell)]


# ── the glossary ─────────────────────────────────────────────────────────────────────────────────────────────────────


def terms() -> list[str]:
    """The words that the glossary explains, in its order."""
    listed = piece(GLOSSARY.relative_to(ROOT).as_posix(), "```{glossary}\n", "\n```")
    return re.findall(r"^\S.*$", listed, re.MULTILINE)


def mentions(text: str, words: list[str], unmet: set[str]) -> Iterator[tuple[int, int, str]]:
    """Where terms that were not met before, and are from now on, stand in a text: from, to, and which.

    A term may stand in the plural and, unless it has capitals of its own, begin with a capital. The longer one counts: a "causal
    mask" is no "mask".
    """
    longest_first = sorted(words, key=len, reverse=True)
    choice = "|".join(f"({form(word)})" for word in longest_first)
    for found in re.finditer(rf"(?<![\w-])(?:{choice})(?![\w-])", text):
        word = longest_first[found.lastindex - 1]
        if word in unmet:
            unmet.discard(word)
            yield *found.span(), word


def form(word: str) -> str:
    """A pattern for a term, its plural and its capital."""
    first = f"[{word[0]}{word[0].upper()}]{re.escape(word[1:])}" if word.islower() else re.escape(word)
    return f"{first[:-1]}(?:y|ies)" if word.endswith("y") else f"{first}(?:s|es)?"
