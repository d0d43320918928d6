"""The notebooks as a learner meets them: opened in JupyterLab, run from the menu, in the light and in the dark.

Those that everyone opens are run by `make test-browser`, whole. With ALL=1 all the others are run, too, without the cells that
take long, which `make test` runs.
"""

from pathlib import Path

import nbformat
import pytest

from tools.notebook_rules import notebooks, tags

from .looking import check_access, check_views, run_all, themes

OPENED_BY_ALL = ("00_start_here", "01_attention")
SECONDS = 900     # for one notebook to run; the machine may be busy


def pytest_generate_tests(metafunc):
    if "path" in metafunc.fixturenames:
        every = metafunc.config.getoption("--all-notebooks")
        paths = [path for path in notebooks() if every or path.stem in OPENED_BY_ALL]
        metafunc.parametrize("path", paths, ids=lambda path: path.stem)


def as_run_here(path: Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    if path.stem not in OPENED_BY_ALL:
        notebook.cells = [cell for cell in notebook.cells if "long" not in tags(cell)]
    return notebook


@pytest.mark.timeout(2 * SECONDS)
def test_a_notebook_runs_and_reads_well(lab, page, photograph, path):
    lab.add(as_run_here(path), path.name)
    try:
        run_all(lab, page, path.name, SECONDS)
        for theme in themes(page):
            photograph(f"{path.stem}-{theme.lower()}", ".jp-WindowedPanel-viewport")
            check_views(page)
            check_access(page)
    finally:
        lab.tidy()
    assert page.watch.strangers() == []
    assert page.watch.complaints == []
