"""Stop a release whose tag is not the version that the files name: `python tools/release.py v0.1`."""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def versions() -> dict[str, str]:
    """The version, in each file that names it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    places = {"CITATION.cff": r'^version: "(.+)"$', "docs/site/cite.md": r"^  version = \{(.+)\},$"}
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in places}
    return {"pyproject.toml": project["version"]} | {
        name: re.search(places[name], text, re.MULTILINE)[1] for name, text in texts.items()}


def problem(tag: str) -> str:
    """What is wrong with a tag, or an empty string."""
    others = [f"{name} {version}" for name, version in versions().items() if f"v{version}" != tag]
    return f"The tag is {tag}, and the version in {', in '.join(others)}." if others else ""


if __name__ == "__main__":
    sys.exit(problem(sys.argv[1]))
