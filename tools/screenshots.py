"""Take the README's pictures anew, of the site and of JupyterLab as a learner has it: `make screenshots`.

    python -m tools.screenshots [site] [lab] [phone]

It needs Chromium, and the site in build/site/html, which `make site` makes. The pictures go into docs/screenshots.
"""

import functools
import http.server
import io
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.looking import cell
from tools.notebook_rules import ROOT

SITE = ROOT / "build" / "site" / "html"
FOLDER = ROOT / "docs" / "screenshots"
LARGEST = 250_000     # bytes of a picture
OPEN_LAB = """
import os, sys
from pathlib import Path
from bert_parts_course.lab import open_lab
open_lab(Path(sys.argv[1]), sys.argv[2:], dict(os.environ))
"""
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
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as play, serve_site() as address:
        browser = play.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
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


@contextmanager
def serve_site() -> Iterator[str]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


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
    form.get_by_role("button").click()
    expect(form.get_by_role("status")).to_contain_text("omputed here")
    form.get_by_role("button").click()     # once more: now it says how long it took
    expect(form.get_by_role("status")).to_contain_text("Computed here in")
    page.evaluate("document.activeElement.blur()")


# ── JupyterLab ───────────────────────────────────────────────────────────────────────────────────────────────────────


def lab(browser: Browser, address: str):
    """A first answer in 01, and what the check says of it."""
    with tempfile.TemporaryDirectory() as home, serve_course(Path(home)) as course:
        page = opened(browser, course, "dark", 1100, 860, 1.5)
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
def serve_course(home: Path) -> Iterator[str]:
    """The address of 01 in a JupyterLab with the course's settings, a copy of its notebooks, and nothing of this user's."""
    shutil.copytree(ROOT / "notebooks", home / "course" / "notebooks")
    themes = home / "config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings"
    themes.parent.mkdir(parents=True)
    themes.write_text('{"theme": "JupyterLab Dark"}', encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    options = ["--no-browser", f"--ServerApp.port={port}", f"--IdentityProvider.token={token}"]
    surroundings = os.environ | {
        "BERT_PARTS_HOME": str(home / "my_parts"), "JUPYTER_CONFIG_DIR": str(home / "config"), "PYTHONPATH": str(ROOT),
        "JUPYTER_DATA_DIR": str(home / "data"), "JUPYTER_RUNTIME_DIR": str(home / "run"), "IPYTHONDIR": str(home / "ipython"),
    }
    line = [sys.executable, "-c", OPEN_LAB, str(home / "course"), *options]
    with open(home / "log.txt", "w", encoding="utf-8") as log:
        server = subprocess.Popen(line, env=surroundings, stdout=log, stderr=log)
    try:
        wait_for(server, f"http://127.0.0.1:{port}/api?token={token}")
        yield f"http://127.0.0.1:{port}/lab/tree/notebooks/01_attention.ipynb?token={token}"
    finally:
        server.terminate()
        server.wait(timeout=60)


def wait_for(server: subprocess.Popen, address: str):
    deadline = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(OSError):     # nobody is there, or is too busy
            return urlopen(address, timeout=5).close()
        time.sleep(0.2)
    sys.exit("JupyterLab did not start.")


def run(page: Page, words: str):
    cell(page, words).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")


PICTURES = {"site": site, "lab": lab, "phone": phone}

if __name__ == "__main__":
    main()
