"""A real JupyterLab on this machine, and a browser that looks at it. Needs Playwright and a Chromium; else it skips."""

import importlib.util
import json
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest

from .serving import ROOT, environment, launched, running, site

# Without the browser's packages there is nothing to collect here.
NEEDED = ("playwright", "axe_playwright_python", "jupyterlab")
collect_ignore_glob = [] if all(map(importlib.util.find_spec, NEEDED)) else ["test_*.py"]

RESULTS = ROOT / "test-results"     # screenshots, for people; ignored by git
HERE = {"127.0.0.1", "localhost"}

SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
    "docmanager-extension/plugin": {"autosave": False},
    # Cells out of sight are drawn too, so that they can be counted, checked and photographed.
    "notebook-extension/tracker": {"windowingMode": "none"},
}


def pytest_addoption(parser):
    parser.addoption("--all-notebooks", action="store_true", help="run every notebook, not only those that everyone opens")
    parser.addoption("--learner", metavar="PYTHON", help="a Python with the wheel installed, for the command bert-parts")


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its address, and the folders that it serves, reads settings from and keeps parts in."""

    address: str
    token: str
    root: Path
    settings: Path
    parts: Path

    def add(self, notebook: nbformat.NotebookNode, name: str):
        """Put a notebook into the served folder as a learner first meets it on the first run: without outputs."""
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, self.root / name)

    def set(self, plugin: str, values: dict):
        file = self.settings / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))

    def call(self, path: str, method: str = "GET"):
        request = urllib.request.Request(
            f"{self.address}/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def tidy(self):
        """Stop the kernels and forget which exercises were solved."""
        for session in self.call("api/sessions"):
            self.call(f"api/sessions/{session['id']}", "DELETE")
        shutil.rmtree(self.parts, ignore_errors=True)


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """JupyterLab with a folder of its own: nothing in the repository is written to."""
    home = tmp_path_factory.mktemp("lab")
    root, settings = home / "root", home / "settings"
    root.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    lab = Lab(f"http://127.0.0.1:{port}", secrets.token_hex(16), root, settings, home / "my_parts")
    for plugin, values in SETTINGS.items():
        lab.set(plugin, values)
    with running(command(lab, port), home / "log.txt", env=environment(home), cwd=root) as server:
        wait_for(server, lab, home / "log.txt")
        yield lab
        lab.tidy()


def command(lab: Lab, port: int) -> list[str]:
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": lab.root,
        "ServerApp.allow_root": True,
        "ServerApp.open_browser": False,
        "IdentityProvider.token": lab.token,
        "LabApp.user_settings_dir": lab.settings,
        "LabApp.workspaces_dir": lab.settings.parent / "workspaces",
        "LabApp.extension_manager": "readonly",                                             # else it asks the network
        "LabApp.check_for_updates_class": "jupyterlab.handlers.announcements.NeverCheckForUpdate",
        "LabApp.news_url": None,
        "LabApp.expose_app_in_browser": True,                                               # as jupyterapp
    }
    return [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]


def wait_for(server: subprocess.Popen, lab: Lab, log: Path):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            return lab.call("api/status")
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def browser():
    import playwright.sync_api as playwright

    with playwright.sync_playwright() as play:
        try:
            browser = launched(play)
        except playwright.Error as error:
            pytest.skip(f"No Chromium to test with: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address():
    """The site's."""
    with site() as address:
        yield address


TO_TOP = "element => { for (let e = element; e; e = e.parentElement) e.scrollTop = 0; }"
# Chromium paints a frame that comes into sight a little later: wait for that, but not for ever if it stays out of sight.
PAINTED = """
() => Promise.race([
  new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))),
  new Promise(done => setTimeout(done, 2000)),
])
"""


class Watch:
    """What a page asked for and complained about."""

    def __init__(self, page):
        self.requests, self.complaints = [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def strangers(self) -> list[str]:
        """The addresses that lie outside this machine."""
        local = ("data", "blob", "about", "file")
        addresses = [urlsplit(url) for url in self.requests]
        return [url.geturl() for url in addresses if url.scheme not in local and url.hostname not in HERE]


@pytest.fixture
def page(browser):
    """A fresh page with nothing remembered, whose requests and complaints are written down in page.watch."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.watch = Watch(page)
    yield page
    context.close()


@pytest.fixture
def photograph(page):
    """photograph(name, selector): the whole of it in a wide, a narrow and a telephone's window, under test-results/."""

    def take(name: str, selector: str = "body"):
        RESULTS.mkdir(exist_ok=True)
        for width in (1400, 900, 390):
            page.set_viewport_size({"width": width, "height": 900})
            height = page.locator(selector).first.evaluate("element => element.scrollHeight")
            height = min(max(height + 120, 900), 16_000)     # JupyterLab's page is as high as its window; Chromium allows 16,384
            page.set_viewport_size({"width": width, "height": height})
            page.locator(selector).first.evaluate(TO_TOP)
            for frame in page.frames:
                frame.evaluate(PAINTED)
            page.screenshot(path=RESULTS / f"{name}-{width}.png")
        page.set_viewport_size({"width": 1400, "height": 900})

    return take
