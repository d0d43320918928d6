"""The project's own comparison of notebooks finds what nbval finds, cell by cell: so it could take nbval's place."""

import base64
import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbval.plugin import IPyNbFile, coalesce_streams, comment_markers, get_sanitize_patterns, metadata_tags

from tools import replay, run_notebooks
from tools.comparing import IGNORED, NUMBER, TOLERANCE, numbers
from tools.notebook_rules import FOLDER, ROOT, code_cells, notebooks, source_of, tags
from tools.run_notebooks import execute, tidy
from tools.widget_twins import WIDGET_VIEW

SHIPPED = ["01_attention", "03_tokenizer"]     # of 00, 01, 03, 04, 05 and 06 those with the least work; the first is run again


@dataclass
class Case:
    """A cell that is committed with the outputs of one code, and then has another."""

    name: str
    then: str
    now: str
    noticed: bool
    metadata: dict = field(default_factory=dict)


def shown(**data) -> str:
    """Code that displays some data, their kinds written with _ for /."""
    return f"display({ {kind.replace('_', '/'): held for kind, held in data.items()} }, raw=True)"


def slider(value: int, words: str) -> str:
    """Code that shows a widget, and prints some words into another that catches them."""
    return (f"import ipywidgets as w\nout = w.Output()\ndisplay(w.VBox([w.IntSlider(description='size', value={value}), out]))\n"
            f"with out:\n    print({words!r})")


def anew(last: str) -> str:
    return f"handle = display('begun', display_id=True)\nhandle.update({last!r})"


PIXELS = [base64.b64encode(b"\x89PNG" + kind).decode() for kind in (b" of a machine", b" of another")]
IMAGES = [f'<img alt="a line" src="data:image/png;base64,{pixels}">' for pixels in PIXELS]
ASK = "import socket\ntry:\n    socket.create_connection(('192.0.2.1', 9), timeout=0.1)\nexcept OSError:\n    pass"
FAILING, UNCOMPARED, NEAR = {"tags": ["raises-exception"]}, {"tags": [IGNORED]}, {TOLERANCE: {"absolute": 0.1, "relative": 0.01}}

