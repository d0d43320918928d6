"""The notebooks for who sees no colours, or no pictures, or has no mouse: looked at by axe, and one of them done by keys alone."""

import json
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator, Page, expect

from tools.notebook_rules import KERNELSPEC, code_cells, notebooks, source_of
from tools.widget_twins import WIDGET_VIEW

from .looking import VIEW, check_access, export, run_all, themes, views

expect.set_options(timeout=60_000)     # the machine may be busy
FIRST = notebooks()[0]
CELL = ".jp-Notebook .jp-Cell"


# ── looked at by axe ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_what_is_committed_can_be_read_by_all(page, tmp_path, path, theme):
    """As a page without widgets, whose twins are seen."""
    notebook = nbformat.read(path, as_version=4)
    for output in (output for cell in code_cells(notebook) for output in cell.outputs):
        output.get("data", {}).pop(WIDGET_VIEW, None)
    page.goto(export(notebook, tmp_path / "page.html", theme))
    check_access(page)


def widgets() -> set[str]:
    """What the notebooks import from ipywidgets."""
    sources = [source_of(cell) for path in notebooks() for cell in code_cells(json.loads(path.read_text(encoding="utf-8")))]
    found = [names for source in sources for names in re.findall(r"^from ipywidgets import (.+)$", source, re.MULTILINE)]
    return {name for names in found for name in names.split(", ")}


CONTROLS = {
    "Text": 'Text("a gem", description="Sentence")',
    "Textarea": 'Textarea("a gem", description="Passage")',
    "BoundedIntText": 'BoundedIntText(2000, min=776, max=4000, step=4, description="size")',
}


def test_widgets_can_be_used_by_all(lab, page):
    """Each kind that a notebook has, in JupyterLab."""
    assert widgets() - {"Layout", "Output", "VBox", "interact"} == CONTROLS.keys()
    cells = [new_code_cell(f"from ipywidgets import *\n{control}") for control in CONTROLS.values()]
    lab.add(new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC}), "widgets.ipynb")
    try:
        run_all(lab, page, "widgets.ipynb")
        expect(page.locator(".jp-OutputArea-output .jupyter-widgets")).to_have_count(len(CONTROLS))
        for _ in themes(page):
            check_access(page)
    finally:
        lab.tidy()


# ── done by keys alone ───────────────────────────────────────────────────────────────────────────────────────────────


class Keys:
    """Somebody at the keyboard: what is pressed goes to what has the focus. Only looking needs no keys."""

    def __init__(self, page: Page):
        self.page = page

    def press(self, *keys: str):
        for key in keys:
            self.page.keyboard.press(key)

    def has_focus(self, selector: str) -> bool:
        return self.page.evaluate("selector => document.activeElement.matches(selector)", selector)

    def reach(self, selector: str, key: str = "Tab"):
        """Press the key until the focus is there."""
        for _ in range(60):
            if self.has_focus(selector):
                return
            self.press(key)
        raise AssertionError(f"{key} does not lead to {selector}, but to " + self.page.evaluate("document.activeElement.outerHTML"))

    def active(self):
        return self.page.locator(".jp-Cell.jp-mod-active")

    def run(self):
        """Run the active cell, go on to the next, and give what the cell shows."""
        index = int(self.active().get_attribute("data-windowed-list-index"))
        cell = self.page.locator(".jp-Cell").nth(index)
        self.press("Shift+Enter")
        if "jp-CodeCell" in cell.get_attribute("class"):
            expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]"))
        return cell

    def run_down_to(self, words: str):
        """Run cells until the active one is code with these words."""
        code = self.page.locator(".jp-CodeCell.jp-mod-active").filter(has_text=words)
        while not code.count():
            self.run()

    def write(self, code: str):
        """Write the active cell anew. The editor indents as far as the line above, and closes brackets, which one types over."""
        self.press("Enter", "Control+a", "Delete")
        indented = False
        for number, line in enumerate(code.splitlines()):
            if number:
                self.press("Enter")
            if indented and not line.startswith(" "):
                self.press("Backspace")
            indented = line.startswith(" ")
            self.page.keyboard.type(line.strip())


ANSWER = """\
def mean_pooling(hidden, attention_mask):
    real = attention_mask[..., None].to(hidden.dtype)
    return (hidden * real).sum(dim=1) / real.sum(dim=1)
"""


def test_a_whole_notebook_is_done_by_keys_alone(lab, page):
    lab.add(nbformat.read(FIRST, as_version=4), FIRST.name)
    try:
        page.goto(f"{lab.address}/doc/tree/{FIRST.name}?reset&token={lab.token}")
        expect(page.get_by_text("| Idle")).to_be_visible()
        do_by_keys(Keys(page))
    finally:
        lab.tidy()


def do_by_keys(keys: Keys):
    keys.reach(CELL)
    keys.run_down_to("head_view(maps, tokens")
    explore(keys, keys.run())
    keys.run_down_to("VBox([box, found])")
    search(keys, keys.run())
    keys.run_down_to("def mean_pooling")
    expect(keys.run()).to_contain_text("✗ not yet")
    keys.press("ArrowUp")
    keys.write(f"{ANSWER}check(mean_pooling)")
    expect(keys.run()).to_contain_text("✓ right")
    keys.run_down_to("progress()")
    expect(keys.run()).to_contain_text("1 of ")
    keys.run_down_to("quiz(")
    answer_questions(keys, keys.run())


def explore(keys: Keys, cell: Locator):
    """A word of the view above is chosen, and said."""
    (frame,) = views(keys.page)
    said = "document.activeElement.ariaLabel || ''"
    keys.reach(VIEW, "Shift+Tab")
    while " looks at " not in frame.evaluate(said):     # the words looked at come first on the way back
        keys.press("Shift+Tab")
    keys.press(*["ArrowDown"] * 7)
    assert frame.evaluate(said).startswith("its looks at film 0.")
    keys.reach(CELL)


def search(keys: Keys, cell: Locator):
    keys.reach("input[type=text]", "Shift+Tab")
    keys.press("Control+a")
    keys.page.keyboard.type("what a dull film")
    keys.press("Enter")
    expect(cell).to_contain_text("“what a dull film”")
    keys.reach(CELL, "Shift+Tab")
    keys.press("ArrowDown")


def answer_questions(keys: Keys, cell: Locator):
    keys.reach("summary", "Shift+Tab")
    keys.press("Enter")
    expect(cell.locator("details[open]")).to_have_text(re.compile("[✓✗] (Yes|No)"))
