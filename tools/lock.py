"""Write constraints.txt: the exact version of everything that the requirements bring, on every system and Python.

It keeps the versions that are in constraints.txt already, as far as they fit; delete a line (or the file) to renew them.
"""

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "constraints.txt"
HEADER = "# Written by `make lock`: every version that requirements.txt and requirements-test.txt lead to.\n"
# What is for a browser without Python's own sockets is not for us.
LEFT_OUT = re.compile(r"sys_platform == 'emscripten'")


def requirements() -> str:
    """The direct requirements of both files, without the lines that are for pip alone."""
    lines = [line.split("#")[0].strip() for name in ("requirements.txt", "requirements-test.txt")
             for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("-"))


def tidy(line: str) -> str:
    """One line of the resolver as pip should read it."""
    line = line.split("+")[0] if line.startswith("torch==") else line
    return line.replace("sys_platform != 'emscripten' and ", "").replace(" ; sys_platform != 'emscripten'", "").strip()


def main():
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        binaries = Path(folder) / ("Scripts" if sys.platform == "win32" else "bin")
        subprocess.run([binaries / "python", "-m", "pip", "install", "--quiet", "uv"], check=True)
        (given := Path(folder) / "given.txt").write_text(requirements(), encoding="utf-8")
        found = Path(folder) / "found.txt"
        found.write_text(LOCK.read_text(encoding="utf-8") if LOCK.exists() else "", encoding="utf-8")
        subprocess.run([binaries / "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11",
                        "--no-header", "--no-annotate", "--output-file", found, given], check=True)
        lines = sorted(tidy(line) for line in found.read_text(encoding="utf-8").splitlines() if not LEFT_OUT.search(line))
    new = LOCK.with_suffix(".new")
    new.write_text(HEADER + "".join(f"{line}\n" for line in lines if not line.startswith("#")), encoding="utf-8")
    new.replace(LOCK)
    print(f"constraints.txt: {len(lines)} versions")


if __name__ == "__main__":
    main()
