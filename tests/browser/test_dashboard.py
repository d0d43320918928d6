"""The dashboard in JupyterLab: by mouse and by keys, in the light and in the dark, on a wide and a narrow page."""

import re

from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect

from bert_parts.dashboard import VIEWS
from tools.notebook_rules import KERNELSPEC

from .looking import VIEW, check_access, run_all, themes, views

CELL = """
from bert_parts.dashboard import dashboard
from bert_parts.fill import mask_filler
dashboard(*mask_filler(), "The capital of France is [MASK].")
"""


def test_the_dashboard_answers(lab, page, photograph):
    lab.add(new_notebook(cells=[new_code_cell(CELL)], metadata={"kernelspec": KERNELSPEC}), "dashboard.ipynb")
    try:
        run_all(lab, page, "dashboard.ipynb")
        output = page.locator(".jp-OutputArea-child").first
        switch_heads(page, output)
        for theme in themes(page):
            photograph(f"dashboard-{theme.lower()}", ".jp-WindowedPanel-viewport")
            check_access(page)
        choose_views(page, output)
        type_sentences(page, output)
    finally:
        lab.tidy()
    assert page.watch.strangers() == []
    assert page.watch.complaints == []


def rows(output) -> list[list[str]]:
    """The answers: a word, and its probability with all heads, and without those that are off."""
    return [row.locator("td").all_inner_texts()[:-1] for row in output.locator("table tr").all()[1:]]


def switch_heads(page, output):
    expect(output).to_contain_text("with all heads")
    before = rows(output)
    assert [len(row) for row in before] == [2] * 5
    output.get_by_label("4.1", exact=True).click()
    expect(output).to_contain_text("without 4.1")
    output.get_by_label("4.1", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")     # the next head
    expect(output).to_contain_text("without 4.1, 4.2")
    after = rows(output)
    assert [row[:2] for row in after[:5]] == before and any(row[1] != row[2] for row in after)
    output.get_by_role("button", name="All heads on").press("Enter")
    expect(output).not_to_contain_text("without")
    assert rows(output) == before
    output.get_by_label("5.0", exact=True).press("Space")     # for the photographs
    expect(output).to_contain_text("without 5.0")


def choose_views(page, output):
    expect(output.get_by_role("img")).to_have_attribute("alt", says("layer 0, head 0"))
    output.get_by_label("Layer").select_option("4")
    output.get_by_label("Head", exact=True).select_option("2")
    expect(output.get_by_role("img")).to_have_attribute("alt", says("layer 4, head 2"))
    titles = ("Head view of attention: 6 layers", "Neuron view of attention: layer 4")
    for name, title in zip(list(VIEWS)[1:3], titles, strict=True):
        output.get_by_label("View").select_option(name)
        expect(page.locator(f"iframe[title^='{title}']")).to_have_count(1)
        (frame,) = views(page)
        assert frame.locator("svg line").count() > 50
    output.get_by_label("View").select_option("all heads")
    expect(page.locator(VIEW)).to_have_count(0)
    expect(output.get_by_role("img")).to_have_attribute("alt", says("Grid of 6 layers"))


def says(words: str) -> re.Pattern:
    """An alt text with these words."""
    return re.compile(re.escape(words))


def type_sentences(page, output):
    for text, answer in (
        ("She opened the [MASK].", "without 5.0"), ("She opened it.", "The text has 0 times [MASK]"), ("", "There is no text"),
        ("[MASK] " + "film " * 50, "shorten it"), ("The king and the [MASK].", "Grid of"),
    ):
        output.get_by_label("Sentence").focus()
        page.keyboard.press("Control+a")
        page.keyboard.press("Delete")
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        if answer == "Grid of":
            expect(output.get_by_role("img")).to_have_attribute("alt", says("the king and the [MASK]"))
        else:
            expect(output).to_contain_text(answer)
