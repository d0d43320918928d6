"""The command `bert-parts`, out of the wheel alone: what its JupyterLab looks like at first, and what is kept after a restart.

The wheel's files are unpacked, and this Python runs them; or, with --learner, a Python in which it is installed: `make test-wheel`.
"""

import functools
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .looking import RAN, cell, serious_faults
from .serving import COMMAND, ROOT, course, environment, wear

expect.set_options(timeout=60_000)     # the machine may be busy
LESSON = "01_attention.ipynb"
SOLUTION = """\
def attention_weights(query, key, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.softmax(dim=-1)
"""


@pytest.fixture(scope="module")
def learner(request) -> str | None:
    """A Python in which the wheel is installed, if one was named."""
    named = request.config.getoption("--learner")
    return named and str(Path(named).absolute())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A folder into which the wheel is unpacked, as an installer does it."""
    built = tmp_path_factory.mktemp("wheel")
    code = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(built)], cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(built.glob("*.whl"))) as packed:
        packed.extractall(built / "installed")
    return built / "installed"


@pytest.fixture
def outside(request, learner, tmp_path):
    """How the command is run: from an empty folder, with an empty home, and nothing of this clone."""
    (home := tmp_path / "Zoë's home").mkdir()
    path = "" if learner else str(request.getfixturevalue("wheel"))
    surroundings = environment(tmp_path) | {"HOME": str(home), "USERPROFILE": str(home), "PYTHONPATH": path}
    surroundings.pop("BERT_PARTS_HOME")
    return {"cwd": home, "env": surroundings}


@pytest.fixture
def served(learner, outside):
    """A function that serves the course."""
    return functools.partial(course, learner or sys.executable, **outside)


def run(page: Page, words: str):
    cell(page, words).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    expect(cell(page, words).locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]"))


def test_what_is_solved_is_there_after_a_restart(learner, outside, served, page):
    mine = outside["cwd"] / "bert-parts"
    with served() as first:
        page.goto(first)
        expect(page.locator(".jp-Notebook h1").first).to_be_visible()     # notebook 00
        page.goto(first.replace("lab/tree", "doc/tree").replace("00_start_here.ipynb", LESSON))
        expect(page.get_by_text("| Idle")).to_be_visible()
        run(page, "load_pretrained")
        cell(page, "def attention_weights").locator(".cm-content").fill(SOLUTION)
        run(page, "def attention_weights")
        run(page, "check(attention_weights)")
        expect(cell(page, "check(attention_weights)").locator(".jp-OutputArea")).to_contain_text("right")
        page.keyboard.press("Control+s")
        expect(page.get_by_text("Saving completed")).to_be_visible()
    assert "masked_fill" in (mine / "my_parts" / "attention_weights.py").read_text()
    with served() as second:
        page.goto(second.replace("lab/tree", "doc/tree").replace("00_start_here.ipynb", LESSON))
        expect(cell(page, "def attention_weights").locator(".cm-content")).to_contain_text("masked_fill")
    told = subprocess.run([learner or sys.executable, "-c", COMMAND, "progress"], **outside, capture_output=True, text=True)
    assert told.stdout.startswith("1 of ") and "✓ attention_weights" in told.stdout
    assert page.watch.strangers() == []


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_its_first_minute_is_quiet(outside, served, page, photograph, theme):
    """No news, the table of contents, and no mark of a change before there is one; a user's own settings count."""
    wear(Path(outside["env"]["JUPYTER_CONFIG_DIR"]), theme)
    with served() as address:
        page.goto(address)
        expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "true" if theme == "Light" else "false")
        expect(page.get_by_text("| Idle")).to_be_visible()     # the kernel has said which Python it is
        expect(page.locator(".jp-TableOfContents").get_by_text("How an exercise works")).to_be_visible()
        expect(page.locator(".Toastify__toast")).to_have_count(0)
        changed = page.locator("#jp-main-dock-panel .jp-mod-dirty")
        page.wait_for_timeout(1000)
        expect(changed).to_have_count(0)
        expect(page.locator(".jp-MarkdownOutput :is(p, td) a").first).to_have_css("text-decoration-line", "underline")
        assert serious_faults(page, {"include": [[".jp-MarkdownOutput"]]}) == []
        photograph(f"lab-{theme.lower()}")
        cell(page, "def mean_pooling").locator(".cm-content").click()
        page.keyboard.type("#")
        expect(changed).not_to_have_count(0)     # its tab, and its panel
    assert page.watch.strangers() == []


def test_on_a_telephone_the_notebook_has_the_room(served, page):
    page.set_viewport_size({"width": 390, "height": 800})
    with served() as address:
        page.goto(address)
        expect(page.locator(".jp-Notebook h1").first).to_be_visible()
        expect(page.locator("#jp-left-stack")).to_be_hidden()
        assert page.locator(".jp-MarkdownOutput p").first.bounding_box()["width"] > 200


def test_run_all_stays_where_one_is(served, page):
    with served() as address:
        page.goto(address)
        expect(page.get_by_text("| Idle")).to_be_visible()
        here = cell(page, "def mean_pooling")
        here.locator(".cm-content").click()
        before = here.bounding_box()["y"]
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.wait_for_function(RAN, timeout=300_000, polling=200)
        expect(here).to_have_class(re.compile("jp-mod-active"))
        assert abs(here.bounding_box()["y"] - before) < 100
