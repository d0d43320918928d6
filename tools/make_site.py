"""Make the site: the course as pages, from the notebooks as they are committed and from docs/site, into build/site/html.

    python -m tools.make_site

It is made anew each time. A warning is an error. No notebook is run, and nothing is asked for on the network. What some
pages compute with is there before: tools/page_models.py makes it.
"""

import re
import shutil
import sys
from pathlib import Path

from fontTools.subset import main as subset
from sphinx.cmd.build import build_main

from tools.page_models import FOLDER as MODELS
from tools.site_text import ROOT, api_text, modules, pages, pictures

BUILD = ROOT / "build" / "site"
SETTINGS = ROOT / "docs" / "site"
BUTTON = '<summary aria-label="The pages of this chapter">'


def main():
    shutil.rmtree(BUILD, ignore_errors=True)
    collect(BUILD / "source")
    folders = [str(BUILD / name) for name in ("source", "html")]
    failed = build_main(["-q", "-n", "-W", "--keep-going", "-b", "html", "-c", str(SETTINGS), "-d", str(BUILD / "read"), *folders])
    if failed:
        sys.exit("The site was not made: see the lines above.")
    finish(BUILD / "html")
    shutil.copytree(MODELS, BUILD / "html" / "_static" / "try", dirs_exist_ok=True)
    print(f"The site is in {BUILD.relative_to(ROOT)}/html: open index.html there.")


def collect(folder: Path):
    """All that becomes a page, and the pictures, in one folder."""
    for name, page in pages().items():
        path = folder / page
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(api_text(name).encode() if name in modules() else (ROOT / name).read_bytes())
    for name in pictures():
        shutil.copyfile(ROOT / name, folder / name)


def finish(site: Path):
    """What the theme leaves to do: it brings two megabytes of signs, of which it shows some twenty, and a button without a name."""
    shown = set()
    for path in site.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        shown.update(re.findall(r"\bfa-[a-z-]+", page))
        page = re.sub(r"<script[^>]*/fontawesome\.js[^>]*></script>", "", page)
        path.write_text(page.replace("<summary><span class=\"toctree", f"{BUTTON}<span class=\"toctree"), encoding="utf-8")
    (site / "_static" / "scripts" / "fontawesome.js").unlink()
    keep_signs(site / "_static", shown)


def keep_signs(folder: Path, shown: set[str]):
    """The theme's fonts of signs, with those alone whose names are given."""
    styles = (folder / "styles" / "pydata-sphinx-theme.css").read_text(encoding="utf-8")
    rules = re.findall(r'([^{}]+)\{--fa:\s*"\\([0-9a-f]+) ?"\}', styles)
    signs = [sign for selectors, sign in rules if shown & set(re.findall(r"fa-[a-z-]+", selectors))]
    for font in folder.glob("vendor/fontawesome/webfonts/*.woff2"):
        subset([str(font), f"--unicodes={','.join(signs)}", "--flavor=woff2", f"--output-file={font}"])


if __name__ == "__main__":
    main()
