"""Copies of the notebooks for Google Colab, each with a first cell that brings what Colab lacks.

    python -m tools.colab build/colab

A notebook cannot show a cell in one place only, and in JupyterLab, on Binder and on the site nobody should have to read past
that one. So the copies are apart: .github/workflows/colab.yml keeps them on a branch of their own, to which links to Colab lead.
They are the committed notebooks with their outputs; links to files lead to where the project is kept, and links between
notebooks stay within Colab.
"""

import argparse
import json
import posixpath
import re
from pathlib import Path

from tools.notebook_rules import ROOT, notebooks, source_of
from tools.site_text import COLAB_BRANCH, LINK, on_colab, repository

README = """# The notebooks for Google Colab

Made of the notebooks on the branch `{branch}` by `tools/colab.py`, and made anew with each change there: change nothing here.
Begin with [00 start here]({start}).
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the copies go")
    folder = parser.parse_args().folder
    (folder / "notebooks").mkdir(parents=True, exist_ok=True)
    for path in notebooks():
        text = for_colab(json.loads(path.read_text(encoding="utf-8")))
        (folder / "notebooks" / path.name).write_text(text, encoding="utf-8", newline="\n")
    readme = README.format(branch=repository()[1], start=on_colab(f"notebooks/{notebooks()[0].name}"))
    (folder / "README.md").write_text(readme, encoding="utf-8", newline="\n")
    print(f"{len(notebooks())} notebooks for the branch {COLAB_BRANCH} are in {folder}.")


def for_colab(notebook: dict) -> str:
    """A notebook with its first cell for Colab, as the text of a file."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = with_links(source_of(cell))
    notebook["cells"].insert(0, first_cell())
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def first_cell() -> dict:
    """Colab shows its title and the box to be ticked, not its code. It was not run, and has no number."""
    address, branch = repository()
    source = (
        '# @title Run this first: it brings to Colab what the course needs. {display-mode: "form"}\n'
        'keep_in_drive = True  # @param {type: "boolean"}\n'
        f"%pip install --quiet --no-deps {address}/archive/refs/heads/{branch}.zip\n"
        "from bert_parts_course.colab import begin\n\n"
        "begin(keep_in_drive)"
    )
    return {"cell_type": "code", "id": "for-colab", "metadata": {"cellView": "form"}, "source": source,
            "execution_count": None, "outputs": []}


def with_links(text: str) -> str:
    """Links as they must be where nothing lies beside the notebook."""
    address, branch = repository()

    def moved(found: re.Match) -> str:
        target = posixpath.normpath(f"notebooks/{found[1]}")
        if target.startswith("notebooks/") and target.endswith(".ipynb"):
            return on_colab(target) + (found[2] or "")
        kind = "tree" if (ROOT / target).is_dir() else "blob"
        return f"{address}/{kind}/{branch}/{target}{found[2] or ''}"

    return LINK.sub(moved, text)


if __name__ == "__main__":
    main()
