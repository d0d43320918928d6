"""The course open in JupyterLab."""

import json
import os
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

from jupyter_core.paths import jupyter_runtime_dir

START = "notebooks/00_start_here.ipynb"
SETTINGS = Path(__file__).resolve().parent / "jupyter"
# Threads of torch that wait for one another sleep: where two notebooks train at once, those that spin take the time of those that
# work.
WAITING = {"OMP_WAIT_POLICY": "PASSIVE"}


def command(folder: Path, arguments: list[str], environment: dict[str, str], system: str, is_root: bool) -> list[str]:
    """The command line for JupyterLab on this machine, with the course in this folder."""
    options = [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{START}"]
    if not has_screen(environment, system):
        options.append("--no-browser")     # it prints the address
    if is_root:
        options.append("--allow-root")     # in a container
    return [sys.executable, "-m", "jupyterlab", *options, *arguments]


def has_screen(environment: dict[str, str], system: str) -> bool:
    return bool(system != "linux" or environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def open_lab(folder: Path, arguments: list[str], environment: dict[str, str]):
    """Become JupyterLab. SETTINGS turn off its news and its search for updates and extensions, so that nothing leaves this
    machine, and turn on encryption between it and its kernels, which would otherwise warn that there is none. Beside them lies
    an extension, for what JupyterLab has no setting for. A user's own folders with settings and extensions stay in use.
    """
    environment = WAITING | environment | {name: os.pathsep.join(filter(None, [str(SETTINGS), environment.get(name)]))
                                           for name in ("JUPYTER_CONFIG_PATH", "JUPYTER_PATH")}
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    line = command(folder, arguments, environment, sys.platform, is_root)
    if os.name == "posix":
        os.execve(line[0], line, environment)
    try:
        sys.exit(subprocess.call(line, env=environment, cwd=folder))
    except KeyboardInterrupt:
        sys.exit(0)


def address_of(folder: Path) -> str | None:
    """The address, with its token, of this user's Jupyter server that has the folder open; None if there is none."""
    for file in sorted(Path(jupyter_runtime_dir()).glob("jpserver-*.json")):     # each server writes one, and removes it at its end
        with suppress(OSError, ValueError, KeyError):
            server = json.loads(file.read_text(encoding="utf-8"))
            if Path(server["root_dir"]) == folder and answers(server["url"], server["token"]):
                return f"{server['url']}lab/tree/{START}?token={server['token']}"
    return None


def answers(address: str, token: str) -> bool:
    """Whether a server that knows this token is there. It is on this machine, so no proxy is asked."""
    request = urllib.request.Request(f"{address}api/status", headers={"Authorization": f"token {token}"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5) as page:
        return page.status == 200
