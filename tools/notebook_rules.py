"""What holds for every notebook of the course as it is committed: shared by tools/run_notebooks.py and the tests."""

import ast
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from tools.widget_twins import WIDGET_VIEW

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
MAX_BYTES = 1_500_000
MAX_LINES = 25
MAX_WIDTH = 100     # of a line of code, in characters
MAX_TABLE = 90      # of a line of a printed table: JupyterLab breaks the 93rd character's in a window of 900 pixels
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
# Where a person's or a machine's own folders begin. What stands in a picture's base64 is not looked at.
OWN_PATHS = re.compile(
    r"(?<![\w.:/-])/(?:home|Users|root|tmp|work|private|mnt|opt|var)/|\b[A-Z]:(?:\\)+Users|site-packages|\.venv\b"
)
SHOWING = ("show", "picture", "draw", "Picture")
COLUMNS = re.compile(r"\S {2,}\S")     # words set apart by more than one space: a table, which a break would spoil
BY_HAND = re.compile(r"(?<![A-Za-z\d.])(?<![A-Za-z]-)\d")     # a number; no part of a name, such as F1 or WordSim-353
BASE64 = re.compile(r"base64,[A-Za-z0-9+/=\\n\s]+")


def notebooks() -> list[Path]:
    """All notebooks, in the course's order."""
    return sorted(FOLDER.glob("*.ipynb"))


def code_cells(notebook: dict) -> list[dict]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def source_of(cell: dict) -> str:
    """A cell's text: files have it as one string or as lines."""
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def tags(cell: dict) -> list[str]:
    return cell["metadata"].get("tags", [])


def text_of(value) -> str:
    return value if isinstance(value, str) else "".join(value)


def defined(cell: dict) -> ast.FunctionDef | ast.ClassDef | None:
    """The function or class that an exercise's cell asks for: the last one that it defines."""
    nodes = [node for node in ast.parse(source_of(cell)).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    return nodes[-1] if nodes else None


def problems(notebook: dict, size: int) -> list[str]:
    """What is wrong with an executed notebook, a sentence for each fault; none if it may be committed."""
    found = []
    if size > MAX_BYTES:
        found.append(f"It has {size:,} bytes, and {MAX_BYTES:,} are allowed: make its pictures smaller or fewer.")
    if notebook["metadata"].get("kernelspec", {}).get("name") != "python3":
        found.append('Its kernelspec is not "python3".')
    ids = [cell.get("id") for cell in notebook["cells"]]
    if None in ids or len(set(ids)) < len(ids):
        found.append("A cell has no id, or two have the same.")
    cells = [cell for cell in code_cells(notebook) if source_of(cell).strip()]
    if [cell["execution_count"] for cell in cells] != list(range(1, len(cells) + 1)):
        found.append("Its cells were not run once each, from top to bottom.")
    if any("execution" in cell["metadata"] for cell in cells):
        found.append("It holds the times at which its cells ran, which change with each run.")
    for number, cell in enumerate(code_cells(notebook)):
        found += [f"Code cell {number}: {fault}" for fault in cell_problems(cell)]
    return found


def cell_problems(cell: dict) -> list[str]:
    found = []
    lines = sum(bool(line.strip()) for line in source_of(cell).splitlines())
    if lines > MAX_LINES:
        found.append(f"it has {lines} lines, and {MAX_LINES} are enough for a cell.")
    found += [f"a line of it has {len(line)} characters, and {MAX_WIDTH} are allowed: {line.strip()[:60]}…"
              for line in source_of(cell).splitlines() if len(line) > MAX_WIDTH]
    found += [f"a number in an alt text is written by hand, where the data should give it: …{words}…"
              for words in alt_words(cell) if BY_HAND.search(words)]
    for output in cell["outputs"]:
        found += output_problems(output, may_fail="raises-exception" in tags(cell))
    return found


def alt_words(cell: dict) -> Iterator[str]:
    """What an alt text says whatever the data are: the second argument of what shows a picture, or `alt`, without its {…}."""
    for node in ast.walk(ast.parse(source_of(cell))):
        if isinstance(node, ast.Call):
            second = node.args[1:2] if isinstance(node.func, ast.Name) and node.func.id in SHOWING else []
            for text in [*second, *(word.value for word in node.keywords if word.arg == "alt")]:
                yield from literal(text)


def literal(node: ast.AST) -> Iterator[str]:
    """The text that stands in an expression, but for keys and formats."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for name, value in ast.iter_fields(node):
        if name not in ("slice", "format_spec"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from literal(child)


def output_problems(output: dict, may_fail: bool) -> list[str]:
    found = []
    if output["output_type"] == "error" and not may_fail:
        found.append(f"it ended in {output['ename']}: {output['evalue'][:200]}")
    if output.get("name") == "stderr":
        found.append(f"it wrote a warning: {text_of(output['text'])[:200]!r}")
    words = BASE64.sub("base64,", json.dumps({key: output.get(key) for key in ("text", "data", "traceback")}))
    path = OWN_PATHS.search(words)
    if path:
        found.append(f"its output names a folder of this machine: …{words[max(0, path.start() - 40):path.end() + 60]}…")
    found += [f"a line of a table in its output has {len(line)} characters, and {MAX_TABLE} are allowed: {line.strip()[:60]}…"
              for line in printed(output).splitlines() if len(line) > MAX_TABLE and COLUMNS.search(line)]
    data = output.get("data", {})
    if WIDGET_VIEW in data and "text/html" not in data:
        found.append("its widget has no twin for viewers without widgets: run `make notebooks`, which gives it one.")
    if "<img" in text_of(data.get("text/html", "")) and WIDGET_VIEW not in data and "image/png" not in data:
        found.append("its picture is HTML only: show it with bert_parts.visualize.show(figure, alt), which gives a PNG as well.")
    if re.search(r"<[\w.]+ object( at 0x\w+)?>", text_of(data.get("text/plain", ""))):
        found.append("it has no words for viewers without HTML: show it as bert_parts.visualize.Picture(html, words).")
    if "image/png" in data and not alt_of(output["metadata"]):
        found.append("its picture has no alt text: show it with bert_parts.visualize.show(figure, alt).")
    if "text/html" in data and images_without_alt(text_of(data["text/html"])):
        found.append("an <img> in its output has no alt text.")
    return found


def printed(output: dict) -> str:
    """What an output shows as plain text: nothing where HTML, a picture or a widget stands for it."""
    data = output.get("data", {})
    return text_of(output.get("text", "")) or (text_of(data["text/plain"]) if set(data) == {"text/plain"} else "")


def alt_of(metadata: dict) -> str:
    """A picture's alt text. Only nbconvert's classic pages show it; JupyterLab 4.6 needs an <img alt> of our own."""
    return (metadata.get("image/png", {}).get("alt") or metadata.get("alt") or "").strip()


class Images(HTMLParser):
    """Counts the images that say nothing to who cannot see them."""

    def __init__(self):
        super().__init__()
        self.silent = 0

    def handle_starttag(self, tag, attributes):
        if tag == "img" and not (dict(attributes).get("alt") or "").strip():
            self.silent += 1


def images_without_alt(html: str) -> int:
    parser = Images()
    parser.feed(html)
    return parser.silent