CASES = [
    Case("nothing", "print('loss 3.2'); 'a result'", "print('loss 3.2'); 'a result'", False),
    Case("a number", "print('loss 3.2')", "print('loss 3.3')", True),
    Case("a word", "print('loss 3.2')", "print('gain 3.2')", True),
    Case("a result", "[1, 2]", "[1, 3]", True),
    Case("a space", "print('loss 3.2')", "print('loss  3.2')", True),
    Case("no output", "print('loss 3.2')", "pass", True),
    Case("an output too many", "pass", "print('loss 3.2')", True),
    Case("one output of two", "display('one', 'two')", "display('one')", True),
    Case("the order of two outputs", "display('one', 'two')", "display('two', 'one')", True),
    Case("the order of what is printed and displayed", "print('one'); display('two')", "display('two'); print('one')", False),
    Case("a stream that comes in two pieces", "print('one\\ntwo')", "print('one', flush=True); print('two')", False),
    Case("a stream cut elsewhere", "print('one'); display(3); print('two')", "print('one\\ntwo'); display(3)", False),
    Case("a stream split into two", "print('one\\ntwo')", "import sys; print('one'); print('two', file=sys.stderr)", True),
    Case("a number within its tolerance", "print('loss 3.2 of 9')", "print('loss 3.3 of 9')", False, NEAR),
    Case("a number beyond its tolerance", "print('loss 3.2 of 9')", "print('loss 3.4 of 9')", True, NEAR),
    Case("a word beside a tolerance", "print('loss 3.2 of 9')", "print('gain 3.2 of 9')", True, NEAR),
    Case("what is displayed, within its tolerance", shown(text_plain="3.2"), shown(text_plain="3.25"), False, NEAR),
    Case("an output too many beside a tolerance", "print(3.2)", "print(3.25); display(1)", True, NEAR),
    Case("an error's number within its tolerance", "raise ValueError('3.2')", "raise ValueError('3.25')", False, FAILING | NEAR),
    Case("a measured time", "print('took 3.2 s, 5 texts per second')", "print('took 4 s, 900 texts per second')", False),
    Case("a measured time beside a tolerance", "print('3.2 in 3 s')", "print('3.25 in 4 s')", False, NEAR),
    Case("a place in memory", "print('at 0x7f0011223344')", "print('at 0x7f0055667788')", False),
    Case("pixels", shown(image_png=PIXELS[0], text_plain="a line"), shown(image_png=PIXELS[1], text_plain="a line"), False),
    Case("pixels in a page", shown(text_html=IMAGES[0]), shown(text_html=IMAGES[1]), False),
    Case("a picture's words", shown(text_html=IMAGES[0]), shown(text_html=IMAGES[0].replace("line", "dot")), True),
    Case("a page", shown(text_html="<b>one</b>", text_plain="one"), shown(text_html="<i>one</i>", text_plain="one"), True),
    Case("a kind too few", shown(text_html="<b>one</b>", text_plain="one"), shown(text_plain="one"), True),
    Case("data that are no text", shown(application_json=[1, 2]), shown(application_json=[1, 3]), True),
    Case("what is not compared", "print('loss 3.2')", "print('gain 4'); display(1)", False, UNCOMPARED),
    Case("what is not compared, but fails", "print('loss 3.2')", "print('loss 3.2'); 1 / 0", True, UNCOMPARED),
    Case("what needs a package that is not there", "print(1)", "print(2)", False, {"needs": "no_such_package"}),
    Case("what needs a package that is there", "print(1)", "print(2)", True, {"needs": "json"}),
    Case("an error that is not intended", "pass", "1 / 0", True),
    Case("an intended error", "int('one')", "int('one')", False, FAILING),
    Case("an intended error with another message", "int('one')", "int('two')", True, FAILING),
    Case("another error than the intended one", "int('one')", "1 / 0", True, FAILING),
    Case("an intended error that stays away", "int('one')", "int('1')", True, FAILING),
    Case("a widget", slider(3, "three"), slider(3, "three"), False),
    Case("a widget's value", slider(3, "three"), slider(4, "three"), True),
    Case("what a widget has caught", slider(3, "three"), slider(3, "four"), True),
    Case("what is displayed anew", anew("done"), "display('done')", False),
    Case("what is displayed anew, otherwise", anew("done"), anew("undone"), True),
    Case("the network", "pass", ASK, True),
]


def of_cases(home: Path) -> nbformat.NotebookNode:
    """Of all cases a notebook, which is committed with the outputs of what its cells were then."""
    cells = [new_code_cell(case.then, id=f"case{number}", metadata=case.metadata) for number, case in enumerate(CASES)]
    notebook = new_notebook(cells=[new_markdown_cell("# Cases", id="title"), *cells])
    execute(notebook, home)
    notebook = tidy(notebook, "cases")
    for cell, case in zip(code_cells(notebook), CASES, strict=True):
        cell.source = case.now
    return notebook


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    nbformat.write(of_cases(folder / "home"), folder / "cases.ipynb")
    return folder / "cases.ipynb"


