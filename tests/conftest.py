"""All tests run as on a learner's machine with the cable pulled: two cores, no network, nothing solved yet."""

import os
import runpy
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

from tools.comparing import TOLERANCE, with_forgiven
from tools.run_notebooks import ENVIRONMENT
from tools.widget_twins import WIDGET_VIEW, Watched, twin

OFFLINE = Path(__file__).parent / "offline"
SCRATCH = Path(tempfile.mkdtemp(prefix="bert_parts-tests-"))

os.environ.update(ENVIRONMENT)
# Waiting threads sleep: beside a kernel on two cores, spinning ones would take its time.
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(OFFLINE), os.environ.get("PYTHONPATH")]))
os.environ["BERT_PARTS_HOME"] = str(SCRATCH / "home")
runpy.run_path(str(OFFLINE / "sitecustomize.py"))

settings.register_profile("same", derandomize=True)     # a run tells of the change that it is for
settings.register_profile("search")     # other examples in every run: make test ARGS=--hypothesis-profile=search
settings.load_profile("same")


def pytest_configure(config):
    config.pluginmanager.register(AsShipped())     # not a conftest's own hooks: those do not see notebooks/


def pytest_unconfigure(config):
    import shutil

    shutil.rmtree(SCRATCH, ignore_errors=True)


def on_one_thread():
    """As in the process in which check tries an answer. Of small tensors two threads share every layer norm, which takes longer."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


one_thread = pytest.fixture(on_one_thread)
module_on_one_thread = pytest.fixture(on_one_thread, scope="module")     # for what a module's own fixtures work out, too


@pytest.fixture
def unhurried(monkeypatch):
    """A diagnosis takes as long as it needs on a slow machine, too: what it says is looked at, and not how soon."""
    from bert_parts.learn import bounded, checking, diagnosis, repair

    for module, name in ((checking, "LONGEST"), (checking, "SECONDS"), (bounded, "SECONDS"), (diagnosis, "LATEST"),
                         (diagnosis, "FOR_EDITS"), (diagnosis, "FOR_TWO"), (diagnosis, "FOR_MIRROR"), (diagnosis, "FOR_PLACE"),
                         (diagnosis, "FOR_VALUE"), (repair, "FOR_PROOF")):
        monkeypatch.setattr(module, name, 4 * getattr(module, name))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A folder with a small model, which no test changes, so that training takes no time."""
    import torch

    from bert_parts import BertConfig, BertModel, load_pretrained, save_pretrained

    folder = tmp_path_factory.mktemp("tiny")
    tokenizer = load_pretrained()[1]
    config = BertConfig(vocab_size=len(tokenizer.tokens), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                        intermediate_size=16, max_position_embeddings=160)
    torch.manual_seed(0)
    save_pretrained(BertModel(config), tokenizer, folder)
    return folder


def is_notebook(item: pytest.Item) -> bool:
    return item.path.suffix == ".ipynb"


def watch_widgets(item: pytest.Item):
    """Let nbval, which knows of no widgets, leave their messages to one who does."""
    notebook = item.parent
    if not hasattr(notebook, "widgets"):
        notebook.widgets, ask = Watched(), notebook.get_kernel_message

        def get_kernel_message(*arguments, **options):
            while notebook.widgets.takes(message := ask(*arguments, **options)):
                pass
            return message

        notebook.get_kernel_message = get_kernel_message


def compare_as_told(item: pytest.Item):
    """Let nbval, which compares a cell's outputs, see widgets' twins, and numbers that are near enough as the committed ones."""
    tolerance, compare = item.cell.metadata.get(TOLERANCE, {}), item.compare_outputs

    def compare_outputs(given, expected):
        for output in given:
            if WIDGET_VIEW in output.get("data", {}):
                output["data"] |= twin(output["data"][WIDGET_VIEW]["model_id"], item.parent.widgets.state)
        return compare(with_forgiven(given, expected, item.sanitize, tolerance) if tolerance else given, expected)

    item.compare_outputs = compare_outputs
    if find_spec(item.cell.metadata.get("needs", "torch")) is None:     # say, data from a package that some Pythons lack
        item.options["check"] = False


class AsShipped:
    """Every notebook has a kernel with an empty home, and may not reach for the network; numbers are compared as its cells say."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item):
        if is_notebook(item):
            os.environ["BERT_PARTS_HOME"] = str(SCRATCH / item.path.stem)
            os.environ["OFFLINE_NOTES"] = str(SCRATCH / f"{item.path.stem}.network")
            watch_widgets(item)
            compare_as_told(item)
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
