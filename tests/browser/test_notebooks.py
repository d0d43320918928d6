"""The notebooks as a learner meets them: opened in JupyterLab, run from the menu, in the light and in the dark."""

from pathlib import Path

import nbformat
import pytest

from .looking import check_access, check_views, run_all, themes

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def notebooks() -> list[Path]:
    """00 and 01, which everyone opens, and those whose metadata say {"bert_parts": {"browser": true}}."""
    found = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    return [path for path in found if path.name[:2] in ("00", "01") or opts_in(path)]


def opts_in(path: Path) -> bool:
    return bool(nbformat.read(path, as_version=4).metadata.get("bert_parts", {}).get("browser"))


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_a_notebook_runs_and_reads_well(lab, page, photograph, path):
    lab.add(nbformat.read(path, as_version=4), path.name)
    try:
        run_all(lab, page, path.name)
        for theme in themes(page):
            photograph(f"{path.stem}-{theme.lower()}", ".jp-WindowedPanel-viewport")
            check_views(page)
            check_access(page)
    finally:
        lab.tidy()
    assert page.watch.strangers() == []
    assert page.watch.complaints == []
