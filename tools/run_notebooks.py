"""Run notebooks afresh, from top to bottom, and save them with their outputs, as they are committed.

    python tools/run_notebooks.py              all of them
    python tools/run_notebooks.py 01 07        those whose names begin so

First the stubs of the exercises, and the map, are written anew from the package: see tools/stubs.py.
A notebook that fails, warns, names a folder of this machine or grows too large is reported and not saved.
"""

import hashlib
import json
import os
import re
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets.config import Config

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bert_parts.files import whole_file  # noqa: E402
from tools.console import print_anything  # noqa: E402
from tools.notebook_rules import FOLDER, KERNELSPEC, notebooks, problems, source_of  # noqa: E402
from tools.widget_twins import give_twins, with_whole_streams  # noqa: E402

# What a notebook, and all together, may take on two cores: said in the table when it is more.
MINUTES, MINUTES_IN_ALL, GIGABYTES = 5, 25, 1.5
CELL_SECONDS = 900
# Two threads wherever it runs, since the order of a sum, and so its last digit, depends on their number; no moving bars.
ENVIRONMENT = {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2", "TQDM_DISABLE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
ENCRYPTED = Config({"KernelManager": {"transport_encryption": "auto"}})     # else each kernel warns that it is not
LANGUAGE = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python", "pygments_lexer": "ipython3"}
PASSING = ("execution", "ExecuteTime", "collapsed", "scrolled", "trusted", "lines_to_next_cell",
           "lines_to_end_of_cell_marker", "vscode", "pycharm", "jupytext", "colab")     # what editors and runs leave behind
BAR = re.compile(r"\d+%\||\d+(\.\d+)?\s*(it|s|B)/s|\[\d+:\d+(<|,)|^\s*$")


@dataclass
class Run:
    """One notebook's run: how long it took, and how much memory its kernel had at most."""

    path: Path
    seconds: float = 0.0
    peak: int = 0
    size: int = 0
    faults: list[str] = field(default_factory=list)


def held(process: psutil.Process) -> int:
    """What a process holds, in bytes. Of a page shared with others, as with one just forked, its part (on Linux)."""
    full = process.memory_full_info()
    return getattr(full, "pss", full.rss)


class Memory(threading.Thread):
    """Watches what a process and its children hold, in bytes."""

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self.process, self.peak, self.over = psutil.Process(pid), 0, threading.Event()

    def run(self):
        while not self.over.wait(0.2):
            self.look()

    def look(self):
        try:
            family = [self.process, *self.process.children(recursive=True)]
            self.peak = max(self.peak, sum(map(held, family)), self.high_water())
        except psutil.Error:     # one of them has just ended
            pass

    def high_water(self) -> int:
        """The kernel's own peak as Linux keeps it; what falls between two looks is in it."""
        status = Path(f"/proc/{self.process.pid}/status")
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8")) if status.exists() else None
        return int(found[1]) * 1024 if found else 0


class Client(NotebookClient):
    """Looks for a reply again each second.

    While nbclient waits for a reply it may send an output widget's state on the same channel. A reply that comes just
    then is not noticed until the time for the whole cell is up (seen in 6 of 100 cells with an output widget).
    """

    async def async_start_new_kernel_client(self):
        client = await super().async_start_new_kernel_client()
        get_message = client.shell_channel.get_msg

        async def get_message_in_time(timeout: float | None = None):
            deadline = time.monotonic() + (timeout or float("inf"))
            while True:
                left = deadline - time.monotonic()
                try:
                    return await get_message(timeout=max(0, min(1, left)))
                except Empty:
                    if left <= 1:
                        raise

        client.shell_channel.get_msg = get_message_in_time
        return client


def execute(notebook: nbformat.NotebookNode, home: str | Path, environment: dict[str, str] | None = None,
            at_cell=lambda number, pid: None, go_on: bool = False):
    """Run all cells in a fresh kernel, in the notebooks' folder.

    Args:
        notebook: gets the outputs.
        home: BERT_PARTS_HOME, where the kernel keeps the parts that pass their check.
        environment: what to add to the kernel's environment.
        at_cell: called with the cell's number and the kernel's process id before each code cell.
        go_on: whether the cells after one that failed are run, too.

    Raises:
        CellExecutionError: a cell failed, and is not tagged ``raises-exception``; not with `go_on`.
    """
    with tempfile.TemporaryDirectory() as profile:     # not the user's own IPython settings
        client = Client(
            notebook, kernel_name="python3", timeout=CELL_SECONDS, record_timing=False, allow_errors=go_on,
            resources={"metadata": {"path": str(FOLDER)}}, config=ENCRYPTED,
            on_cell_execute=lambda cell, cell_index: at_cell(cell_index, client.km.provisioner.pid),
        )
        client.execute(env=os.environ | ENVIRONMENT | {"BERT_PARTS_HOME": str(home), "IPYTHONDIR": profile}
                       | (environment or {}))


def tidy(notebook: nbformat.NotebookNode, name: str):
    """Take away what changes from run to run or from editor to editor, and give widgets their twins."""
    notebook.metadata.update(nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": LANGUAGE}))
    number = 0
    for holder in (notebook, *notebook.cells):
        for key in PASSING:
            holder.metadata.pop(key, None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = merged(cell.outputs)
            if cell.source.strip():
                number += 1
            cell.execution_count = number if cell.source.strip() else None
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = number
    give_twins(notebook)
    return with_stable_widgets(notebook, name)


def merged(outputs: list) -> list:
    """Neighbouring pieces of one stream joined, progress bars gone."""
    kept = [nbformat.from_dict(output) for output in with_whole_streams(outputs)]
    for output in kept:
        if output.get("name") == "stderr":
            lines = re.split(r"[\r\n]", output.text)
            output.text = "\n".join(line for line in lines if not BAR.search(line))
    return [output for output in kept if output.get("text") != ""]


def with_stable_widgets(notebook: nbformat.NotebookNode, name: str):
    """Widgets' random ids replaced by ones that are the same in each run."""
    ids = [key for bundle in notebook.metadata.get("widgets", {}).values() for key in bundle.get("state", {})]
    text = nbformat.writes(notebook)
    shown = [key for key in dict.fromkeys(re.findall(r"[0-9a-f]{32}", text)) if key in ids]
    for place, key in enumerate(shown):
        text = text.replace(key, hashlib.sha256(f"{name} {place}".encode()).hexdigest()[:32])
    return nbformat.reads(text, as_version=4)


def read(path: Path) -> nbformat.NotebookNode:
    """A notebook whose cells all have ids; one that has none gets one from its place and text."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    raw["nbformat"], raw["nbformat_minor"] = 4, 5
    seen = set()
    for place, cell in enumerate(raw["cells"]):
        if cell.get("id", "") in seen | {""}:
            cell["id"] = hashlib.sha256(f"{place} {source_of(cell)}".encode()).hexdigest()[:8]
        seen.add(cell["id"])
    return nbformat.from_dict(nbformat.reads(json.dumps(raw), as_version=4))


def renew(path: Path) -> Run:
    """Run one notebook and, if nothing is wrong with it, save it."""
    run, notebook, memory = Run(path), read(path), None
    total, start = len(notebook.cells), time.perf_counter()

    def at_cell(number: int, pid: int):
        nonlocal memory
        if memory is None:
            memory = Memory(pid)
            memory.start()
        memory.look()
        if sys.stdout.isatty():
            print(f"\r{path.name}: cell {number + 1} of {total}, {time.perf_counter() - start:.0f} s  ", end="", flush=True)

    try:
        with tempfile.TemporaryDirectory() as home:
            execute(notebook, home, at_cell=at_cell)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        run.faults.append(re.sub(r"\x1b\[[0-9;]*m", "", str(error)))
    run.seconds = time.perf_counter() - start
    if memory:
        memory.over.set()
        run.peak = memory.peak
    if not run.faults:
        notebook = tidy(notebook, path.stem)
        text = nbformat.writes(notebook).rstrip("\n") + "\n"
        run.size = len(text.encode())
        run.faults = problems(notebook, run.size)
    if not run.faults:
        with whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
    return run


def row(run: Run, minutes: float = MINUTES) -> str:
    remarks = [f"{len(run.faults)} fault{'s' * (len(run.faults) > 1)}, not saved"] if run.faults else []
    remarks += [f"over {minutes} minutes"] if run.seconds > minutes * 60 else []
    remarks += [f"over {GIGABYTES} GB"] if run.peak > GIGABYTES * 1e9 else []
    return (f"{run.path.name:<32} {run.seconds:7.1f} s {run.peak / 1e6:7.0f} MB {run.size / 1e3:7.0f} kB  "
            + "; ".join(remarks)).rstrip()


def chosen(names: list[str]) -> list[Path]:
    """The notebooks whose names begin so; all of them if no name is given."""
    return [path for path in notebooks() if not names or any(path.name.startswith(Path(name).name) for name in names)]


def main(names: list[str]) -> int:
    print_anything()
    paths = chosen(names)
    if not paths:
        print(f"No notebook in notebooks/ begins with {' or '.join(names) or 'anything: there is none'}.")
        return 1
    # Only here, since it loads every lesson, and conftest.py takes this file before it has set up where the tests run.
    from tools.stubs import main as write_stubs

    write_stubs([])
    runs = []
    for path in paths:
        print(f"{path.name} …", flush=True)
        runs.append(renew(path))
        for fault in runs[-1].faults:
            print(f"\n  {path.name}: {fault}", flush=True)
    total = Run(Path("all"), sum(run.seconds for run in runs), max(run.peak for run in runs), sum(run.size for run in runs))
    print(f"\n{'notebook':<32} {'time':>9} {'peak memory':>10} {'size':>9}")
    print("\n".join([*(row(run) for run in runs), row(total, MINUTES_IN_ALL)]))
    return int(any(run.faults for run in runs))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
