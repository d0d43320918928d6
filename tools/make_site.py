"""Make the site: the course as pages, from the notebooks as they are committed and from docs/site, into build/site/html.

    python -m tools.make_site             make what has changed; a warning is an error
    python -m tools.make_site --fresh     make all of it anew

Nothing is run, and nothing is asked for on the network.
"""

import argparse
import re
import shutil
import sys
from pathlib import Path

import pydata_sphinx_theme
from fontTools.subset import main as subset
from sphinx.cmd.build import build_main

from tools.site_text import ROOT, api_page, api_text, modules, pages

BUILD = ROOT / "build" / "site"
SETTINGS = ROOT / "docs" / "site"
THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier call has made")
    options = parser.parse_args()
    if options.fresh:
        shutil.rmtree(BUILD, ignore_errors=True)
    collect(BUILD / "source")
    folders = [str(BUILD / name) for name in ("source", "html")]
    failed = build_main(["-q", "-n", "-W", "--keep-going", "-b", "html", "-c", str(SETTINGS), "-d", str(BUILD / "read"), *folders])
    if failed:
        sys.exit("The site was not made: see the lines above.")
    slim(BUILD / "html")
    print(f"The site is in {BUILD.relative_to(ROOT)}/html: open index.html there.")


def collect(folder: Path):
    """All that becomes a page, in one folder: a file that has not changed is left alone, one that is gone goes."""
    wanted = {folder / api_page(name): api_text(name).encode() for name in modules()}
    wanted |= {folder / page: (ROOT / name).read_bytes() for name, page in pages().items() if name not in modules()}
    for path in set(folder.rglob("*.*")) - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        if not path.exists() or path.read_bytes() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)


def slim(site: Path):
    """The theme brings two megabytes of signs, of which it shows some twenty: those stay, in its fonts."""
    shown, script = set(), re.compile(r"<script[^>]*/fontawesome\.js[^>]*></script>")
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        shown.update(re.findall(r"\bfa-[a-z-]+", text))
        if script.search(text):
            page.write_text(script.sub("", text), encoding="utf-8")
    styles = (site / "_static" / "styles" / "pydata-sphinx-theme.css").read_text(encoding="utf-8")
    rules = re.findall(r'([^{}]+)\{--fa:\s*"\\([0-9a-f]+) ?"\}', styles)
    signs = [sign for selectors, sign in rules if shown & set(re.findall(r"fa-[a-z-]+", selectors))]
    for font in THEME.glob("vendor/fontawesome/webfonts/*.woff2"):
        place = site / "_static" / font.relative_to(THEME)
        subset([str(font), f"--unicodes={','.join(signs)}", "--flavor=woff2", f"--output-file={place}"])
    (site / "_static" / "scripts" / "fontawesome.js").unlink(missing_ok=True)


if __name__ == "__main__":
    main()
