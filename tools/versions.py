"""Name the sites of releases, which stand beside the site, on its page "How to cite": python -m tools.versions build/site/html."""

import sys
from pathlib import Path

from packaging.version import Version

PLACE = '<p id="versions">{}</p>'
NONE = PLACE.format("No release has been made yet.")


def main():
    site = Path(sys.argv[1])
    page = site / "cite.html"
    text = page.read_text(encoding="utf-8")
    if NONE not in text:
        sys.exit(f"{page} has no place for versions, {NONE}")
    page.write_text(text.replace(NONE, PLACE.format(links(site)) if links(site) else NONE), encoding="utf-8")


def links(site: Path) -> str:
    """As HTML, to the site of each release, the newest first."""
    found = sorted((path.parent.name for path in site.glob("v*/index.html")), key=Version, reverse=True)
    return " ".join(f'<a href="{name}/index.html">{name}</a>' for name in found)


if __name__ == "__main__":
    main()
