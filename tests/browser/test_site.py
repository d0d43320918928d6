"""The site, made by `make site`, in a real browser: whether it asks for anything elsewhere, reads well, and leads where it says."""

import functools
import gzip
import re
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from .looking import VIEW, check_views
from .serving import ROOT, SITE

pytestmark = pytest.mark.skipif(not (SITE / "index.html").exists(), reason="make site makes what is looked at here")

FIVE = ("index.html", "notebooks/01_attention.html", "notebooks/03_tokenizer.html", "teachers.html", "api/attention.html")
LINK = re.compile(r'<(?:a|img|script|link|iframe)\s[^>]*?(?:href|src)="([^"]*)"')
KB = 1000


def pages() -> list[str]:
    found = (path.relative_to(SITE) for path in SITE.rglob("*.html"))
    return sorted(path.as_posix() for path in found if path.parts[0] != "_static")


def open_page(page, address: str, name: str, theme: str = "light"):
    page.emulate_media(color_scheme=theme)
    page.goto(f"{address}/{name}", wait_until="networkidle")
    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")     # before it Chromium drops clicks


# ── without a browser ────────────────────────────────────────────────────────────────────────────────────────────────


@functools.cache
def parsed(name: str) -> tuple[list[str], set[str]]:
    """What a page links to, and the anchors that it has. What stands inside the views' frames is theirs."""
    text = re.sub(r'srcdoc="[^"]*"', "", (SITE / name).read_text(encoding="utf-8"))
    return LINK.findall(text), set(re.findall(r'\s(?:id|name)="([^"]+)"', text))


def test_no_link_within_the_site_is_broken():
    broken = []
    for name in pages():
        for link in parsed(name)[0]:
            if urlsplit(link).scheme or link.startswith("//"):
                continue
            path, _, anchor = urljoin(name, link.replace("&amp;", "&")).partition("#")
            path = unquote(path.partition("?")[0])
            is_page = path.endswith(".html")
            if not (SITE / path).is_file() or (anchor and is_page and anchor not in parsed(path)[1]):
                broken.append(f"{name}: {link}")
    assert not broken, "\n".join(broken)


def test_a_name_of_code_leads_to_the_package_but_no_exercise_to_its_solution():
    links = parsed("notebooks/03_tokenizer.html")[0]
    assert "../api/wordpiece.html#bert_parts.wordpiece.joined" in links
    assert "../api/wordpiece.html#bert_parts.wordpiece.best_pair" not in links     # which is written there
    assert any("#bert_parts.attention.MultiHeadAttention" in link for link in parsed("notebooks/05_encoder.html")[0])


def test_every_notebook_is_there_as_it_is_committed():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert (SITE / "_sources" / "notebooks" / path.name).read_bytes() == path.read_bytes()


def test_every_lesson_can_be_run_elsewhere_or_downloaded_and_leads_on_and_back():
    lessons = sorted(path.name for path in (SITE / "notebooks").glob("*.html"))
    committed = sorted((ROOT / "notebooks").glob("*.ipynb"))
    assert [path.stem for path in committed] == [name.removesuffix(".html") for name in lessons]
    for place, name in enumerate(lessons):
        text = (SITE / "notebooks" / name).read_text(encoding="utf-8")
        (buttons,) = re.findall(r'<p class="run">(.*?)</p>', text, re.DOTALL)
        notebook = committed[place].name
        assert re.search(rf'href="https://mybinder\.org/[^"]*notebooks/{notebook}" class="on-wide">Run on Binder', buttons)
        assert re.search(rf'href="https://colab\.research\.google\.com/[^"]*notebooks/{notebook}">Run on Colab', buttons)
        assert f'href="../_sources/notebooks/{notebook}" download>Download' in buttons
        leads = re.findall(r'<a class="(left-prev|right-next)"\s+href="([^"]+)"', text)
        back = lessons[place - 1] if place else "../index.html"
        on = lessons[place + 1] if place + 1 < len(lessons) else "../glossary.html"
        assert leads == [("left-prev", back), ("right-next", on)], name


def test_what_runs_bert_in_the_page_is_asked_for_where_it_stands_alone():
    texts = {name: (SITE / name).read_text(encoding="utf-8") for name in pages()}
    there = {"index.html", "notebooks/01_attention.html", "notebooks/07_real_weights.html", "notebooks/08_pretraining.html"}
    assert {name for name, text in texts.items() if 'class="try"' in text} == there
    assert {name for name, text in texts.items() if "_static/try/" in text} == there


