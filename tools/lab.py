"""Open the course in JupyterLab. What is given on the command line goes on to JupyterLab (--no-browser, --port=9999)."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START = "notebooks/00_start_here.ipynb"


def command(arguments: list[str], environment: dict[str, str], system: str, is_root: bool) -> list[str]:
    """The command line for JupyterLab on this machine."""
    options = [f"--ServerApp.root_dir={ROOT}", f"--LabApp.default_url=/lab/tree/{START}"]
    has_screen = system != "linux" or environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    if not has_screen:
        options.append("--no-browser")     # it prints the address
    if is_root:
        options.append("--allow-root")     # in a container
    return [sys.executable, "-m", "jupyterlab", *options, *arguments]


def main():
    # tools/jupyter turns off JupyterLab's news and its search for updates and extensions, so that nothing leaves this
    # machine, and turns on encryption between it and its kernels, which would otherwise warn that there is none.
    settings = [str(ROOT / "tools" / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH")]
    environment = os.environ | {"JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, settings))}
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    line = command(sys.argv[1:], environment, sys.platform, is_root)
    if os.name == "posix":
        os.execve(line[0], line, environment)
    try:
        sys.exit(subprocess.call(line, env=environment, cwd=ROOT))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
