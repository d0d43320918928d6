"""All tests run as on a learner's machine with the cable pulled: two cores, no network, nothing solved yet."""

import os
import runpy
import tempfile
from pathlib import Path

import pytest

from tools.run_notebooks import ENVIRONMENT

OFFLINE = Path(__file__).parent / "offline"
SCRATCH = Path(tempfile.mkdtemp(prefix="bert_parts-tests-"))

os.environ.update(ENVIRONMENT)
# Waiting threads sleep: with two notebooks side by side on two cores, spinning ones would take more than half of the time.
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(OFFLINE), os.environ.get("PYTHONPATH")]))
os.environ["BERT_PARTS_HOME"] = str(SCRATCH / "home")
runpy.run_path(str(OFFLINE / "sitecustomize.py"))


def pytest_configure(config):
    config.pluginmanager.register(AsShipped())     # not a conftest's own hooks: those do not see notebooks/


def pytest_unconfigure(config):
    import shutil

    shutil.rmtree(SCRATCH, ignore_errors=True)


def is_notebook(item: pytest.Item) -> bool:
    return item.path.suffix == ".ipynb"


class AsShipped:
    """Every notebook has a kernel with an empty home, and may not reach for the network."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items):
        """The notebooks come first, since they take longest; the cells of one, and the tests of one file, go together."""
        for item in items:
            solved = getattr(item, "originalname", "") == "test_solved"
            item.add_marker(pytest.mark.xdist_group(item.name if solved else str(item.path)))
        items.sort(key=lambda item: not (is_notebook(item) or item.get_closest_marker("xdist_group").args[0] == item.name))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item):
        if is_notebook(item):
            os.environ["BERT_PARTS_HOME"] = str(SCRATCH / item.path.stem)
            os.environ["OFFLINE_NOTES"] = str(SCRATCH / f"{item.path.stem}.network")
        else:
            os.environ["BERT_PARTS_HOME"] = str(SCRATCH / "home")
            os.environ.pop("OFFLINE_NOTES", None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        outcome = yield
        if is_notebook(item):
            notes = Path(os.environ["OFFLINE_NOTES"])
            if notes.exists():
                text = notes.read_text(encoding="utf-8")
                notes.unlink()
                pytest.fail(f"This cell reached for the network:\n{text}")
        return outcome