def test_the_first_page_is_small(address, page):
    """What is sent for it, packed as GitHub Pages packs it (gzip; pictures and fonts are packed already)."""
    open_page(page, address, "index.html")
    files = {unquote(urlsplit(url).path).removeprefix("/bert_parts/") for url in page.watch.requests}
    sizes = {name: size_sent(SITE / name) for name in files}
    assert sum(sizes.values()) <= 500 * KB, sizes
    assert "index.html" in files and len(files) > 10


def size_sent(path: Path) -> int:
    content = path.read_bytes()
    return len(gzip.compress(content)) if path.suffix in (".html", ".css", ".js", ".svg") else len(content)


# ── in it ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", [name for name in pages() if not name.startswith("_modules")])
def test_a_page_asks_for_nothing_elsewhere_and_fits_a_telephone(address, page, name):
    page.set_viewport_size({"width": 390, "height": 900})
    open_page(page, address, name)
    assert page.watch.strangers() == []
    assert page.watch.complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    text = page.locator("article.bd-article p").first
    assert not text.count() or text.bounding_box()["width"] >= 340


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", FIVE)
def test_axe_finds_nothing_serious(address, page, name, theme):
    open_page(page, address, name, theme)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [(rule, node) for rule in found for node in rule["nodes"] if rule["impact"] in ("serious", "critical")]
    faults = [f"{rule['id']} ({rule['impact']}): {node['html'][:200]} {node['failureSummary']}" for rule, node in serious]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", ["index.html", "notebooks/01_attention.html"])
def test_views_of_attention_are_alive(address, page, name):
    open_page(page, address, name)
    assert page.locator(VIEW).count() > 0
    check_views(page)


def test_formulas_are_set(address, page):
    open_page(page, address, "notebooks/01_attention.html")
    assert page.locator("mjx-container").count() >= 5
    assert page.locator("mjx-assistive-mml").count() == page.locator("mjx-container").count()
    assert page.locator("mjx-merror").count() == 0


def test_a_term_leads_to_the_glossary_and_a_lesson_to_the_next(address, page):
    open_page(page, address, "notebooks/01_attention.html")
    page.get_by_role("link", name="softmax").first.click()
    expect(page).to_have_url(re.compile(r"/glossary\.html#term-softmax$"))
    page.go_back()
    page.get_by_role("link", name=re.compile("next", re.I)).click()
    expect(page).to_have_url(re.compile(r"/notebooks/02_transformer\.html$"))


@pytest.mark.parametrize(("width", "view"), [(390, "doc"), (1400, "lab")])
def test_the_way_to_binder_fits_the_window(address, page, width, view):
    page.set_viewport_size({"width": width, "height": 800})
    open_page(page, address, "notebooks/01_attention.html")
    shown = page.get_by_role("link", name="Run on Binder")     # what is hidden has no role
    expect(shown).to_have_count(1)
    expect(shown).to_have_attribute("href", re.compile(rf"urlpath={view}/tree/notebooks/01_attention\.ipynb$"))


def test_a_lesson_is_marked_once_it_was_read_to_its_end(address, page):
    marked = page.locator(".bd-sidebar-primary a.read")
    open_page(page, address, "notebooks/00_start_here.html")
    expect(marked).to_have_count(0)
    page.locator(".prev-next-footer").scroll_into_view_if_needed()
    expect(marked).to_have_text(["0 · Start here"])
    open_page(page, address, "index.html")
    expect(marked).to_have_text(["0 · Start here"])


def test_search_finds_a_lesson(address, page):
    open_page(page, address, "index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("padding mask")
    page.keyboard.press("Enter")
    page.get_by_role("link", name=re.compile("1 · Attention")).first.click()
    expect(page).to_have_url(re.compile(r"/notebooks/01_attention\.html"))
    assert page.watch.strangers() == []


def test_the_button_changes_the_theme(address, page):
    open_page(page, address, "index.html")
    page.get_by_role("button", name="Color mode").click()
    page.get_by_role("button", name="Dark", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index.html", "notebooks/00_start_here.html", "api/attention.html"])
def test_screenshots_for_people(address, page, photograph, name, theme):
    open_page(page, address, name, theme)
    photograph(f"site-{Path(name).stem}-{theme}")
