"""Run notebooks afresh and compare every output with the committed one, without nbval.

    python -m tools.replay             all of them
    python -m tools.replay 01 03       those whose names begin so

`make test` leaves this to nbval. What is here finds the same cells, as tests/test_replay.py proves with both, so that it can take
nbval's place. As with nbval outputs are compared kind by kind: what was printed may stand before or after what was displayed.
"""

import os
import re
import sys
import tempfile
import time
from collections import defaultdict
from difflib import unified_diff
from importlib.util import find_spec
from pathlib import Path

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from tools.comparing import IGNORED, TOLERANCE, with_forgiven
from tools.console import print_anything
from tools.notebook_rules import ROOT, code_cells, tags
from tools.run_notebooks import chosen, execute
from tools.widget_twins import WIDGET_VIEW, give_twins

OFFLINE = ROOT / "tests" / "offline"
PATTERNS = re.findall(r"^regex: (.*)\nreplace: (.*)$", (ROOT / "tests" / "sanitize.cfg").read_text(encoding="utf-8"), re.MULTILINE)
NOT_COMPARED = {"image/png", "image/jpeg", WIDGET_VIEW}     # a picture is compared by its alt text, a widget by its twin's


def faults(path: Path) -> dict[int, str]:
    """What is wrong with the code cells of a notebook that is run anew, by their numbers from 0; who is right is left out."""
    committed, notebook = (nbformat.read(path, as_version=4) for _ in range(2))
    for cell in code_cells(notebook):
        cell.outputs = []
    befallen = run(notebook)
    give_twins(notebook)
    found = {}
    for number, place in enumerate(place for place, cell in enumerate(notebook.cells) if cell.cell_type == "code"):
        if fault := befallen.get(place) or fault_of(notebook.cells[place], committed.cells[place].outputs):
            found[number] = fault
    return found


# ---------------------------------------------------------------- the run


def run(notebook: NotebookNode) -> dict[int, str]:
    """Run all cells, whichever of them fail, with an empty home and no network; what befell some of them, by their place."""
    befallen, begun = {}, []
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "network"

        def look_at_notes():
            if notes.exists():
                befallen[begun[-1]] = f"it reached for the network:\n{notes.read_text(encoding='utf-8')}"
                notes.unlink()

        def at_cell(place: int, pid: int):
            look_at_notes()
            begun.append(place)

        try:
            execute(notebook, Path(folder) / "home", without_network(notes), at_cell, go_on=True)
        except (CellTimeoutError, DeadKernelError) as error:
            befallen |= dict.fromkeys(range(begun[-1] + 1, len(notebook.cells)), "it was not run")
            befallen[begun[-1]] = f"the kernel was stopped at it: {error}"
        look_at_notes()
    return befallen


def without_network(notes: Path) -> dict[str, str]:
    """What tells a kernel to refuse the network, and to note in a file where it was asked for."""
    paths = [str(OFFLINE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths), "OFFLINE_NOTES": str(notes)}


# ---------------------------------------------------------------- the comparison


def fault_of(cell: NotebookNode, expected: list[NotebookNode]) -> str:
    """What is wrong with a cell that was run: nothing, if it is as its metadata allow."""
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if errors and "raises-exception" not in tags(cell):
        return f"it ended in {errors[0].ename}: {errors[0].evalue}"
    if IGNORED in tags(cell) or find_spec(cell.metadata.get("needs", "torch")) is None:
        return ""
    return difference(cell.outputs, expected, cell.metadata.get(TOLERANCE, {}))


def difference(given: list[NotebookNode], expected: list[NotebookNode], tolerance: dict[str, float]) -> str:
    """In what outputs differ from those that are expected; nothing if they do not."""
    given, expected = joined(given), joined(expected)
    if tolerance:
        given = with_forgiven(given, expected, sanitized, tolerance)
    ours, theirs = by_kind(given), by_kind(expected)
    for kind in sorted(ours.keys() | theirs.keys()):
        if ours[kind] != theirs[kind]:
            return f"its {kind} is not the committed one:\n{changes(theirs[kind], ours[kind])}"
    return ""


def joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """The pieces in which a stream came put together, since where it is cut is left to chance."""
    kept, streams = [], {}
    for output in outputs:
        if output.output_type != "stream":
            kept.append(output)
        elif output.name in streams:
            streams[output.name].text += output.text
        else:
            streams[output.name] = NotebookNode(output)
            kept.append(streams[output.name])
    return kept


def by_kind(outputs: list[NotebookNode]) -> dict[str, list]:
    """What outputs hold that is compared: the streams, the words of errors, what is shown by its MIME type."""
    found = defaultdict(list)
    for output in outputs:
        if output.output_type == "stream":
            held = {output.name: output.text}
        elif output.output_type == "error":
            held = {"ename": output.ename, "evalue": output.evalue}
        else:
            held = {kind: value for kind, value in output.data.items() if kind not in NOT_COMPARED}
        for kind, value in held.items():
            found[kind].append(sanitized(value) if isinstance(value, str) else value)
    return found


def sanitized(text: str) -> str:
    """A text without what may differ between two honest runs, as tests/sanitize.cfg says."""
    for pattern, replacement in PATTERNS:
        text = re.sub(pattern, replacement, text)
    return text


def changes(old: list, new: list) -> str:
    """The lines that are gone (-), and those that came (+)."""
    lines = unified_diff(*("\n".join(map(str, values)).splitlines() for values in (old, new)), n=0, lineterm="")
    return "\n".join(f"    {line[:300]}" for line in [*lines][2:] if not line.startswith("@@"))


def main(names: list[str]) -> int:
    print_anything()
    paths = chosen(names)
    if not paths:
        print(f"No notebook in notebooks/ begins with {' or '.join(names)}.")
    wrong = 0
    for path in paths:
        start = time.perf_counter()
        found = faults(path)
        print(f"{path.name:<32} {len(found)} of its code cells differ   {time.perf_counter() - start:.1f} s", flush=True)
        for number, fault in found.items():
            print(f"\n  Code cell {number}: {fault}", flush=True)
        wrong += len(found)
    return int(wrong > 0 or not paths)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
