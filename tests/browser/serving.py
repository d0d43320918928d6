"""What a browser looks at, served on this machine: the site, and the course in JupyterLab as a learner has it. And the browser."""

import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
SITE = ROOT / "build" / "site" / "html"     # `make site` makes it
START_SECONDS = 240     # the machine may be busy

# Chromium asks its maker for updates and lists when it starts; a test that allows no request must not start that.
CHROMIUM = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]
COMMAND = "from bert_parts_course.command import main; main()"
ADDRESS = re.compile(r"http://localhost:\d+/lab/tree/notebooks/00_start_here\.ipynb\?token=\w+")


def launched(play):
    """Chromium: the system's if there is one, else Playwright's own."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return play.chromium.launch(executable_path=found, args=CHROMIUM)


@contextmanager
def site() -> Iterator[str]:
    """The site's address, in a folder of its server, as on GitHub Pages."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words):
            pass

        def translate_path(self, path):
            return super().translate_path(path.removeprefix("/bert_parts"))

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/bert_parts"
    finally:
        server.shutdown()
        server.server_close()


def environment(home: Path) -> dict[str, str]:
    """Variables with which Jupyter keeps all that it writes in this folder, and finds nothing of this user's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    return kept | {
        "BERT_PARTS_HOME": str(home / "my_parts"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    }


@contextmanager
def running(line: list, log: Path, **surroundings) -> Iterator[subprocess.Popen]:
    """A program that says what it has to say into a file, and is ended at the end."""
    with open(log, "w", encoding="utf-8") as file:
        server = subprocess.Popen(line, **surroundings, stdout=file, stderr=file)
    try:
        yield server
    finally:
        server.terminate()
        try:
            server.wait(timeout=60)
        except subprocess.TimeoutExpired:
            server.kill()


@contextmanager
def course(python: str = sys.executable, **surroundings) -> Iterator[str]:
    """The address that `bert-parts` gives while it serves the course. Surroundings are its folder (cwd) and variables (env)."""
    log = surroundings["cwd"] / "log.txt"
    with running([python, "-c", COMMAND, "--no-browser"], log, **surroundings) as server:
        deadline = time.monotonic() + START_SECONDS
        while not (found := ADDRESS.search(log.read_text())) and server.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
        assert found, log.read_text()[-2000:]
        yield found[0]


def wear(config: Path, theme: str):
    """Choose "Light" or "Dark" in JupyterLab's own settings, as a user does."""
    file = config / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings"
    file.parent.mkdir(parents=True)
    file.write_text(f'{{"theme": "JupyterLab {theme}"}}', encoding="utf-8")
