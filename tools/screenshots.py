"""Take the README's pictures anew, of the site and of JupyterLab as a learner has it: `make screenshots`.

    python -m tools.screenshots [site] [lab] [phone]

It needs Chromium, and the site in build/site/html, which `make site` makes. The pictures go into docs/screenshots.
"""

import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import serving
from tests.browser.looking import cell, press
from tools.notebook_rules import ROOT

FOLDER = ROOT / "docs" / "screenshots"
LARGEST = 250_000     # bytes of a picture
MISTAKEN = """\
def attention_weights(query, key, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.softmax(dim=-2)
"""
PATIENCE = 240     # seconds: the machine may be busy
expect.set_options(timeout=1000 * PATIENCE)


def main():
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as play, serving.site() as address:
        browser = serving.launched(play)
        for name in sys.argv[1:] or PICTURES:
            PICTURES[name](browser, address)
        browser.close()


def keep(page: Page, name: str, **options):
    """A picture of the page, in 256 colours."""
    picture = Image.open(io.BytesIO(page.screenshot(**options))).convert("RGB")
    path = FOLDER / f"{name}.png"
    picture.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {picture.width} × {picture.height}, {size:,} bytes")
    assert size <= LARGEST


# ── the site ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def site(browser: Browser, address: str):
    """The first page, where it has read a sentence."""
    page = opened(browser, f"{address}/index.html", "light", 1240, 940, 1.5)
    ask(page, "attention", "The film was long, but it was worth the wait.")
    keep(page, "site")


def phone(browser: Browser, address: str):
    """The search in 07, on a telephone."""
    page = opened(browser, f"{address}/notebooks/07_real_weights.html", "light", 390, 844, 2)
    ask(page, "nearest", "take your children to see this")
    keep(page, "phone")


def opened(browser: Browser, address: str, theme: str, width: int, height: int, scale: float) -> Page:
    size = {"width": width, "height": height}
    page = browser.new_page(viewport=size, device_scale_factor=scale, color_scheme=theme, reduced_motion="reduce")
    page.goto(address)
    return page


def ask(page: Page, way: str, text: str):
    form = page.locator(f"form[data-way={way}]")
    form.evaluate("form => form.scrollIntoView()")
    form.get_by_role("textbox").fill(text)
    press(form.get_by_role("button"))
    expect(form.get_by_role("status")).to_contain_text("omputed here")
    form.get_by_role("button").click()     # once more: now it says how long it took
    expect(form.get_by_role("status")).to_contain_text("Computed here in")
    page.evaluate("document.activeElement.blur()")


# ── JupyterLab ───────────────────────────────────────────────────────────────────────────────────────────────────────


def lab(browser: Browser, address: str):
    """A first answer in 01, and what the check says of it."""
    with tempfile.TemporaryDirectory() as home, course(Path(home)) as first:
        page = opened(browser, first.replace("00_start_here", "01_attention"), "dark", 1100, 860, 1.5)
        expect(page.get_by_text("| Idle")).to_be_visible()
        run(page, "load_pretrained")
        cell(page, "def attention_weights").locator(".cm-content").fill(MISTAKEN)
        run(page, "def attention_weights")
        run(page, "check(attention_weights)")
        expect(cell(page, "check(attention_weights)").locator(".jp-OutputArea")).to_contain_text("softmax over queries")
        page.get_by_role("heading", name="Your turn: attention in four lines").evaluate("heading => heading.scrollIntoView()")
        page.evaluate("document.activeElement.blur()")
        keep(page, "lab")


@contextmanager
def course(home: Path) -> Iterator[str]:
    """The address of the course in a JupyterLab with its settings, in the dark theme, and nothing of this user's."""
    there = serving.environment(home) | {"HOME": str(home), "USERPROFILE": str(home)}
    serving.wear(home / "config", "Dark")
    with serving.course(cwd=home, env=there) as address:
        yield address


def run(page: Page, words: str):
    cell(page, words).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")


PICTURES = {"site": site, "lab": lab, "phone": phone}

if __name__ == "__main__":
    main()
