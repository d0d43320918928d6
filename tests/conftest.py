"""All tests run as on a learner's machine with the cable pulled: two cores, no network, nothing solved yet."""

import os
import runpy
import tempfile
from pathlib import Path

import pytest

from tools.comparing import TOLERANCE, with_forgiven
from tools.run_notebooks import ENVIRONMENT

OFFLINE = Path(__file__).parent / "offline"
SCRATCH = Path(tempfile.mkdtemp(prefix="bert_parts-tests-"))

os.environ.update(ENVIRONMENT)
# Waiting threads sleep: beside a kernel on two cores, spinning ones would take its time.
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


def compare_within_tolerance(item: pytest.Item):
    """Let nbval, which compares a cell's outputs, see numbers that are near enough as the committed ones."""
    tolerance, compare = item.cell.metadata.get(TOLERANCE), item.compare_outputs
    if tolerance:
        item.compare_outputs = lambda given, expected: compare(
            with_forgiven(given, expected, item.sanitize, tolerance), expected)


class AsShipped:
    """Every notebook has a kernel with an empty home, and may not reach for the network; numbers are compared as its cells say."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item):
        if is_notebook(item):
            os.environ["BERT_PARTS_HOME"] = str(SCRATCH / item.path.stem)
            os.environ["OFFLINE_NOTES"] = str(SCRATCH / f"{item.path.stem}.network")
            compare_within_tolerance(item)
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
