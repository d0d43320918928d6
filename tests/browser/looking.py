"""What the browser tests do on a page, in words: run a notebook, try its views, read its outputs."""

from collections.abc import Iterator
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from playwright.sync_api import Frame, Page, expect

expect.set_options(timeout=60_000)     # the machine may be busy
VIEW = "iframe[title*='of attention']"
RAN = """
() => {
  const prompts = [...document.querySelectorAll(".jp-Notebook .jp-CodeCell")]
    .filter(cell => cell.querySelector(".cm-content").innerText.trim())
    .map(cell => cell.querySelector(".jp-InputPrompt").innerText);
  const failed = document.querySelector("[data-mime-type='application/vnd.jupyter.error']");
  return failed || (prompts.length && prompts.every(prompt => /\\[\\d+\\]/.test(prompt)));
}
"""
# What is ours; the rest of the page, and how links and code in a text look, is JupyterLab's, or nbconvert's.
OUTPUTS = {"include": [[".jp-OutputArea-output"]]}
TEXTS = {"include": [[".jp-MarkdownOutput"]], "exclude": [[".jp-MarkdownOutput pre"]]}
LINKS = "link-in-text-block"


def run_all(lab, page: Page, name: str, seconds: int = 300):
    """Open a notebook, choose Run → Run All Cells, and wait until all has run and every view is drawn."""
    page.goto(f"{lab.address}/doc/tree/{name}?reset&token={lab.token}")
    expect(page.get_by_text("| Idle")).to_be_visible()     # the kernel is up, says the status bar
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(RAN, timeout=1000 * seconds, polling=200)
    errors = page.locator("[data-mime-type='application/vnd.jupyter.error']")
    assert errors.all_inner_texts() == []
    views(page)


def themes(page: Page) -> Iterator[str]:
    """JupyterLab in the light, and then in the dark. No kernel knows which it is, so nothing has to run again."""
    for theme in ("Light", "Dark"):
        page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', { theme })", f"JupyterLab {theme}")
        expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "true" if theme == "Light" else "false")
        yield theme


def views(page: Page) -> list[Frame]:
    """bertviz's frames, each once its first lines are drawn."""
    frames = [handle.content_frame() for handle in page.locator(VIEW).element_handles()]
    for frame in frames:
        frame.wait_for_selector("svg line", state="attached")
    return frames


def check_views(page: Page):
    """Every view is drawn, answers a click, and fits its frame."""
    for frame in views(page):
        fits = frame.evaluate("document.documentElement.scrollHeight <= innerHeight")
        assert fits, "The view is cut off below."
        drawing, switch = frame.locator("svg"), frame.get_by_role("button").first
        switch.hover()     # which gives it another cursor
        before = drawing.inner_html()
        switch.click()
        assert drawing.inner_html() != before, "The view does not answer a click."
        switch.click()
        assert drawing.inner_html() == before, "A second click does not undo the first."


def cell(page: Page, words: str):
    """The first code cell with these words, brought into sight."""
    found = page.locator(".jp-CodeCell").filter(has_text=words).first
    found.scroll_into_view_if_needed()
    return found


def check_access(page: Page):
    """axe finds nothing serious in our texts and outputs, nor in the documents inside the views' frames."""
    faults = serious_faults(page, OUTPUTS)
    if page.locator(".jp-MarkdownOutput").count():
        faults += serious_faults(page, TEXTS, but=LINKS)
    for frame in views(page):
        faults += serious_faults(frame, None)
    assert not faults, "\n".join(faults)


def serious_faults(page: Page | Frame, context: dict | None = None, but: str = "") -> list[str]:
    """What axe calls serious or critical, in words; one rule can be left out."""
    found = Axe().run(page, context=context, options={"resultTypes": ["violations"], "iframes": False}).response["violations"]
    serious = [rule for rule in found if rule["impact"] in ("serious", "critical") and rule["id"] != but]
    return [f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}" for rule in serious for node in rule["nodes"]]


def export(notebook: NotebookNode, file: Path, theme: str = "light") -> str:
    """The address of a page that nbconvert makes of a notebook, less what its template fetches and we do not use."""
    exporter = HTMLExporter(theme=theme, require_js_url="", mathjax_url="", jquery_url="", mermaid_js_url="",
                            widget_renderer_url="")
    page, _ = exporter.from_notebook_node(notebook)
    file.write_text(page, encoding="utf-8")
    return file.as_uri()


def press(button):
    """Click it where it is seen. Of a page that has just been moved Chromium may still take the point for another frame's."""
    button.scroll_into_view_if_needed()
    button.evaluate("() => new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 100))")
    button.click()