def found_by_nbval(path: Path) -> list[bool]:
    """Of each cell of a notebook, run as `make test` runs it, whether nbval finds it wrong."""
    report = path.with_suffix(".xml")
    options = "--nbval --nbval-current-env --nbval-sanitize-with tests/sanitize.cfg --nbval-cell-timeout 900".split()
    assert " ".join(options) in (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n\t\t", "")
    where = ["-p", "tests.conftest", "-c", "pyproject.toml", "--rootdir", str(path.parent), "--junitxml", str(report), str(path)]
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    words = [sys.executable, "-m", "pytest", *options, *where]
    ended = subprocess.run(words, cwd=ROOT, env=outside, capture_output=True, text=True)
    assert report.exists(), ended.stdout + ended.stderr
    cells = list(ElementTree.parse(report).iter("testcase"))
    assert [cell.get("name") for cell in cells] == [f"Cell {number}" for number in range(len(cells))]
    return [any(each.tag in ("failure", "error") for each in cell) for cell in cells]


def test_both_find_the_planted_differences(planted):
    ours, theirs = replay.faults(planted), found_by_nbval(planted)
    assert {case.name: number in ours for number, case in enumerate(CASES)} == {case.name: case.noticed for case in CASES}
    assert dict(zip([case.name for case in CASES], theirs, strict=True)) == {case.name: case.noticed for case in CASES}


def test_a_notebook_of_the_course_is_found_right():
    """As `make test` has nbval find it, in a run of its own."""
    assert replay.faults(FOLDER / f"{SHIPPED[0]}.ipynb") == {}


# ── changes of what is committed ─────────────────────────────────────────────────────────────────────────────────────


def texts_of(cell: dict) -> list[tuple[dict, str]]:
    """Where a cell's outputs have plain text, as (what holds it, its key)."""
    return [(output, "text") if "text" in output else (output["data"], "text/plain")
            for output in cell.outputs if "text" in output or "text/plain" in output.get("data", {})]


def change(cell: dict, pattern: re.Pattern, anew: Callable[[str], str]) -> bool:
    """Change the first place in a cell's outputs which a pattern fits and which is compared; whether there is one."""
    for held, key in texts_of(cell):
        for found in pattern.finditer(held[key]):
            changed = held[key][:found.start()] + anew(found[0]) + held[key][found.end():]
            if replay.sanitized(changed) != replay.sanitized(held[key]):
                held[key] = changed
                return True
    return False


def change_a_number(cell: dict) -> bool:
    return not cell.metadata.get(TOLERANCE) and change(cell, NUMBER, lambda number: f"{numbers(number)[0] + 1:g}")


def change_within(cell: dict, share: float = 0.9) -> bool:
    """By a share of what its tolerance allows."""
    allowed = {"absolute": 0, "relative": 0, **cell.metadata.get(TOLERANCE, {})}

    def moved(number: str) -> str:
        value = numbers(number)[0]
        return f"{value + share * (allowed['absolute'] + allowed['relative'] * abs(value)):.9f}"

    return TOLERANCE in cell.metadata and change(cell, NUMBER, moved)


def change_beyond(cell: dict) -> bool:
    return change_within(cell, 1.1)


def change_a_word(cell: dict) -> bool:
    return change(cell, re.compile(r"\b[a-z]{4,}\b"), lambda word: word + "s")


def drop_an_output(cell: dict) -> bool:
    return bool(texts_of(cell)) and bool(cell.outputs.pop(0))


def add_an_output(cell: dict) -> bool:
    cell.outputs.append(new_output("stream", name="stdout", text="and more\n"))
    return True


def cut_a_stream(cell: dict) -> bool:
    """Its only one, into two pieces."""
    streams = [output for output in cell.outputs if output.output_type == "stream"]
    if len(streams) != 1 or streams[0].text.count("\n") < 2:
        return False
    first, rest = streams[0].text.split("\n", 1)
    streams[0].text = first + "\n"
    cell.outputs.append(new_output("stream", name=streams[0].name, text=rest))
    return True


def change_pixels(cell: dict) -> bool:
    pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
    for picture in pictures:
        picture.data["image/png"] = PIXELS[0]
    return bool(pictures)


CHANGES = {     # whether they are to be noticed; first those for which few cells are fit
    change_within: False, change_beyond: True, change_pixels: False, cut_a_stream: False,
    change_a_number: True, change_a_word: True, drop_an_output: True, add_an_output: True,
}


def nbvals_cells(path: Path, request) -> list:
    """The cells of a notebook as nbval's tests, which compare as conftest.py tells them."""
    notebook = IPyNbFile.from_parent(request.session, path=path)
    notebook.sanitize_patterns.update(get_sanitize_patterns((ROOT / "tests" / "sanitize.cfg").read_text(encoding="utf-8")))
    conftest = request.config.pluginmanager.get_plugin(str(ROOT / "tests" / "conftest.py"))
    tests = list(notebook.collect())
    for test in tests:
        conftest.compare_as_told(test)
    return tests


def without_views(outputs: list) -> list:
    """A copy, in pieces of streams put together, as nbval gets it; of widgets without what only a viewer with a kernel can show."""
    outputs = coalesce_streams(copy.deepcopy(outputs))
    for output in outputs:
        output.get("data", {}).pop(WIDGET_VIEW, None)
    return outputs


def test_both_notice_the_same_changes(request):
    """Each cell's outputs are given as they are committed, and compared with these, and with these
    after a change, in turn another."""
    made = dict.fromkeys(CHANGES, 0)
    for test in (test for name in SHIPPED for test in nbvals_cells(FOLDER / f"{name}.ipynb", request)):
        given, changed = (copy.deepcopy(test.cell) for _ in range(2))
        assert not replay.fault_of(given, test.cell.outputs)
        assert test.compare_outputs(without_views(given.outputs), without_views(test.cell.outputs))
        if given.outputs:
            make = next(make for make in sorted(CHANGES, key=made.get) if make(changed))
            assert bool(replay.fault_of(given, changed.outputs)) == CHANGES[make], (make, test)
            assert test.compare_outputs(without_views(given.outputs), without_views(changed.outputs)) != CHANGES[make], (make, test)
            made[make] += 1
    assert all(made.values())


def test_the_notebooks_ask_nbval_for_nothing_else():
    """Of what nbval does at a tag or a comment, the course uses only what the comparison does, too."""
    for path in notebooks():
        for cell in code_cells(json.loads(path.read_text(encoding="utf-8"))):
            assert set(tags(cell)) & metadata_tags.keys() <= {IGNORED, "raises-exception"}
            assert not [marker for marker in comment_markers if marker in source_of(cell)]


# ── the comparison alone ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code, said", [
    ("import time; time.sleep(60)", "the kernel was stopped at it: A cell timed out"),
    ("import os; os._exit(1)", "the kernel was stopped at it: Kernel died"),
])
def test_where_a_kernel_hangs_or_dies_is_told(code, said, tmp_path, monkeypatch):
    monkeypatch.setattr(run_notebooks, "CELL_SECONDS", 2)
    cells = [new_code_cell(source, id=f"cell{number}") for number, source in enumerate(["pass", code, "pass"])]
    nbformat.write(new_notebook(cells=cells), tmp_path / "stops.ipynb")
    found = replay.faults(tmp_path / "stops.ipynb")
    assert list(found) == [1, 2] and found[1].startswith(said) and found[2] == "it was not run"


def test_what_is_wrong_is_printed(monkeypatch, capsys):
    monkeypatch.setattr(replay, "faults", lambda path: {4: "its stdout is not the committed one"} if "03" in path.stem else {})
    assert replay.main(["00"]) == 0 and replay.main(["no such"]) == 1
    assert re.fullmatch(r"00_start_here\.ipynb +0 of its code cells differ .*\nNo notebook .* begins with no such\.\n",
                        capsys.readouterr().out)
    assert replay.main(["00", "03"]) == 1
    assert re.fullmatch(r"00_start_here\.ipynb +0 .*\n03_tokenizer\.ipynb +1 .*\n\n  Code cell 4: its stdout is .*\n",
                        capsys.readouterr().out)


def test_lines_that_are_gone_and_that_came_are_told():
    old, new = ([new_output("stream", name="stdout", text=f"one\n{word}\nthree\n")] for word in ("two", "2"))
    assert replay.difference(new, old, {}) == "its stdout is not the committed one:\n    -two\n    +2"
