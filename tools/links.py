"""Name the project's place anew, wherever it is named: `make links REPO=owner/name BRANCH=main`.

Where it is now says pyproject.toml, in one line. From that the site makes its links; files that cannot ask, such as the README with
its badge, have the name written in, and this writes another.
"""

import argparse
import re
import subprocess
from pathlib import Path

from tools.console import print_anything
from tools.site_text import ROOT, repository

# Where a name of ours stands behind: https://github.com/owner/name, and the addresses of what runs notebooks.
HOSTS = r"github\.com/|codespaces\.new/|mybinder\.org/v2/gh/|colab\.research\.google\.com/github/"


def main():
    print_anything()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repo", help="owner/name")
    parser.add_argument("branch")
    options = parser.parse_args()
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", options.repo):
        parser.error(f"REPO is {options.repo!r}, where owner/name is expected.")
    address, branch = repository()
    old = address.removeprefix("https://github.com/"), branch
    for path in files():
        text = path.read_bytes().decode(errors="surrogateescape")
        if (renamed := moved(text, old, (options.repo, options.branch))) != text:
            path.write_bytes(renamed.encode(errors="surrogateescape"))
            print(path.relative_to(ROOT))


def files() -> list[Path]:
    """All that git keeps."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def moved(text: str, old: tuple[str, str], new: tuple[str, str]) -> str:
    """The text with the new owner, name and branch in every address that had the old ones."""
    branch = rf"(?:(/(?:tree/|blob/|raw/)?){re.escape(old[1])}(?=[/?#\"')\s]|$))?"
    address = rf"({HOSTS}){re.escape(old[0])}(?![\w-]){branch}"
    return re.sub(address, lambda found: found[1] + new[0] + (found[2] + new[1] if found[2] else ""), text)


if __name__ == "__main__":
    main()
